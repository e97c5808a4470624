// Turns the pages of a long list.

import { button, make } from "../../page/dom.js";
import { clamp } from "../../page/numbers.js";

export class Pager {
  /** @param {Element} parent
   * @param {number} size
   * @param {string} what the list is of
   * @param {() => void} turned another page is to be shown */
  constructor(parent, size, what, turned) {
    this.size = size;
    this.turned = turned;
    this.page = 0;
    this.earlier = button(parent, "‹", `Earlier ${what}`, () => this.turn(this.page - 1));
    this.place = make("span", "px-hint", parent);
    this.later = button(parent, "›", `Later ${what}`, () => this.turn(this.page + 1));
  }

  /** @param {number} page */
  turn(page) {
    this.page = page;
    this.turned();
  }

  /** What of the list is on this page.
   * @param {number[]} list */
  part(list) {
    const last = Math.max(0, Math.ceil(list.length / this.size) - 1);
    this.page = clamp(this.page, 0, last);
    const first = this.page * this.size;
    const shown = list.slice(first, first + this.size);
    this.earlier.disabled = this.page === 0;
    this.later.disabled = this.page === last;
    this.place.textContent = shown.length
      ? `${first + 1} to ${first + shown.length} of ${list.length.toLocaleString("en")}`
      : "";
    return shown;
  }
}
