// The figure in progress: the values of its specification, which this browser keeps. Rows and columns are lists.

import { button } from "./dom.js";
import { onKey } from "./keys.js";
import { emit } from "./state.js";

/** @import { FigurePart } from "./payloads.js" */

/** A row or a column: names and values of the specification.
 * @typedef {Record<string, any>} Entry */
/** @typedef {"rows" | "columns"} Axis */
/** @typedef {Record<string, any> & Record<Axis, Entry[]>} Figure */

const KEY = "px-figure";
/** What changes how a figure looks, and nothing that is computed. */
const LOOK = [
  "title",
  "width",
  "font_size",
  "ground",
  "dpi",
  "scale",
  "bars",
  "caption",
  "outlines",
  "palette",
  "opacity",
];
const TOLD = 2500; // ms

/** @returns {Figure} */
export const empty = () => ({ rows: [], columns: [], width: "175", font_size: "7" });

/** @param {Entry} entry @param {string[]} names */
const without = (entry, names) => Object.fromEntries(Object.entries(entry).filter(([name]) => !names.includes(name)));

/** A row or column but for its title, as text.
 * @param {Entry} entry */
export const plain = (entry) => JSON.stringify(without(entry, ["title"]));

/** What is computed for a column.
 * @param {Entry} column */
const computed = ({ show, method = "pair-x", model, layer, options, background }) =>
  show === "photographs" ? null : JSON.stringify([method, model, layer, options, background]);

/** A figure in which a picture is: with its row and its column, where it does not have them. Model and layer that all
 * rows share are the figure's own. at: number of the row.
 * @param {Figure} figure
 * @param {FigurePart} part
 * @returns {{figure: Figure, at: number, isNew: boolean}} */
export function added(figure, { row, column }) {
  const base = figure.rows.length ? figure : { ...figure, model: row.model, layer: row.layer };
  const shared = row.model === base.model ? (row.layer === base.layer ? ["model", "layer"] : ["model"]) : [];
  const own = without(row, shared);
  const known = base.rows.findIndex((one) => plain(one) === plain(own));
  const has = base.columns.some((one) => computed(one) === computed(column));
  return {
    figure: {
      ...base,
      rows: known < 0 ? [...base.rows, own] : base.rows,
      columns: has ? base.columns : [...base.columns, column],
    },
    at: known < 0 ? base.rows.length : known,
    isNew: known < 0 || !has,
  };
}

/** A list with one of its items elsewhere.
 * @template T
 * @param {T[]} list
 * @param {number} from
 * @param {number} to */
export function moved(list, from, to) {
  const rest = list.filter((_, i) => i !== from);
  return [...rest.slice(0, to), list[from], ...rest.slice(to)];
}

/** What has to be computed for a figure, a text a panel.
 * @param {Figure} figure
 * @returns {Set<string>} */
export function panels(figure) {
  const base = JSON.stringify(without(figure, [...LOOK, "rows", "columns"]));
  const columns = figure.columns.length ? figure.columns : [{}];
  return new Set(figure.rows.flatMap((row) => columns.map((column) => `${base} ${plain(row)} ${plain(column)}`)));
}

/** @param {any} value
 * @returns {value is Figure} */
export function isFigure(value) {
  /** @param {any} list */
  const fits = (list) => Array.isArray(list) && list.every((one) => one !== null && typeof one === "object");
  return value !== null && typeof value === "object" && fits(value.rows) && fits(value.columns);
}

class Kept {
  constructor() {
    /** @type {Figure} */
    this.now = empty();
    this.read();
    addEventListener("storage", ({ key }) => {
      if (key !== KEY) return;
      this.read(); // another window of this browser
      emit("figure");
    });
  }

  read() {
    try {
      const found = JSON.parse(localStorage.getItem(KEY) ?? "null");
      this.now = isFigure(found) ? found : empty();
    } catch {
      this.now = empty();
    }
    this.count();
  }

  /** The tab says how many rows there are. */
  count() {
    const said = this.now.rows.length ? `" (${this.now.rows.length})"` : '""';
    document.documentElement.style.setProperty("--px-figure-rows", said);
  }

  /** @param {Figure} figure */
  change(figure) {
    this.now = figure;
    try {
      localStorage.setItem(KEY, JSON.stringify(figure));
    } catch {
      // Without room it is kept until the page is closed.
    }
    this.count();
    emit("figure");
  }
}

export const kept = new Kept();

/** A button that adds a picture to the figure in progress.
 * @param {Element} parent
 * @param {() => FigurePart | null | undefined} part the picture on show, if there is one
 * @param {{name?: string, root?: HTMLElement}} [how] name: of the picture; root: while it is on show the key A presses
 * the button */
export function figureButton(parent, part, { name = "", root } = {}) {
  const label = "Add to figure";
  const what = root ? `${label} (A): this pair becomes a row` : `${label}: ${name}`;
  const node = button(parent, label, what, add);
  /** @type {ReturnType<typeof setTimeout>} */
  let waiting = null;

  /** @param {string} text */
  function tell(text) {
    node.textContent = text;
    node.setAttribute("aria-label", text);
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      node.textContent = label;
      node.setAttribute("aria-label", what);
    }, TOLD);
  }

  function add() {
    const found = part();
    if (!found) return tell("Not on show yet");
    const { figure, at, isNew } = added(kept.now, found);
    if (isNew) kept.change(figure);
    tell(isNew ? `In the figure: row ${at + 1}` : `Already row ${at + 1}`);
  }

  if (root) onKey(root, "a", add);
  return node;
}
