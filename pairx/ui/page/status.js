// What runs and how far, or what went wrong.

import { make } from "./dom.js";
import { emit } from "./state.js";

/** @import { StatusPart, StatusValue } from "./payloads.js" */

/** Says it in a node.
 * @param {HTMLElement} line
 * @param {StatusValue} status */
export function statusLine(line, { text = "", done = 0, total = 0, error = false, busy = false }) {
  line.replaceChildren();
  line.classList.toggle("px-error", error);
  line.setAttribute("role", error ? "alert" : "status");
  if (text) make("span", "", line, text);
  if (!busy) return;
  const bar = make("div", "px-progress", line);
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-label", "Progress");
  bar.setAttribute("aria-valuemax", String(total || 1));
  if (total) bar.setAttribute("aria-valuenow", String(done));
  make("span", "", bar).style.width = `${total ? (100 * done) / total : 0}%`;
}

/** @param {StatusPart} part */
export function mount({ element, props, given, watch }) {
  /** @type {HTMLElement} */
  const line = element.querySelector(".px-status");
  function draw() {
    const { text = "", done = 0, total = 0, error = false, busy = false } = props.value ?? {};
    if (given.event) emit(/** @type {any} */ (given.event), { text, done, total, error, busy });
    statusLine(line, props.value ?? {});
  }
  watch("value", draw);
  draw();
}
