// What speaks for the pair on show: one quiet line, and its parts in a dialog.

import { button, make } from "../../page/dom.js";
import { Beside } from "./beside.js";

/** @import { ReviewShare } from "../../page/payloads.js" */
/** @import { Desk } from "./desk.js" */
/** @import { Place } from "./queue.js" */

const TITLE = "What speaks for this pair";

export class Share {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.node = make("div", "px-speaks", parent);
    this.words = make("p", "px-hint", this.node);
    this.words.setAttribute("aria-live", "polite");
    this.more = button(this.node, "Parts", `Parts: ${TITLE.toLowerCase()}`, () => this.open());
    /** What stands on the line.
     * @type {ReviewShare | null} */
    this.told = null;
    /** @type {Beside<ReviewShare>} */
    this.beside = new Beside(
      (desk, { query, candidate }, signal) => desk.share(query.id, candidate.id, signal),
      (told) => this.draw(told),
    );
  }

  /** @param {Desk | null} desk @param {Place[]} places see `Beside.show` @param {boolean} blind */
  show(desk, places, blind) {
    this.node.hidden = blind;
    this.beside.show(desk, blind ? [] : places);
  }

  /** @param {ReviewShare | null} told */
  draw(told) {
    this.told = told;
    this.words.textContent = this.words.title = told?.words ?? "";
    this.more.hidden = !told;
  }

  open() {
    const sheet = make("dialog", "px-parts", this.node);
    sheet.setAttribute("aria-label", TITLE);
    make("h2", "", sheet, TITLE);
    const list = make("ul", "", sheet);
    for (const part of this.told.parts) make("li", "", list, `${part}.`);
    if (this.told.share) make("p", "", sheet, this.told.words);
    make("p", "px-hint", sheet, this.told.note);
    button(sheet, "Close (Esc)", "Close (Esc)", () => sheet.close());
    sheet.addEventListener("close", () => sheet.remove());
    sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
    sheet.showModal();
  }
}
