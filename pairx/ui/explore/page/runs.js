// The runs as a list: choose one to open it, continue an unfinished one.

import { make } from "../../page/dom.js";
import { follow, on } from "../../page/state.js";
import { runs } from "./runwatch.js";
import { selection } from "./selection.js";

/** @import { RunEntry, RunListPart } from "../../page/payloads.js" */

/** @param {RunListPart} part */
export function mount({ element }) {
  /** @type {HTMLElement} */
  const list = element.querySelector(".px-runs");
  let drawn = "";

  /** @param {RunEntry[]} known */
  function draw(known) {
    if (JSON.stringify(known) === drawn) return; // redrawing would take the focus
    drawn = JSON.stringify(known);
    list.replaceChildren();
    for (const run of known) {
      const item = make("div", "px-run", list);
      const node = make("button", "px-run-open", item);
      node.type = "button";
      node.disabled = !run.finished;
      node.dataset.name = run.name;
      make("strong", "", node, run.name);
      make("span", "px-hint", node, run.hint);
      node.addEventListener("click", () => open(run.name));
      if (run.resumable) act(item, "Continue", () => runs.resume(run.name));
    }
    mark();
  }

  function mark() {
    for (const node of /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll(".px-run-open")))
      node.setAttribute("aria-pressed", String(node.dataset.name === selection.scene?.run));
  }

  /** @param {string} name */
  function open(name) {
    const sheet = /** @type {HTMLElement} */ (list.closest(".px-sheet"));
    if (sheet.matches(":popover-open")) sheet.hidePopover();
    runs.open(name);
  }

  function act(parent, text, run) {
    const node = make("button", "px-run-act", parent, text);
    node.type = "button";
    node.addEventListener("click", run);
  }

  follow("runs", (value) => draw(value.runs));
  on("rows", mark);
}
