// The sample pairs behind a line that opens. It folds once a person's own photographs are on show.

import { mount as mountStrip } from "../../page/strip.js";
import { follow, on, state } from "../../page/state.js";

/** @import { SamplesPart } from "../../page/payloads.js" */

/** @param {SamplesPart} part */
export function mount(part) {
  /** @type {HTMLDetailsElement} */
  const line = part.element.querySelector(".px-samples");
  mountStrip(part);
  /** @type {string[]} */
  let shown = [];
  follow("scene", ({ form, own }) => {
    if (own && form[0] !== shown[0] && form[1] !== shown[1]) line.open = false;
    shown = form;
  });
  // Other photographs are in the wells than those of the picture: no sample is chosen.
  on("form", () => {
    if (shown[0] === state.formNow[0] && shown[1] === state.formNow[1]) return;
    for (const node of line.querySelectorAll("[aria-pressed=true]")) node.setAttribute("aria-pressed", "false");
  });
}
