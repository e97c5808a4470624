// What of the tab is in the address bar, and the way back: a step of the browser's history is a pair that was chosen, a
// selection, a filter, another run.

import { onBack, ViewLink } from "../../page/link.js";
import { on } from "../../page/state.js";
import { selection } from "./selection.js";

/** Letters of a selection that a link holds at most. */
const LONGEST = 4000;

/** Numbers as text, such as "1-3,7"; "" where it would be too long for a link.
 * @param {number[]} numbers */
export function spans(numbers) {
  /** @type {[number, number][]} */
  const found = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = found.at(-1);
    if (last && number <= last[1] + 1) last[1] = number;
    else found.push([number, number]);
  }
  const text = found.map(([low, high]) => (low === high ? String(low) : `${low}-${high}`)).join(",");
  return text.length > LONGEST ? "" : text;
}

/** The view of the tab as a link's parameters.
 * @returns {Record<string, string>} */
function query() {
  const { scene, view, selected, chosen } = selection;
  const pair = chosen === null ? null : selection.row(chosen);
  const shown = {
    pairs: view === "all" ? null : view,
    selected: view === null ? spans(selected) : null,
    query: pair?.query,
    gallery: pair?.gallery,
  };
  return Object.fromEntries(Object.entries({ ...scene.link, ...shown }).filter(([, value]) => value));
}

const copied = () =>
  selection.view !== null || spans(selection.selected) ? "Link copied" : "Link copied, without the selection";

export class Address {
  /**
   * @param {HTMLElement} root
   * @param {string[]} names of all parameters that a link may hold
   * @param {(query: Record<string, string>) => void} reopen a view of other pairs than those on show
   */
  constructor(root, names, reopen) {
    this.reopen = reopen;
    this.link = new ViewLink(root, names, query, copied);
    /** Whether the view that is being drawn is one of the browser's history. */
    this.returning = false;
    let opened = false;
    on("rows", () => {
      this.changed(opened);
      opened = true;
    });
    on("selection", () => this.changed(opened));
    on("chosen", () => this.changed(selection.by === "click"));
    onBack(root, (asked) => this.back(asked));
  }

  /** @param {boolean} step */
  changed(step) {
    this.link.changed(step && !this.returning);
  }

  /** @param {Record<string, string>} asked */
  back(asked) {
    this.returning = true;
    const { pairs, selected, query, gallery, ...of } = asked;
    const same =
      JSON.stringify(Object.entries(of).sort()) === JSON.stringify(Object.entries(selection.scene.link).sort());
    if (!same) return this.reopen(asked);
    if (selected) selection.select(numbersOf(selected));
    else if ((pairs ?? "all") !== selection.view) selection.look(pairs ?? "all");
    const number = selection.scene.number.find((one) => {
      const row = selection.row(one);
      return row.query === query && row.gallery === gallery;
    });
    if (number !== undefined && number !== selection.chosen) selection.choose(number, "page");
    this.returning = false;
  }
}

/** The numbers on show that a text names.
 * @param {string} text of `spans` */
function numbersOf(text) {
  const known = text.split(",").map((span) => span.split("-").map(Number));
  return selection.scene.number.filter((one) => known.some(([low, high = low]) => low <= one && one <= high));
}
