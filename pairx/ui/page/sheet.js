// A tab's controls on a narrow screen: a sheet that comes up from the lower edge, and the button that opens it.

import { button, make } from "./dom.js";

/** @import { SheetButtonPart } from "./payloads.js" */

const NARROW = window.matchMedia("(max-width: 900px)");

/** @param {SheetButtonPart} part */
export function mount({ element, given }) {
  const own = element.querySelector(".px-sheet-button");
  /** @type {HTMLElement} */
  const sheet = element.closest(".px-columns").querySelector(".px-sheet");
  const opener = button(own, given.label, given.label);
  const closer = button(make("div", "px-sheet-close"), "Done", `Done: closes ${given.label.toLowerCase()}`);
  closer.autofocus = true;
  closer.addEventListener("click", () => sheet.hidePopover());
  sheet.prepend(closer.parentElement);
  sheet.setAttribute("aria-label", given.label);
  // As a popover the sheet lies above all else, Escape and a touch beside it close it, and the button gets its focus back.
  const lay = () => {
    if (NARROW.matches) {
      sheet.popover = "auto";
      sheet.setAttribute("role", "dialog");
      opener.popoverTargetElement = sheet;
    } else {
      sheet.removeAttribute("popover");
      sheet.removeAttribute("role");
      opener.popoverTargetElement = null;
    }
  };
  NARROW.addEventListener("change", lay);
  lay();
}
