// What the reader of a picture has to know: the first note in a line that is always there, all of them once it is opened.

import { make } from "./dom.js";

export class Notes {
  /** @param {Element} parent */
  constructor(parent) {
    this.node = make("details", "px-notes", parent);
    this.first = make("summary", "", this.node);
    this.list = make("ul", "", this.node);
    this.show([]);
  }

  /** @param {string[]} notes */
  show(notes) {
    const [first = "", ...others] = notes;
    this.node.classList.toggle("px-none", !notes.length);
    this.node.open = false;
    this.first.textContent = this.first.title = first;
    if (others.length) make("span", "px-more", this.first, ` and ${others.length} more`);
    this.list.replaceChildren(...others.map((text) => make("li", "", null, text)));
  }
}
