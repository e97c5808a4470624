// What every picture of the page begins with: a notice, a line for the empty page, a body, a toolbar that zooms.

import { button, make } from "./dom.js";
import { MOST_ZOOM } from "./geometry.js";
import { hold, keeps } from "./keys.js";

/** @import { LinkedView } from "./geometry.js" */

/** How much one press of a button zooms. */
export const ZOOM_STEP = 1.5;

/** @param {HTMLElement} root
 * @param {string} blank what is said while there is no picture */
export function shell(root, blank) {
  root.replaceChildren();
  const notice = make("div", "px-notice", root);
  notice.setAttribute("role", "status");
  make("div", "px-blank", root, blank);
  return { notice, body: make("div", "px-body", root) };
}

/** A button that bares the photographs while it is held.
 * @param {Element} parent */
export function holdButton(parent) {
  const node = button(
    parent,
    "Hide overlays (hold H)",
    "Hide overlays (hold H): the bare photographs as long as it is held",
  );
  node.classList.add("px-hold");
  node.addEventListener("pointerdown", (event) => {
    node.setPointerCapture(event.pointerId);
    hold(true);
  });
  for (const name of ["pointerup", "pointercancel", "blur", "keyup"]) node.addEventListener(name, () => hold(false));
  node.addEventListener("contextmenu", (event) => event.preventDefault());
  node.addEventListener("keydown", (event) => keeps(event) && hold(true));
}

/** A slider of how strongly what is drawn covers the photographs; returns its input.
 * @param {Element} parent
 * @param {number} opacity to begin with, 0 to 1
 * @param {(opacity: number) => void} changed */
export function opacitySlider(parent, opacity, changed) {
  const label = make("label", "px-opacity", parent, "Opacity");
  const node = Object.assign(make("input", "", label), { type: "range", min: "0", max: "100" });
  node.value = String(Math.round(100 * opacity));
  node.addEventListener("input", () => changed(Number(node.value) / 100));
  return node;
}

export class ZoomTools {
  /**
   * @param {Element} parent
   * @param {string} label
   * @param {LinkedView} view
   * @param {() => void} moved called after the zoom changed; it calls `tell` in its turn
   */
  constructor(parent, label, view, moved) {
    this.view = view;
    this.moved = moved;
    this.node = make("div", "px-tools", parent);
    this.node.setAttribute("role", "toolbar");
    this.node.setAttribute("aria-label", label);
    this.out = button(this.node, "−", "Zoom out", () => this.by(1 / ZOOM_STEP));
    this.label = button(this.node, "100 %", "Show the whole photographs", () => this.reset());
    this.in = button(this.node, "+", "Zoom in", () => this.by(ZOOM_STEP));
  }

  /** @param {number} factor */
  by(factor) {
    this.view.zoomTo(this.view.zoom * factor);
    this.moved();
  }

  reset() {
    this.view.reset();
    this.moved();
  }

  tell() {
    this.label.textContent = `${Math.round(100 * this.view.zoom)} %`;
    this.out.disabled = this.view.zoom <= 1;
    this.in.disabled = this.view.zoom >= MOST_ZOOM;
  }
}
