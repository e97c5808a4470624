// The table of a judgement: a row a method, a column a criterion, the controls below them.

import { make } from "../../page/dom.js";
import { PLACES, step } from "../../page/keys.js";

/** @import { TrustCell, TrustCriterion, TrustRow } from "../../page/payloads.js" */
/** @import { Sorting } from "./sorting.js" */

const CONTROLS = "Controls: they know nothing of what the model has learned";

export class JudgedTable {
  /** @param {Element} parent
   * @param {{sort(criterion: string): void, define(criterion: string): void, method(row: TrustRow): void,
   *   cell(row: TrustRow, criterion: string): void}} on */
  constructor(parent, on) {
    this.on = on;
    this.scroller = make("div", "px-scroller", parent);
    this.table = make("table", "px-table", this.scroller);
    this.table.addEventListener("keydown", (event) => this.walk(event));
  }

  /** @param {TrustRow[]} methods in the order in which they stand
   * @param {TrustRow[]} controls
   * @param {TrustCriterion[]} criteria of the columns
   * @param {Sorting} sorting */
  draw(methods, controls, criteria, sorting) {
    this.table.replaceChildren();
    const heads = make("tr", "", make("thead", "", this.table));
    make("th", "", heads, "Method").scope = "col";
    for (const criterion of criteria) this.head(heads, criterion, sorting);
    const body = make("tbody", "", this.table);
    for (const row of methods) this.row(body, row, criteria);
    const apart = make("tbody", "px-apart", this.table);
    const title = make("th", "", make("tr", "", apart), CONTROLS);
    title.scope = "rowgroup";
    title.colSpan = criteria.length + 1;
    for (const row of controls) this.row(apart, row, criteria);
    for (const criterion of criteria) this.scale(criterion.name, [...methods, ...controls]);
    const first = this.table.querySelector("tbody button");
    if (first) /** @type {HTMLButtonElement} */ (first).tabIndex = 0;
  }

  /** @param {Element} heads
   * @param {TrustCriterion} criterion
   * @param {Sorting} sorting */
  head(heads, { name, title, higher }, sorting) {
    const head = make("th", "", heads);
    head.scope = "col";
    const rising = higher === sorting.worstFirst;
    head.ariaSort = sorting.by === name ? (rising ? "ascending" : "descending") : "none";
    const sort = make("button", "px-sort", head, title);
    sort.type = "button";
    sort.title = `${title}: sorts by it, ${higher ? "more" : "less"} is better`;
    sort.dataset.criterion = name;
    sort.addEventListener("click", () => this.on.sort(name));
    const ask = make("button", "px-ask", head, "?");
    ask.type = "button";
    ask.title = `${title}: what it is`;
    ask.setAttribute("aria-label", ask.title);
    ask.addEventListener("click", () => this.on.define(name));
    if (!higher) make("span", "px-less", head, "less is better");
  }

  /** @param {Element} body
   * @param {TrustRow} row
   * @param {TrustCriterion[]} criteria */
  row(body, row, criteria) {
    const line = make("tr", "", body);
    const head = make("th", "", line);
    head.scope = "row";
    const name = make("button", "px-of-method", head, row.title);
    name.addEventListener("click", () => this.on.method(row));
    for (const { name: criterion, title } of criteria) {
      const place = make("td", "", line);
      const cell = row.cells[criterion];
      if (cell) this.cell(place, cell, `${row.title}, ${title}`, criterion, () => this.on.cell(row, criterion));
      else make("span", "px-hint", place, "–").title = "Not defined for what this method gives";
    }
    for (const node of line.querySelectorAll("button")) {
      node.type = "button";
      node.tabIndex = -1;
      node.dataset.method = row.method;
    }
  }

  /** @param {Element} place
   * @param {TrustCell} cell
   * @param {string} name
   * @param {string} criterion
   * @param {() => void} act */
  cell(place, cell, name, criterion, act) {
    const node = make("button", "px-judged-cell", place);
    node.dataset.criterion = criterion;
    node.title = [`${name}: the pairs behind it`, cell.fails].filter(Boolean).join("; ");
    make("strong", "", node, cell.text);
    make("span", "px-hint", node, cell.interval);
    make("span", "px-whisker", node);
    if (cell.fails) make("span", "px-fails", node, `no better than ${cell.short}`);
    node.addEventListener("click", act);
  }

  /** Lays the line below each number of a column: its interval, and the mean as a dot.
   * @param {string} criterion
   * @param {TrustRow[]} rows */
  scale(criterion, rows) {
    const cells = rows.flatMap(({ cells }) => cells[criterion] ?? []);
    const least = Math.min(...cells.map(({ low, mean }) => low ?? mean));
    const most = Math.max(...cells.map(({ high, mean }) => high ?? mean));
    /** @param {number} value */
    const share = (value) => `${most > least ? (100 * (value - least)) / (most - least) : 50}%`;
    const known = new Map(rows.map(({ method, cells }) => [method, cells[criterion]]));
    for (const node of this.table.querySelectorAll(".px-judged-cell")) {
      const { dataset, style } = /** @type {HTMLElement} */ (node);
      if (dataset.criterion !== criterion) continue;
      const { low, high, mean } = known.get(dataset.method);
      style.setProperty("--px-mean", share(mean));
      style.setProperty("--px-low", share(low ?? mean));
      style.setProperty("--px-wide", `calc(${share(high ?? mean)} - ${share(low ?? mean)})`);
    }
  }

  /** The places of the rows, row by row: a name, then numbers.
   * @returns {HTMLTableCellElement[][]} */
  places() {
    const rows = /** @type {HTMLTableRowElement[]} */ ([...this.table.querySelectorAll("tbody tr")]);
    return rows.map((row) => [...row.cells]).filter(([first]) => first.querySelector("button"));
  }

  /** Arrows lead from number to number, over places that have none.
   * @param {KeyboardEvent} event */
  walk(event) {
    const by = step(PLACES, event);
    const at = /** @type {HTMLElement} */ (event.target).closest("tbody td, tbody th");
    if (!by || !at) return;
    event.preventDefault();
    const places = this.places();
    let y = places.findIndex((row) => row.some((place) => place === at));
    let x = places[y].findIndex((place) => place === at);
    for (;;) {
      [x, y] = [x + by[0], y + by[1]];
      const next = places[y]?.[x];
      if (!next) return;
      const button = next.querySelector("button");
      if (!button) continue;
      for (const one of this.table.querySelectorAll("tbody button")) /** @type {any} */ (one).tabIndex = -1;
      button.tabIndex = 0;
      button.focus();
      return;
    }
  }

  /** Marks the number whose pairs are on show.
   * @param {string} method
   * @param {string} criterion */
  mark(method, criterion) {
    for (const node of this.table.querySelectorAll(".px-judged-cell")) {
      const { dataset } = /** @type {HTMLElement} */ (node);
      node.setAttribute("aria-pressed", String(dataset.method === method && dataset.criterion === criterion));
    }
  }
}
