// The table of matches; hovering, choosing and walking through it act on the pictures.

import { make } from "../../page/dom.js";
import { clamp, minus } from "../../page/numbers.js";

/** @import { Scene } from "../../page/payloads.js" */

export class MatchTable {
  /** @param {Element} parent
   * @param {{over(rank: number | null): void, pick(rank: number): void, zoom(mark: Scene["marks"][0]): void}} on */
  constructor(parent, on) {
    this.on = on;
    this.node = make("div", "px-scroller", parent);
    const table = make("table", "px-table", this.node);
    make(
      "caption",
      "px-unseen",
      table,
      "Matches: those that raise the similarity, strongest first, then those that lower it",
    );
    const heads = make("tr", "", make("thead", "", table));
    for (const title of ["Match", "Share of relevance", "Place in A", "Place in B"])
      make("th", "", heads, title).scope = "col";
    this.rows = make("tbody", "", table);
  }

  /** @param {Scene} scene */
  fill({ marks, photos }) {
    const top = Math.max(...marks.map((mark) => Math.abs(mark.share)), 1e-9);
    this.rows.replaceChildren(
      ...marks.map((mark, index) => {
        const row = make("tr", "px-row");
        row.dataset.rank = String(mark.rank);
        row.tabIndex = index ? -1 : 0;
        const name = make("th", "", row);
        name.scope = "row";
        make("span", "px-chip", name);
        make("span", "", name, String(mark.rank));
        const share = make("td", "px-share", row);
        make("span", "px-bar", share).style.width = `${(60 * Math.abs(mark.share)) / top}%`;
        make("span", "", share, `${minus((100 * mark.share).toFixed(1))} %${mark.against ? ", lowers" : ""}`);
        row.classList.toggle("px-against", mark.against);
        mark.points.forEach(([x, y], i) => {
          make("td", "", row, `${Math.round(x * photos[i].width)}, ${Math.round(y * photos[i].height)}`);
        });
        row.addEventListener("pointerenter", (event) => event.pointerType !== "touch" && this.on.over(mark.rank));
        row.addEventListener("pointerleave", () => this.on.over(null));
        row.addEventListener("focus", () => row.matches(":focus-visible") && this.on.over(mark.rank));
        row.addEventListener("blur", () => this.on.over(null));
        row.addEventListener("click", () => this.on.pick(mark.rank));
        row.addEventListener("dblclick", () => this.on.zoom(mark));
        return row;
      }),
    );
  }

  // shown: whether the row of an index is.
  paint(styles, bright, chosen, shown) {
    [...this.rows.rows].forEach((row, i) => {
      const rank = Number(row.dataset.rank);
      /** @type {HTMLElement} */ (row.querySelector(".px-chip")).style.background = styles[i].color;
      row.classList.toggle("px-bright", rank === bright);
      row.setAttribute("aria-selected", String(rank === chosen));
      row.hidden = !shown(i) && rank !== chosen;
    });
  }

  // The row that lies `by` steps from the bright one; it becomes the one that Tab reaches.
  step(bright, by) {
    const rows = [...this.rows.rows].filter((row) => !row.hidden);
    const now = rows.findIndex((row) => Number(row.dataset.rank) === bright);
    const next = rows[clamp(now + by, 0, rows.length - 1)];
    for (const row of this.rows.rows) row.tabIndex = row === next ? 0 : -1;
    return /** @type {HTMLElement} */ (next);
  }
}
