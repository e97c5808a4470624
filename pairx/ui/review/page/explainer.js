// PAIR-X of the pair on show and of those to come, fetched one after the other while the person looks.

import { readScene } from "../../page/pairview.js";
import { keyOf } from "./queue.js";

/** @import { Drawn } from "../../page/pairview.js" */
/** @import { Desk } from "./desk.js" */
/** @import { Place } from "./queue.js" */

const MOST = 24;

export class Explainer {
  /** @param {(place: Place) => void} arrived PAIR-X of a pair is there
   * @param {(place: Place, error: unknown) => void} failed */
  constructor(arrived, failed) {
    this.arrived = arrived;
    this.failed = failed;
    /** @type {Desk | null} */
    this.desk = null;
    /** @type {Map<string, Drawn>} */
    this.drawn = new Map();
    this.asked = "";
    /** @type {AbortController | null} */
    this.travelling = null;
  }

  /** Another review is open.
   * @param {Desk | null} desk */
  begin(desk) {
    this.stop();
    this.drawn.clear();
    this.desk = desk;
  }

  stop() {
    this.travelling?.abort();
    this.asked = "";
  }

  /** @param {Place} place
   * @returns {Drawn | null} */
  of(place) {
    return this.drawn.get(keyOf(place)) ?? null;
  }

  /** Fetches the first of some pairs whose PAIR-X is not here; any other is given up.
   * @param {Place[]} places the pair on show, and those after it
   * @param {boolean} waiting whether a person waits for the pair on show */
  want(places, waiting) {
    const place = places.find((one) => !this.of(one));
    const ahead = !(waiting && place === places[0]);
    const asked = place ? JSON.stringify([keyOf(place), ahead]) : "";
    if (asked === this.asked) return;
    this.stop();
    this.asked = asked;
    this.travelling = new AbortController();
    if (place) void this.fetch(place, ahead, this.travelling.signal);
  }

  /** @param {Place} place @param {boolean} ahead @param {AbortSignal} signal */
  async fetch(place, ahead, signal) {
    try {
      const scene = await this.desk.scene(place.query.id, place.candidate.id, ahead, signal);
      const drawn = scene && (await readScene(scene));
      if (!drawn || signal.aborted) return;
      this.drawn.set(keyOf(place), drawn);
      if (this.drawn.size > MOST) this.drawn.delete(this.drawn.keys().next().value);
      this.asked = "";
      this.arrived(place);
    } catch (error) {
      if (!signal.aborted) this.failed(place, error);
    }
  }
}
