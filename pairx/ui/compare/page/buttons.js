// Start and stop a comparison.

import { button } from "../../page/dom.js";
import { follow, state } from "../../page/state.js";
import { asked } from "./choosing.js";

/** @import { CompareButtonsPart } from "../../page/payloads.js" */

/** @param {CompareButtonsPart} part */
export function mount({ element, trigger }) {
  const root = element.querySelector(".px-compare-buttons");
  const go = button(root, "Compare", "Compare: computes the panels that are not there yet", () => {
    trigger("go", asked(state.compare));
  });
  go.id = "px-compare";
  const stop = button(root, "Stop", "Stop: the panels that are through stay", () => trigger("halt", {}));
  stop.id = "px-halt";
  stop.disabled = true;
  follow("compare-status", (status) => {
    stop.disabled = !status?.busy;
  });
}
