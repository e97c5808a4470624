// What to beware of in the pair on show, a line each beside the candidate: fetched while the person looks.

import { make } from "../../page/dom.js";
import { keyOf } from "./queue.js";

/** @import { ReviewWarning } from "../../page/payloads.js" */
/** @import { Desk } from "./desk.js" */
/** @import { Place } from "./queue.js" */

const MOST = 60; // pairs whose warnings are kept

export class Warner {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.node = make("ul", "px-warnings", parent);
    this.node.setAttribute("aria-label", "What to beware of in this pair");
    this.node.setAttribute("aria-live", "polite");
    /** @type {Map<string, ReviewWarning[]>} */
    this.known = new Map();
    /** @type {AbortController | null} */
    this.travelling = null;
    this.shown = "";
  }

  /** Another review is open. */
  begin() {
    this.travelling?.abort();
    this.known.clear();
    this.draw([]);
  }

  /** @param {Place | undefined} now the pair on show @param {Desk | null} desk @param {boolean} blind they would tell names,
   * places and how similar the two are, so nothing is asked or shown */
  show(now, desk, blind) {
    const key = now && desk && !blind ? keyOf(now) : "";
    if (key === this.shown) return;
    this.travelling?.abort();
    this.shown = key;
    this.draw(this.known.get(key) ?? []);
    if (!key || this.known.has(key)) return;
    this.travelling = new AbortController();
    void this.fetch(now, desk, key, this.travelling.signal);
  }

  /** @param {Place} place @param {Desk} desk @param {string} key @param {AbortSignal} signal */
  async fetch(place, desk, key, signal) {
    try {
      const answer = await desk.warnings(place.query.id, place.candidate.id, signal);
      if (!answer || signal.aborted) return;
      this.known.set(key, answer.warnings);
      if (this.known.size > MOST) this.known.delete(this.known.keys().next().value);
      if (this.shown === key) this.draw(answer.warnings);
    } catch (error) {
      if (!signal.aborted) console.error(error);
    }
  }

  /** @param {ReviewWarning[]} warnings */
  draw(warnings) {
    this.node.replaceChildren(
      ...warnings.map(({ name, words }) => {
        const item = make("li", "", null, words);
        item.dataset.warning = name;
        return item;
      }),
    );
  }
}
