// What runs and how far, or what went wrong.

import { emit } from "./state.js";

/** @import { StatusPart } from "./payloads.js" */

/** @param {StatusPart} part */
export function mount({ element, props, given, watch }) {
  const line = element.querySelector(".px-status");
  function draw() {
    const { text = "", done = 0, total = 0, error = false, busy = false } = props.value ?? {};
    if (given.event) emit(/** @type {any} */ (given.event), { text, done, total, error, busy });
    line.replaceChildren();
    line.classList.toggle("px-error", error);
    line.setAttribute("role", error ? "alert" : "status");
    if (text) line.append(Object.assign(document.createElement("span"), { textContent: text }));
    if (busy) {
      const bar = Object.assign(document.createElement("div"), { className: "px-progress" });
      bar.setAttribute("role", "progressbar");
      bar.setAttribute("aria-label", "Progress");
      bar.setAttribute("aria-valuemax", String(total || 1));
      if (total) bar.setAttribute("aria-valuenow", String(done));
      const part = document.createElement("span");
      part.style.width = `${total ? (100 * done) / total : 0}%`;
      bar.append(part);
      line.append(bar);
    }
  }
  watch("value", draw);
  draw();
}
