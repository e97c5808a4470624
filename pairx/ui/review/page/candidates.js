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
    /** @type {HTMLElement[]} */
    this.cards = [];
  }

  /** @param {Queue} queue @param {boolean} blind @param {boolean} grouped whether those of one individual stand together
   * @param {Map<string, string>} words of the verdicts @param {Region} region which may have an order of its own */
  show(queue, blind, grouped, words, region) {
    const groups =
      grouped && !blind ? byIndividual(region.sorted(queue.candidates)) : [region.sorted(queue.candidates)];
    const places = groups.flat();
    const keys = JSON.stringify([groups.map((group) => group.map(keyOf)), blind, [...(region.order ?? [])]]);
    const sorted = region.order !== this.order;
    this.order = region.order;
    if (keys !== this.shown) {
      this.shown = keys;
      this.cards = places.map((place, i) => this.card(place, i, blind, region.order));
      let from = 0;
      this.node.replaceChildren(
        ...groups.flatMap((group) => {
          const cards = this.cards.slice(from, (from += group.length));
          return grouped && !blind ? [together(group[0], cards)] : cards;
        }),
      );
    }
    places.forEach((place, i) => {
      const card = this.cards[i];
      card.setAttribute("aria-current", String(place === queue.now));
      card.toggleAttribute("data-verdict", Boolean(place.verdict));
      card.dataset.verdict = place.verdict;
      card.querySelector(".px-verdict").textContent = words.get(place.verdict) ?? "";
    });
    const current = this.cards[places.indexOf(queue.now)];
    if (sorted) this.node.scrollLeft = 0;
    else if (current) {
      const [own, strip] = [current.getBoundingClientRect(), this.node.getBoundingClientRect()];
      this.node.scrollLeft += own.left - strip.left - (strip.width - own.width) / 2;
    }
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

/** Candidates by their individuals, in the order of the first of each; one whose name is unknown stands alone.
 * @param {Place[]} places
 * @returns {Place[][]} */
function byIndividual(places) {
  /** @type {Map<string, Place[]>} */
  const groups = new Map();
  for (const place of places) {
    const name = place.candidate.identity || keyOf(place);
    groups.set(name, [...(groups.get(name) ?? []), place]);
  }
  return [...groups.values()];
}

/** The cards of one individual.
 * @param {Place} first @param {HTMLElement[]} cards */
function together({ candidate }, cards) {
  const node = make("div", "px-together");
  node.setAttribute("role", "group");
  const name = candidate.identity || "Individual unknown";
  node.setAttribute("aria-label", name);
  make("bdi", "px-together-name", node, cards.length > 1 ? `${name} (${cards.length})` : name).title = name;
  make("div", "px-together-cards", node).append(...cards);
  return node;
}

/** The photographs of an individual, over the page.
 * @param {HTMLElement} parent
 * @param {ReviewOthers} others @param {boolean} blind */
export function showOthers(parent, { identity, photos, cosines }, blind) {
  const sheet = make("dialog", "px-others", parent);
  const title =
    blind || !identity
      ? "The candidate's other photographs"
      : `Photographs of ${identity}, the most similar to the query first`;
  sheet.setAttribute("aria-label", title);
  make("h2", "", sheet, title);
  const grid = make("div", "px-others-grid", sheet);
  photos.forEach((photo, i) => {
    const figure = make("figure", "", grid);
    make("img", "", figure).src = addressOf(photo, 500);
    if (!blind) make("figcaption", "", figure, [photo.id, cosines[i]?.toFixed(2)].filter(Boolean).join(" · "));
  });
  button(sheet, "Close (Esc)", "Close (Esc)", () => sheet.close());
  sheet.addEventListener("close", () => sheet.remove());
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  sheet.showModal();
}
