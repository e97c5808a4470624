// The strip of a query's candidates, each with what was decided here; and all photographs of a candidate's individual.

import { button, make } from "../../page/dom.js";
import { signed } from "../../page/numbers.js";
import { addressOf } from "./photos.js";
import { keyOf } from "./queue.js";

/** @import { ReviewOthers } from "../../page/payloads.js" */
/** @import { Place, Queue } from "./queue.js" */
/** @import { Region } from "./region.js" */

const SMALL = 220; // px

export class Candidates {
  /** @param {HTMLElement} parent @param {(place: Place) => void} choose */
  constructor(parent, choose) {
    this.choose = choose;
    this.node = make("div", "px-candidates", parent);
    this.node.setAttribute("role", "group");
    this.node.setAttribute("aria-label", "Candidates of this query");
    /** What is on show.
     * @type {string} */
    this.shown = "";
    /** The box's order in which they are.
     * @type {Map<string, number> | null} */
    this.order = null;
  }

  /** @param {Queue} queue @param {boolean} blind @param {Map<string, string>} words of the verdicts
   * @param {Region} region which may have an order of its own */
  show(queue, blind, words, region) {
    const places = region.sorted(queue.candidates);
    const keys = JSON.stringify([places.map(keyOf), blind, [...(region.order ?? [])]]);
    const sorted = region.order !== this.order;
    this.order = region.order;
    if (keys !== this.shown) {
      this.shown = keys;
      this.node.replaceChildren(...places.map((place, i) => this.card(place, i, blind, region.order)));
    }
    places.forEach((place, i) => {
      const card = this.node.children[i];
      card.setAttribute("aria-current", String(place === queue.now));
      card.toggleAttribute("data-verdict", Boolean(place.verdict));
      /** @type {HTMLElement} */ (card).dataset.verdict = place.verdict;
      card.querySelector(".px-verdict").textContent = words.get(place.verdict) ?? "";
    });
    const current = /** @type {HTMLElement} */ (this.node.querySelector("[aria-current=true]"));
    if (sorted) this.node.scrollLeft = 0;
    else if (current) this.node.scrollLeft = current.offsetLeft - (this.node.clientWidth - current.offsetWidth) / 2;
  }

  /** @param {Place} place @param {number} i @param {boolean} blind
   * @param {Map<string, number> | null} added what a box adds, by the candidate's id */
  card(place, i, blind, added) {
    const card = make("button", "px-candidate");
    card.type = "button";
    const photo = make("img", "", card);
    photo.alt = "";
    photo.loading = "lazy";
    photo.src = addressOf(place.candidate, SMALL);
    const text = make("span", "px-candidate-text", card);
    const box = added?.get(place.candidate.id);
    const score = added ? box !== undefined && `box ${signed(box)}` : place.cosine?.toFixed(2);
    const known = [place.rank && `#${place.rank}`, score, place.candidate.identity];
    make("bdi", "", text, blind ? `Candidate ${i + 1}` : known.filter(Boolean).join(" · "));
    make("span", "px-verdict", text);
    card.addEventListener("click", () => this.choose(place));
    return card;
  }
}

/** All photographs of an individual, over the page.
 * @param {HTMLElement} parent
 * @param {ReviewOthers} others @param {boolean} blind */
export function showOthers(parent, { identity, photos }, blind) {
  const sheet = make("dialog", "px-others", parent);
  const title = blind || !identity ? "The candidate's other photographs" : `All photographs of ${identity}`;
  sheet.setAttribute("aria-label", title);
  make("h2", "", sheet, title);
  const grid = make("div", "px-others-grid", sheet);
  for (const photo of photos) {
    const figure = make("figure", "", grid);
    make("img", "", figure).src = addressOf(photo, 500);
    if (!blind) make("figcaption", "", figure, photo.id);
  }
  button(sheet, "Close (Esc)", "Close (Esc)", () => sheet.close());
  sheet.addEventListener("close", () => sheet.remove());
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  sheet.showModal();
}
