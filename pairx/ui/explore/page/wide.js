// A part of the tab over the whole window, and back in its place; the browser's Back leads there, too.

import { stepDown, stepOver } from "../../page/link.js";

export class Wide {
  /** @param {HTMLElement} root
   * @param {(on: boolean) => void} changed */
  constructor(root, changed) {
    this.root = root;
    this.changed = changed;
    /** Where the focus was.
     * @type {Element | null} */
    this.before = null;
    // Behind it nothing can be reached.
    document.addEventListener("focusin", ({ target }) => {
      if (this.on && target instanceof Node && !root.contains(target)) root.focus();
    });
  }

  get on() {
    return this.root.matches(":popover-open");
  }

  /** @param {boolean} on */
  set(on) {
    if (on === this.on) return;
    const place = this.root.parentElement;
    place.style.minHeight = on ? `${this.root.offsetHeight}px` : ""; // nothing behind it moves
    if (on) {
      this.before = document.activeElement;
      this.root.popover = "manual";
      this.root.tabIndex = -1;
      this.root.setAttribute("role", "dialog");
      this.root.setAttribute("aria-modal", "true");
      this.root.showPopover();
      this.root.focus();
      stepOver(() => this.set(false));
    } else {
      stepDown();
      this.root.hidePopover();
      for (const name of ["popover", "tabindex", "role", "aria-modal"]) this.root.removeAttribute(name);
      if (this.before instanceof HTMLElement) this.before.focus({ preventScroll: true });
    }
    document.documentElement.classList.toggle("px-covered", on);
    this.changed(on);
  }
}
