// What the page knows of the runs: asked for every second while one is under way, shown on the tab's label, told on the
// bus as "runs". A run that this page started opens itself when it is finished, unless the person looks at something else
// by then.

import { button, make } from "../../page/dom.js";
import { emit } from "../../page/state.js";
import { selection } from "./selection.js";

/** @import { RunWatchPart } from "../../page/payloads.js" */

const EVERY = 1000; // ms

/** What a person can do with the runs.
 * @type {{open: (name: string) => void, resume: (name: string) => void, halt: () => void}} */
export const runs = { open() {}, resume() {}, halt() {} };

const onShow = () => JSON.stringify([selection.scene?.key, selection.view, selection.selected, selection.chosen]);

/** @param {RunWatchPart} part */
export function mount({ props, given, trigger, watch }) {
  let at = -Infinity;
  /** The run that was started here, and what was on show then; null where none is awaited.
   * @type {{name: string, seen: string} | null} */
  let awaited = null;
  /** @type {number | null} */
  let looking = null;
  /** @type {HTMLElement | null} */
  let told = null;

  function know() {
    const value = props.value;
    if (!value || value.at <= at) return; // the answer to an earlier question
    at = value.at;
    if (value.begun) awaited = { name: value.begun, seen: onShow() };
    if (value.running) {
      looking ??= window.setInterval(() => trigger("look", {}), EVERY);
      mark("on");
    } else {
      window.clearInterval(looking);
      looking = null;
      if (awaited && awaited.name === value.finished) ended(awaited);
      else unmark("on");
      awaited = null;
    }
    emit("runs", value);
  }

  /** @param {{name: string, seen: string}} run */
  function ended({ name, seen }) {
    const label = tabLabel();
    if (label?.ariaSelected === "true") unmark("on");
    else {
      mark("over");
      new MutationObserver((_, seeing) => {
        unmark("over");
        seeing.disconnect();
      }).observe(label, { attributeFilter: ["aria-selected"] });
    }
    if (seen === onShow()) runs.open(name);
    else tell(name);
  }

  /** @param {string} name */
  function tell(name) {
    told?.remove();
    told = make("div", "px-viewer px-run-told", document.body);
    told.setAttribute("role", "status");
    make("span", "", told, `${name} is finished.`);
    button(told, "Open it", "Open it: its pairs instead of those on show", () => runs.open(name));
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

  runs.open = (name) => {
    told?.remove();
    trigger("open", { name });
  };
  runs.resume = (name) => trigger("resume", { name });
  runs.halt = () => trigger("halt", {});
  watch("value", know);
  know();
}
