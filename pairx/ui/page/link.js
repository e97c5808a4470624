// The link to exactly what a part shows: in the address bar while the part is on show, and from a button.

import { button, make } from "./dom.js";
import { state } from "./state.js";

/** @returns {HTMLElement[]} */
const tabs = () => [...document.querySelectorAll(".tab-container [role=tab]")].map((tab) => /** @type {any} */ (tab));
const chosenTab = () => tabs().findIndex((tab) => tab.getAttribute("aria-selected") === "true");

/** Shows another tab.
 * @param {string} id of its panel */
export function openTab(id) {
  tabs()
    .find((tab) => tab.getAttribute("aria-controls") === id)
    ?.click();
}

/** @type {[HTMLElement, (query: Record<string, string>) => void][]} */
const returns = [];

/** @type {ViewLink[]} */
const links = [];
/** Closes what lies over the window; null where nothing does.
 * @type {(() => void) | null} */
let closing = null;

/** What is done when the browser's Back or Forward leads to a view of a part.
 * @param {HTMLElement} root
 * @param {(query: Record<string, string>) => void} act with what the address asks for */
export function onBack(root, act) {
  returns.push([root, act]);
}

/** A step of the browser's history: its view is of the tab on show, and so is the one that it leaves.
 * @param {string} href */
function remember(href) {
  if (closing) return history.replaceState(history.state, "", href);
  history.replaceState({ ...history.state, tab: history.state?.tab ?? chosenTab() }, "");
  history.pushState({ ...history.state, tab: chosenTab() }, "", href);
}

/** A step of the browser's history that leads back from what lies over the window: Back only closes it.
 * @param {() => void} close */
export function stepOver(close) {
  history.scrollRestoration = "manual"; // nothing moves behind it
  remember(window.location.href);
  closing = close;
}

/** What lay over the window is closed: the step is one like others. */
export function stepDown() {
  closing = null;
}

window.addEventListener("popstate", ({ state: step }) => {
  if (closing) {
    closing();
    for (const link of links) link.write();
    return;
  }
  if (step?.tab === undefined) return;
  if (step.tab !== chosenTab()) tabs()[step.tab]?.click();
  const query = Object.fromEntries(new URLSearchParams(window.location.search));
  requestAnimationFrame(() => returns.forEach(([root, act]) => root.offsetParent && act(query)));
});

export class ViewLink {
  /**
   * @param {HTMLElement} root
   * @param {string[]} names of all parameters that a link may hold
   * @param {() => Record<string, string | number>} query the link's parameters
   * @param {() => string} copied what the button says then
   */
  constructor(root, names, query, copied = () => "Link copied") {
    links.push(this);
    this.root = root;
    this.names = names;
    this.query = query;
    this.copied = copied;
    /** @type {HTMLButtonElement[]} */
    this.nodes = [];
    /** @type {ReturnType<typeof setTimeout>} */
    this.waiting = null;
    this.linked = window.location.search !== ""; // whether the address holds the view that is drawn first
    this.stepping = false; // whether what is written next is a step of the browser's history
    this.own = false; // whether the person made or was sent this view; the page as it opens is nobody's
    new ResizeObserver(() => this.write()).observe(root); // its tab was chosen
  }

  /** @param {Element} parent */
  button(parent) {
    const node = button(parent, "Copy link", "Copy a link to exactly this view", () => this.copy());
    this.nodes.push(node);
    return node;
  }

  /** @param {Record<string, string | number>} query */
  href(query) {
    const url = new URL(window.location.href);
    for (const name of this.names) url.searchParams.delete(name);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    return url.href;
  }

  /** @param {boolean} [step] whether the browser's Back is to lead to the view from before */
  changed(step = false) {
    this.own = true;
    this.stepping ||= step;
    this.write();
  }

  write() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      if (!this.root.clientWidth || !(this.own || state.addressed)) return;
      state.addressed = true;
      const href = this.href(this.own ? this.query() : {});
      if (this.stepping && !this.linked) remember(href);
      else history.replaceState(history.state, "", href);
      this.stepping = this.linked = false;
    }, 250);
  }

  async copy() {
    const href = this.href(this.query());
    let done = true;
    try {
      await navigator.clipboard.writeText(href);
    } catch {
      const field = make("textarea", "px-unseen", this.root, href);
      field.select();
      done = document.execCommand("copy");
      field.remove();
    }
    this.changed();
    this.say(done ? this.copied() : "Copy it from the address bar");
    setTimeout(() => this.say("Copy link"), 2000);
  }

  /** @param {string} text */
  say(text) {
    for (const node of this.nodes) node.textContent = text;
  }
}
