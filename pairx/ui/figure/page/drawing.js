// Which figure is drawn, and what was computed for it.

import { kept, panels } from "../../page/figure.js";

export const drawing = {
  /** The figure on show, as it was asked for.
   * @type {string | null} */
  drawn: null,
  /** All that was computed since the page was opened: the server keeps it.
   * @type {Set<string>} */
  panels: new Set(),

  /** The figure in progress as it is asked for. */
  text: () => JSON.stringify(kept.now),

  /** @param {string} text of a figure that was drawn */
  done(text) {
    this.drawn = text;
    for (const panel of panels(JSON.parse(text))) this.panels.add(panel);
  },
};
