// The runs as a list: choose one to open it, continue an unfinished one. One that this page started opens itself when it is
// finished, unless the person looks at something else by then.

import { button, make } from "../../page/dom.js";
import { selection } from "./selection.js";

/** @import { RunListPart, RunListValue } from "../../page/payloads.js" */

/** What was on show when a run was started here; "" where none is awaited. */
let awaited = "";
const onShow = () => JSON.stringify([selection.scene?.key, selection.view, selection.selected, selection.chosen]);

/** A run was started from this page. */
export function awaitRun() {
  awaited = onShow();
}

/** @param {RunListPart} part */
export function mount({ element, props, given, trigger, watch }) {
  /** @type {HTMLElement} */
  const list = element.querySelector(".px-runs");
  const page = list.closest(".px-exploring");
  /** @type {HTMLElement | null} */
  let told = null;
  let drawn = "";
  function draw() {
    if (JSON.stringify(props.value) === drawn) return; // redrawing would take the focus
    drawn = JSON.stringify(props.value);
    const { runs = [], open = null, running, finished } = props.value ?? /** @type {Partial<RunListValue>} */ ({});
    list.replaceChildren();
    for (const run of runs) {
      const item = make("div", "px-run", list);
      const node = make("button", "px-run-open", item);
      node.type = "button";
      node.disabled = !run.finished;
      node.setAttribute("aria-pressed", String(run.name === open));
      make("strong", "", node, run.name);
      make("span", "px-hint", node, run.hint);
      node.addEventListener("click", () => show(run.name));
      if (run.resumable) act(item, "Continue", () => trigger("resume", { name: run.name }));
    }
    if (running) mark("on");
    else if (finished && awaited) ended(finished);
    else unmark("on");
  }

  /** @param {string} name */
  function show(name) {
    told?.remove();
    const sheet = /** @type {HTMLElement} */ (list.closest(".px-sheet"));
    if (sheet?.matches(":popover-open")) sheet.hidePopover();
    trigger("open", { name });
  }

  /** @param {string} name of the run that was awaited */
  function ended(name) {
    const same = awaited === onShow();
    if (page.checkVisibility()) unmark("on");
    else mark("over");
    awaited = "";
    if (same) show(name);
    else tell(name);
  }

  /** @param {string} name */
  function tell(name) {
    told?.remove();
    told = make("div", "px-viewer px-run-told", document.body);
    told.setAttribute("role", "status");
    make("span", "", told, `${name} is finished.`);
    button(told, "Open it", "Open it: its pairs instead of those on show", () => show(name));
    button(told, "Later", "Later: it is in the list of runs", () => told.remove());
  }

  // On the tab's label, so that it is seen from the others.
  function tabLabel() {
    const tabs = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".tab-container [role=tab]")]);
    return tabs.find((tab) => tab.textContent.trim() === given.tab);
  }

  /** @param {"on" | "over"} state of the run */
  function mark(state) {
    const label = tabLabel();
    if (label) label.dataset.run = state;
  }

  /** @param {"on" | "over"} state */
  function unmark(state) {
    const label = tabLabel();
    if (label?.dataset.run === state) delete label.dataset.run;
  }

  function act(parent, text, run) {
    const node = make("button", "px-run-act", parent, text);
    node.type = "button";
    node.addEventListener("click", run);
  }

  watch("value", draw);
  new ResizeObserver(() => page.clientWidth && unmark("over")).observe(page);
  draw();
}
