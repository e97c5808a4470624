// What the page's head does by keyboard: the sheet of keys, and the arrows of the list of tabs.

import { button, make } from "./dom.js";
import { HELP, onKey, step } from "./keys.js";

/** @import { KeyboardPart } from "./payloads.js" */

/** Steps through the tabs. */
const TABS = { ArrowRight: 1, ArrowLeft: -1 };

/** @param {HTMLElement} parent */
function help(parent) {
  const sheet = make("dialog", "px-help", parent);
  sheet.setAttribute("aria-label", "Keys");
  make("h2", "", sheet, "Keys");
  const list = make("dl", "", sheet);
  for (const [keys, what] of HELP) {
    make("dt", "", list, keys);
    make("dd", "", list, what);
  }
  button(sheet, "Close", "Close", () => sheet.close());
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  button(parent, "Keys (?)", "Keys (?): what each key does", () => sheet.showModal());
  onKey(null, "?", () => sheet.showModal());
}

/** Of the tabs only the one on show takes the focus, and the arrows lead to the others.
 * @param {HTMLElement} list */
function roving(list) {
  /** @returns {HTMLButtonElement[]} */
  const tabs = () => [...list.querySelectorAll(/** @type {"button"} */ ("button[role=tab]"))];
  const mark = () => {
    for (const tab of tabs()) tab.tabIndex = tab.ariaSelected === "true" ? 0 : -1;
  };
  new MutationObserver(mark).observe(list, { subtree: true, childList: true, attributeFilter: ["aria-selected"] });
  list.addEventListener("keydown", (event) => {
    const by = step(TABS, event);
    const all = tabs();
    const now = all.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    if (by === undefined || now < 0) return;
    event.preventDefault();
    const next = all[(now + by + all.length) % all.length];
    next.click();
    next.focus();
  });
  mark();
}

/** gradio may lay out the tabs after the page's head.
 * @param {string} selector
 * @param {(found: HTMLElement) => void} act */
function whenThere(selector, act) {
  const look = () => {
    const found = document.querySelector(selector);
    if (found) act(/** @type {HTMLElement} */ (found));
    return found;
  };
  if (look()) return;
  const waiting = new MutationObserver(() => look() && waiting.disconnect());
  waiting.observe(document.body, { childList: true, subtree: true });
}

/** @param {KeyboardPart} part */
export function mount({ element }) {
  help(element.querySelector(".px-keyboard"));
  whenThere("[role=tablist]", roving);
}
