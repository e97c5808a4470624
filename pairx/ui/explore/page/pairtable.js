// The pairs on show as a table: sorted by any column, a page at a time; choosing a row opens the pair.

import { make } from "../../page/dom.js";
import { keeps, ROWS, step } from "../../page/keys.js";
import { isolated, named } from "../../page/names.js";
import { brief, clamp, minus } from "../../page/numbers.js";
import { on } from "../../page/state.js";
import { Glossary } from "./glossary.js";
import { Pager } from "./pager.js";
import { ownNames, selection, sorted, verdictMark } from "./selection.js";

/** @import { PairTablePart } from "../../page/payloads.js" */
/** @import { Row } from "./selection.js" */

const PAGE_ROWS = 50;
const LONGEST_NAME = 19;
const LONGEST_OWNER = 9;
/** @type {[string, (row: Row) => string | number | null][]} */
const COLUMNS = [
  ["Pair", (row) => row.query],
  ["Individuals", (row) => row.owners.join("\u0000")],
  ["Correct", (row) => Number(row.correct)],
  ["Cosine", (row) => row.cosine],
  ["Metric", (row) => row.value],
  ["Matches", (row) => row.matches],
  ["Inliers", (row) => row.inliers],
  ["Transform", (row) => row.status],
];

/** @param {PairTablePart} part */
export function mount({ element }) {
  const root = element.querySelector(".px-pairtable");
  root.replaceChildren();
  const section = make("section", "px-section", root);
  const heading = make("div", "px-section-head", section);
  const title = make("h3", "", heading, "Pairs");
  const hint = make("p", "px-hint", heading, "Arrow keys move through the rows, Enter opens one. The heads sort.");
  const glossary = new Glossary(make("p", "", heading));
  for (const word of ["Inliers", "Transform"]) glossary.mark(make("span", "px-word", hint, ` ${word}`), word);
  const scroller = make("div", "px-scroller", section);
  const table = make("table", "px-table", scroller);
  const heads = make("tr", "", make("thead", "", table));
  const lines = make("tbody", "", table);
  const turning = make("div", "px-tools", section);
  const pager = new Pager(turning, PAGE_ROWS, "rows", () => {
    draw();
    scroller.scrollTop = 0;
  });

  /** @type {[number, boolean] | null} */
  let sorting = null; // [column, upwards], or null for the view's own order

  const buttons = COLUMNS.map(([name], column) => {
    const head = make("th", "", heads);
    head.scope = "col";
    const node = make("button", "px-sort", head, name);
    node.type = "button";
    node.addEventListener("click", () => {
      sorting = [column, sorting?.[0] === column ? !sorting[1] : column < 2];
      sort();
    });
    return node;
  });

  function sort() {
    const numbers = selection.numbers();
    selection.list(sorting ? sorted(numbers, COLUMNS[sorting[0]][1], sorting[1]) : numbers);
    pager.turn(0);
  }

  function draw() {
    heads.querySelectorAll("th").forEach((head, i) => {
      const how = sorting?.[0] === i ? (sorting[1] ? "ascending" : "descending") : "none";
      head.setAttribute("aria-sort", how);
    });
    buttons[4].textContent = selection.scene.metric;
    const shown = pager.part(selection.listed);
    lines.replaceChildren(...shown.map(line));
    if (!shown.length) make("td", "px-hint", make("tr", "", lines), "No pair fits.").colSpan = COLUMNS.length;
    turning.hidden = selection.listed.length <= PAGE_ROWS;
    mark();
  }

  function line(number, index) {
    const row = selection.row(number);
    const node = make("tr", "px-row");
    node.dataset.number = String(number);
    node.tabIndex = index ? -1 : 0;
    const pair = names(make("th", "px-names", node), ownNames(row), LONGEST_NAME);
    pair.scope = "row";
    pair.title = [row.query, row.gallery].map(isolated).join(" – ");
    names(make("td", "px-names", node), [...new Set(row.owners)], LONGEST_OWNER);
    const verdict = make("td", "", node);
    verdictMark(verdict, row.correct);
    verdict.title = row.correct ? "correct" : "incorrect";
    verdict.setAttribute("aria-label", verdict.title);
    for (const text of [minus(row.cosine.toFixed(3)), brief(row.value), row.matches, row.inliers, row.status])
      make("td", "", node, String(text));
    node.addEventListener("click", () => selection.choose(number));
    return node;
  }

  // One or two names, each on a line of its own where they are long.
  function names(cell, texts, most) {
    texts.forEach((text, i) => {
      if (i) cell.append(" ");
      named(make("span", "", cell, i ? "– " : ""), text, most);
    });
    return cell;
  }

  function mark() {
    for (const node of lines.rows) {
      const chosen = Number(node.dataset.number) === selection.chosen;
      node.setAttribute("aria-selected", String(chosen));
      node.classList.toggle("px-bright", chosen);
    }
  }

  lines.addEventListener("keydown", (event) => {
    const node = /** @type {HTMLTableRowElement} */ (/** @type {Element} */ (event.target).closest(".px-row"));
    const by = step(ROWS, event);
    if (by) {
      const rows = [...lines.rows];
      const next = rows[clamp(rows.indexOf(node) + by, 0, rows.length - 1)];
      for (const one of rows) one.tabIndex = one === next ? 0 : -1;
      next.focus();
    } else if (keeps(event)) selection.choose(Number(node.dataset.number));
    else return;
    event.preventDefault();
  });

  function reveal() {
    const at = selection.listed.indexOf(selection.chosen);
    const page = Math.floor(at / PAGE_ROWS);
    if (at >= 0 && page !== pager.page) pager.turn(page);
    else mark();
    const node = lines.querySelector("[aria-selected=true]");
    if (!node) return;
    const [box, frame] = [node.getBoundingClientRect(), scroller.getBoundingClientRect()];
    const above = frame.top + heads.offsetHeight - box.top;
    const below = box.bottom - frame.bottom + 1;
    if (above > 0) scroller.scrollTop -= above;
    else if (below > 0) scroller.scrollTop += below;
  }

  on("selection", () => {
    const view = selection.scene.views.find((one) => one.id === selection.view);
    title.textContent = `${view ? view.title : "Selected pairs"} (${selection.numbers().length.toLocaleString("en")})`;
    sorting = null;
    sort();
  });
  on("chosen", reveal);
  if (selection.scene) sort();
}
