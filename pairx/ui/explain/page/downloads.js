// What can be taken away of the picture on show: a menu in its toolbar.

import { button, make } from "../../page/dom.js";

/** Kinds of files, and what they are for. */
const KINDS = [
  ["png", "Figure, PNG", "What you see, as a picture of 300 dpi"],
  ["svg", "Figure, SVG", "What you see, to be edited"],
  ["pdf", "Figure, PDF", "What you see, for a paper"],
  ["gif", "Blink, GIF", "Both photographs in turn, the second laid over the first, for a talk"],
  ["csv", "Matches, CSV", "All matches with their places and relevance, as a table"],
  ["html", "Offline copy, HTML", "One file that a colleague opens without the app, to zoom and hover"],
  ["npz", "Raw values, NPZ", "All maps and matches as NumPy arrays"],
];

export class Downloads {
  /** @param {Element} parent
   * @param {(kind: string) => void} save */
  constructor(parent, save) {
    this.node = make("details", "px-menu", parent);
    const summary = make("summary", "px-button", this.node, "Download");
    this.list = make("div", "px-menu-list", this.node);
    for (const [kind, text, hint] of KINDS) {
      const node = button(this.list, text, `${text}: ${hint}`, () => {
        save(kind);
        this.close();
        summary.focus();
      });
      node.dataset.kind = kind;
      make("span", "px-hint", node, hint);
    }
    this.node.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.node.open) return;
      event.stopPropagation(); // the chosen match stays
      this.close();
      summary.focus();
    });
    this.node.addEventListener("focusout", ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !this.node.contains(relatedTarget)) this.close();
    });
    document.addEventListener("pointerdown", ({ target }) => {
      if (target instanceof Node && !this.node.contains(target)) this.close();
    });
  }

  close() {
    this.node.open = false;
  }
}
