// The runs as a list: choose one to open it, continue an unfinished one.

import { make } from "../../page/dom.js";

/** @import { RunListPart, RunListValue } from "../../page/payloads.js" */

/** @param {RunListPart} part */
export function mount({ element, props, trigger, watch }) {
  const list = element.querySelector(".px-runs");
  let drawn = "";
  function draw() {
    if (JSON.stringify(props.value) === drawn) return; // redrawing would take the focus
    drawn = JSON.stringify(props.value);
    const { runs = [], open = null } = props.value ?? /** @type {Partial<RunListValue>} */ ({});
    list.replaceChildren();
    for (const run of runs) {
      const item = make("div", "px-run", list);
      const node = make("button", "px-run-open", item);
      node.type = "button";
      node.disabled = !run.finished;
      node.setAttribute("aria-pressed", String(run.name === open));
      make("strong", "", node, run.name);
      make("span", "px-hint", node, run.hint);
      node.addEventListener("click", () => trigger("open", { name: run.name }));
      if (run.resumable) act(item, "Continue", () => trigger("resume", { name: run.name }));
    }
  }

  function act(parent, text, run) {
    const node = make("button", "px-run-act", parent, text);
    node.type = "button";
    node.addEventListener("click", run);
  }

  watch("value", draw);
  draw();
}
