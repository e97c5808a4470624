// What the parts of the Explore tab share: the run's rows on show, which of them are selected and in which order, and the
// chosen pair. Each change is told on the bus: "rows", "selection", "listed", "chosen".

import { make } from "../../page/dom.js";
import { ownName } from "../../page/names.js";
import { clamp } from "../../page/numbers.js";
import { emit, state } from "../../page/state.js";

/** @import { RunScene } from "../../page/payloads.js" */

/** @typedef {typeof selection} Selection */
/** @typedef {ReturnType<Selection["row"]>} Row */

export const selection = {
  /** @type {RunScene} */
  scene: null,
  /** From a pair's number to its place in the scene's columns.
   * @type {Map<number, number>} */
  at: new Map(),
  /** The ready-made view that the selection is.
   * @type {string | null} */
  view: null,
  /** Numbers in the order of the view, or null for all.
   * @type {number[] | null} */
  selected: null,
  /** Numbers in the order of the table, through which a person goes.
   * @type {number[]} */
  listed: [],
  /** @type {number | null} */
  chosen: null,
  /** How it was chosen: by a click, by going through the list, or by the page itself.
   * @type {"click" | "walk" | "page"} */
  by: "page",
  /** Number of the last click. */
  ticket: 0,
  /** @param {RunScene} scene
   * @param {string | null} [view] to show; without one, that of before, or what was selected by hand and is still there */
  show(scene, view) {
    const same = this.scene?.run === scene.run;
    const drawn = same && this.view === null ? this.selected : null;
    this.scene = scene;
    this.at = new Map(scene.number.map((number, i) => [number, i]));
    const left = drawn?.filter((number) => this.at.has(number));
    if (!same || !this.at.has(this.chosen)) this.chosen = null;
    emit("rows");
    if (!view && left?.length) this.select(left);
    else this.look(view ?? (same && this.view ? this.view : scene.views[0].id));
  },
  /** @param {string} id */
  look(id) {
    const view = this.scene.views.find((one) => one.id === id) ?? this.scene.views[0];
    this.select(view.id === "all" ? null : view.numbers, view.id);
  },
  /** @param {number[] | null} numbers
   * @param {string | null} view */
  select(numbers, view = null) {
    this.selected = numbers;
    this.view = view;
    this.listed = this.numbers();
    emit("selection");
  },
  /** The same pairs in another order.
   * @param {number[]} numbers */
  list(numbers) {
    this.listed = numbers;
    emit("listed");
  },
  /** @param {number} number
   * @param {"click" | "walk" | "page"} [by] */
  choose(number, by = "click") {
    if (!this.at.has(number)) return;
    this.chosen = number;
    this.by = by;
    this.ticket += 1;
    emit("chosen");
  },
  /** The pair so many places after the chosen one, as listed; the same where there is none.
   * @param {number} by
   * @returns {number | null} */
  neighbour(by) {
    const at = this.listed.indexOf(this.chosen);
    if (at < 0) return this.listed[0] ?? null;
    return this.listed[clamp(at + by, 0, this.listed.length - 1)];
  },
  // The numbers on show, in the order of the view.
  numbers() {
    return this.selected ?? this.scene?.views[0].numbers ?? [];
  },
  /** @param {number} number */
  row(number) {
    const i = this.at.get(number);
    const { query_id, gallery_id, query_identity, gallery_identity, correct, cosine, value, status } = this.scene;
    return {
      number,
      query: query_id[i],
      gallery: gallery_id[i],
      owners: [query_identity[i], gallery_identity[i]],
      correct: Boolean(correct[i]),
      cosine: cosine[i],
      value: value[i],
      status: status[i],
      matches: this.scene.n_matches[i],
      inliers: this.scene.transform_inliers[i],
    };
  },
};

state.explore = selection;

/** Numbers sorted by a value of their rows; what has none comes last.
 * @param {number[]} numbers
 * @param {(row: Row) => number | string | null} value
 * @param {boolean} upwards */
export function sorted(numbers, value, upwards) {
  const keys = new Map(numbers.map((number) => [number, value(selection.row(number))]));
  return [...numbers].sort((a, b) => {
    const [x, y] = [keys.get(a), keys.get(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return (x < y ? -1 : x > y ? 1 : 0) * (upwards ? 1 : -1);
  });
}

/** Whether a pair is correct, as a mark with a colour and a shape.
 * @param {Element} parent
 * @param {boolean} correct */
export function verdictMark(parent, correct) {
  const node = make("span", `px-mark-of ${correct ? "px-correct" : "px-incorrect"}`, parent, correct ? "●" : "✕");
  node.setAttribute("aria-hidden", "true");
  return node;
}

/** The names of a pair's photographs, beside which those of their individuals stand.
 * @param {Row} row */
export const ownNames = ({ query, gallery, owners }) => [ownName(query, owners[0]), ownName(gallery, owners[1])];
