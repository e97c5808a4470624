// How many panels of a board stand side by side.

import { clamp } from "../../page/numbers.js";

/** Of a panel and between two, px. */
const [LEAST, GAP] = [300, 20];
const MOST = 3;

/** As many as fit, or one fewer where that leaves fewer holes in the last row. A table of panels has its own columns, on
 * a screen that holds two.
 * @param {number} count of panels
 * @param {number} width of the board, px
 * @param {number} table columns of a table; 0 where the panels are none */
export function columnsOf(count, width, table) {
  const fitting = Math.max(1, Math.floor((width + GAP) / (LEAST + GAP)));
  if (table) return fitting > 1 ? table : 1;
  const most = clamp(fitting, 1, Math.min(MOST, count));
  /** @param {number} columns */
  const holes = (columns) => (columns - (count % columns)) % columns;
  return most > 2 && holes(most - 1) < holes(most) ? most - 1 : most;
}
