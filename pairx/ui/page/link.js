// The link to exactly what a part shows: in the address bar while the part is on show, and from a button.

import { button, make } from "./dom.js";
import { state } from "./state.js";

export class ViewLink {
  /**
   * @param {HTMLElement} root
   * @param {string[]} names of all parameters that a link may hold
   * @param {() => Record<string, string | number>} query the link's parameters
   * @param {() => string} copied what the button says then
   */
  constructor(root, names, query, copied = () => "Link copied") {
    this.root = root;
    this.names = names;
    this.query = query;
    this.copied = copied;
    /** @type {HTMLButtonElement} */
    this.node = null;
    /** @type {ReturnType<typeof setTimeout>} */
    this.waiting = null;
    this.own = false; // whether the person made or was sent this view; the page as it opens is nobody's
    new ResizeObserver(() => this.write()).observe(root); // its tab was chosen
  }

  /** @param {Element} parent */
  button(parent) {
    this.node = button(parent, "Copy link", "Copy a link to exactly this view", () => this.copy());
  }

  /** @param {Record<string, string | number>} query */
  href(query) {
    const url = new URL(window.location.href);
    for (const name of this.names) url.searchParams.delete(name);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
    return url.href;
  }

  changed() {
    this.own = true;
    this.write();
  }

  write() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      if (!this.root.clientWidth || !(this.own || state.addressed)) return;
      state.addressed = true;
      history.replaceState(history.state, "", this.href(this.own ? this.query() : {}));
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
    this.node.textContent = done ? this.copied() : "Copy it from the address bar";
    setTimeout(() => {
      this.node.textContent = "Copy link";
    }, 2000);
  }
}
