// What to beware of in the pair on show, a line each beside the candidate.

import { make } from "../../page/dom.js";
import { Beside } from "./beside.js";

/** @import { ReviewWarnings } from "../../page/payloads.js" */

export class Warner {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.node = make("ul", "px-warnings", parent);
    this.node.setAttribute("aria-label", "What to beware of in this pair");
    this.node.setAttribute("aria-live", "polite");
    /** @type {Beside<ReviewWarnings>} */
    this.beside = new Beside(
      (desk, { query, candidate }, signal) => desk.warnings(query.id, candidate.id, signal),
      (told) => this.draw(told),
    );
  }

  /** @param {ReviewWarnings | null} told */
  draw(told) {
    const items = (told?.warnings ?? []).map(({ name, words }) => {
      const item = make("li", "", null, words);
      item.dataset.warning = name;
      return item;
    });
    this.node.replaceChildren(...items);
  }
}
