// What the server tells beside a pair while a person looks: asked for one pair after the other, kept, and drawn when it
// is there. It never holds up a pair.

import { keyOf } from "./queue.js";

/** @import { Desk } from "./desk.js" */
/** @import { Place } from "./queue.js" */

const MOST = 60; // pairs of which it is kept

/** @template Told */
export class Beside {
  /** @param {(desk: Desk, place: Place, signal: AbortSignal) => Promise<Told | null>} ask
   * @param {(told: Told | null) => void} draw null: it is not there, or nothing is to be told */
  constructor(ask, draw) {
    this.ask = ask;
    this.draw = draw;
    /** @type {Map<string, Told | null>} */
    this.known = new Map();
    /** @type {AbortController | null} */
    this.travelling = null;
    this.asked = "";
    this.shown = "";
  }

  /** Another review is open. */
  begin() {
    this.stop();
    this.known.clear();
    this.shown = "";
    this.draw(null);
  }

  stop() {
    this.travelling?.abort();
    this.asked = "";
  }

  /** @param {Desk | null} desk @param {Place[]} places the pair on show, and those of which it is to be known ahead; none
   * where nothing is to be told */
  show(desk, places) {
    const key = places[0] ? keyOf(places[0]) : "";
    if (key !== this.shown) {
      this.shown = key;
      this.draw(this.known.get(key) ?? null);
    }
    const place = places.find((one) => !this.known.has(keyOf(one)));
    if (!desk || !place) return this.stop();
    if (keyOf(place) === this.asked) return;
    this.stop();
    this.asked = keyOf(place);
    this.travelling = new AbortController();
    void this.fetch(desk, place, this.travelling.signal, places);
  }

  /** @param {Desk} desk @param {Place} place @param {AbortSignal} signal @param {Place[]} places */
  async fetch(desk, place, signal, places) {
    const told = await this.ask(desk, place, signal).catch((error) => {
      if (!signal.aborted) console.error(error);
      return null;
    });
    if (signal.aborted) return;
    const key = keyOf(place);
    this.known.set(key, told);
    if (this.known.size > MOST) this.known.delete(this.known.keys().next().value);
    if (this.shown === key) this.draw(told);
    this.show(desk, places);
  }
}
