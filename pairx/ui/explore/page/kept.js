// Pairs that can be shown without asking the server: those that were shown, and those that will probably be chosen next.

import { fetched } from "../../page/fetching.js";
import { on } from "../../page/state.js";
import { readScene } from "../../page/pairview.js";
import { selection } from "./selection.js";

/** @import { PairValue, PairWish } from "../../page/payloads.js" */
/** @import { Drawn } from "../../page/pairview.js" */

/** @typedef {{value: PairValue, drawn: Drawn, photos: HTMLImageElement[]}} Kept photos: so that the browser keeps them */

const MOST = 10;
/** Places from the chosen pair that are made ready, in the direction in which the person goes. */
const AHEAD = [1, 2, -1];

/** @type {Map<string, Kept>} */
const held = new Map();
/** @param {number} number */
const keyOf = (number) => JSON.stringify([selection.scene.run, selection.scene.layer, number]);

export const kept = {
  /** @param {number} number */
  get: (number) => held.get(keyOf(number)),
  /** @param {string} key
   * @param {PairValue} value
   * @param {Drawn} drawn */
  put(key, value, drawn) {
    const photos = value.pair.photos.map(({ file }) => Object.assign(new Image(), { src: file.url }));
    held.delete(key);
    held.set(key, { value, drawn, photos });
    if (held.size > MOST) held.delete(held.keys().next().value);
  },
  keyOf,
};

export class Lookahead {
  /** @param {(wish: PairWish) => void} ask */
  constructor(ask) {
    this.ask = ask;
    this.ticket = 0;
    this.key = "";
    this.direction = 1;
    on("ahead", (value) => this.answered(value));
  }

  /** Wants the nearest pair that is not ready. */
  want() {
    const { scene, chosen } = selection;
    const near = AHEAD.map((by) => selection.neighbour(by * this.direction));
    const number = near.find((one) => one !== null && one !== chosen && !kept.get(one));
    if (number === undefined || this.key === keyOf(number)) return;
    this.key = keyOf(number);
    this.tell(number, scene.run, scene.layer);
  }

  /** Wants nothing: the person is elsewhere. */
  stop() {
    if (!this.key) return;
    this.key = "";
    this.tell(null, "", "");
  }

  /** @param {number | null} number
   * @param {string} run
   * @param {string} layer */
  tell(number, run, layer) {
    this.ticket += 1;
    this.ask({ number, ticket: this.ticket, run, layer });
  }

  /** @param {PairValue | null} value */
  async answered(value) {
    if (!value?.scene || value.ticket !== this.ticket) return;
    const { key } = this;
    this.key = "";
    try {
      kept.put(key, value, await readScene(await (await fetched(value.scene.url)).json()));
    } catch {
      return; // it is asked for again when the person comes there
    }
    if (value.ticket === this.ticket) this.want();
  }
}
