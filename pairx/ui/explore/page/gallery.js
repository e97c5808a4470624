// Selected pairs as pictures, a page at a time.

import { button, make } from "../../page/dom.js";
import { picture } from "../../page/fetching.js";
import { isolated, named } from "../../page/names.js";
import { brief, minus } from "../../page/numbers.js";
import { on } from "../../page/state.js";
import { Pager } from "./pager.js";
import { ownNames, selection, sorted, verdictMark } from "./selection.js";

/** @import { PairGalleryPart, GalleryValue } from "../../page/payloads.js" */
/** @import { Row } from "./selection.js" */

const LONGEST_NAME = 24;
/** @type {[string, ((row: Row) => number | null) | null, boolean][]} */
const ORDERS = [
  ["as listed", null, true],
  ["metric, highest first", (row) => row.value, false],
  ["metric, lowest first", (row) => row.value, true],
  ["similarity, highest first", (row) => row.cosine, false],
  ["similarity, lowest first", (row) => row.cosine, true],
];

/** @param {PairGalleryPart} part */
export function mount({ element, props, given, trigger, watch }) {
  const root = element.querySelector(".px-gallery");
  root.replaceChildren();
  const section = make("section", "px-section", root);
  const heading = make("div", "px-section-head", section);
  const title = make("h3", "", heading, "Gallery");
  const hint = make("p", "px-hint", heading);
  const tools = make("div", "px-tools", section);
  const label = make("label", "px-order", tools, "Sort by");
  const choice = make("select", "", label);
  ORDERS.forEach(([text], i) => choice.append(new Option(text, String(i))));
  const pager = new Pager(tools, given.page, "pairs", ask);
  const csv = button(tools, "Selected as CSV", "Download the selected pairs as CSV", () =>
    trigger("download", { kind: "csv", numbers: order }),
  );
  const grid = make("div", "px-cards", section);

  /** @type {number[]} */
  let order = [];
  let asked = 0;

  function sort() {
    const [, value, upwards] = ORDERS[Number(choice.value)];
    order = value ? sorted(selection.listed, value, upwards) : selection.listed;
    pager.turn(0);
  }

  function ask() {
    const shown = pager.part(order);
    title.textContent = `Gallery (${order.length.toLocaleString("en")} pairs)`;
    hint.textContent = selection.selected
      ? "The pairs of the view or selection."
      : "All pairs on show. Draw a box or a lasso in the plot, or choose a view, to see fewer.";
    csv.disabled = !order.length;
    grid.replaceChildren(...shown.map(card));
    asked += 1;
    if (shown.length) trigger("browse", { numbers: shown, ticket: asked, run: selection.scene.run });
  }

  function card(number) {
    const row = selection.row(number);
    const node = make("button", `px-pair-card ${row.correct ? "px-correct" : "px-incorrect"}`);
    node.type = "button";
    node.dataset.number = String(number);
    make("span", "px-card-pair", node);
    const line = make("span", "px-card-line", node);
    verdictMark(line, row.correct);
    make("span", "", line, `${minus(row.cosine.toFixed(2))} · ${brief(row.value)}`);
    const owners = make("span", "px-card-names", node);
    for (const [i, name] of [...new Set(row.owners)].entries()) {
      if (i) owners.append(" – ");
      named(owners, name, LONGEST_NAME / 2);
    }
    for (const name of ownNames(row)) named(make("span", "px-card-names", node), name, LONGEST_NAME);
    const [query, gallery] = [row.query, row.gallery].map(isolated);
    node.title = `${row.correct ? "Correct" : "Incorrect"}: ${query} and ${gallery}, cosine ${row.cosine.toFixed(3)}, ${selection.scene.metric} ${brief(row.value)}`;
    node.addEventListener("click", () => selection.choose(number));
    return node;
  }

  function fill() {
    const { ticket, items = [], note } = props.value ?? /** @type {Partial<GalleryValue>} */ ({});
    if (ticket !== asked) return;
    if (note) hint.textContent = note;
    for (const { number, files } of items) {
      const pair = grid.querySelector(`[data-number="${number}"] .px-card-pair`);
      pair?.replaceChildren(
        ...files.map((file) =>
          file.url
            ? picture(Object.assign(document.createElement("img"), { alt: "" }), file.url)
            : Object.assign(make("span", "px-card-missing", null, "missing"), { title: file.problem }),
        ),
      );
    }
    mark();
  }

  function mark() {
    for (const node of grid.children)
      node.setAttribute(
        "aria-pressed",
        String(Number(/** @type {HTMLElement} */ (node).dataset.number) === selection.chosen),
      );
  }

  choice.addEventListener("change", sort);
  on("listed", sort);
  on("chosen", mark);
  watch("value", fill);
  if (selection.scene) sort();
}
