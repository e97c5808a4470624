// Draw the figure, and stop that. Where nothing has to be computed it is drawn again without being asked.

import { button } from "../../page/dom.js";
import { kept, panels } from "../../page/figure.js";
import { follow, on } from "../../page/state.js";
import { drawing } from "./drawing.js";

/** @import { FigureButtonsPart } from "../../page/payloads.js" */

/** How long a person may go on writing before the figure follows, ms. */
const PAUSE = 700;

/** @param {FigureButtonsPart} part */
export function mount({ element, trigger }) {
  const root = element.querySelector(".px-figure-buttons");
  const draw = button(root, "Draw", "Draw: computes what is missing, and draws the figure", go);
  draw.id = "px-draw";
  const stop = button(root, "Stop", "Stop: what was computed is kept", () => trigger("halt", {}));
  stop.id = "px-draw-stop";
  /** @type {ReturnType<typeof setTimeout>} */
  let waiting = null;
  let busy = false;
  let asked = ""; // what was asked last, so that nothing is asked twice unless a person does

  function go() {
    clearTimeout(waiting);
    asked = drawing.text();
    trigger("go", { text: asked });
  }

  function tell() {
    draw.disabled = !kept.now.rows.length;
    stop.disabled = !busy;
    clearTimeout(waiting);
    const now = drawing.text();
    const computed = [...panels(kept.now)].every((panel) => drawing.panels.has(panel));
    if (busy || !kept.now.rows.length || now === asked || now === drawing.drawn || !computed) return;
    waiting = setTimeout(go, PAUSE);
  }

  follow("figure-status", (status) => {
    busy = Boolean(status?.busy);
    tell();
  });
  on("figure", tell);
  on("figure-drawn", tell);
  tell();
}
