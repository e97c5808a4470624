// How far the run under way is, or what became of it, and the button that stops it.

import { button, make } from "../../page/dom.js";
import { follow } from "../../page/state.js";
import { statusLine } from "../../page/status.js";
import { runs } from "./runwatch.js";

/** @import { RunProgressPart } from "../../page/payloads.js" */

/** @param {RunProgressPart} part */
export function mount({ element }) {
  const root = element.querySelector("#px-running");
  const line = make("div", "px-status", root);
  const tools = make("div", "px-viewer", root);
  const stop = button(tools, "Stop the run", "Stop the run: what is finished is kept", () => runs.halt());
  stop.id = "px-stop-run";
  follow("runs", ({ running, status, begun }) => {
    if (status) statusLine(line, status);
    tools.hidden = !running;
    // What became of a press of Start, which may be below the window's edge.
    if (begun !== undefined) root.scrollIntoView({ block: "nearest", behavior: "smooth" });
  });
}
