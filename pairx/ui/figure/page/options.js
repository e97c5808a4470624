// How the figure looks: width, size of its text, scale of its colours, caption, ground.

import { make } from "../../page/dom.js";
import { kept } from "../../page/figure.js";

/** @import { FigureConstants } from "../../page/payloads.js" */

const SIZES = ["6", "7", "8", "9", "10", "12"];
const YES = ["true", "yes", "on"];

export class Options {
  /** @param {Element} parent @param {FigureConstants} given */
  constructor(parent, given) {
    this.node = make("div", "px-figure-options", parent);
    /** @type {[string, string, HTMLSelectElement][]} */
    this.selects = [
      this.select("width", "Width", "183", given.widths),
      this.select("font_size", "Text", "7", SIZES.map((size) => [size, `${size} pt`])),
      this.select("scale", "Colour scale", "panel", given.scales),
    ]; // prettier-ignore
    this.caption = this.box("Caption", (on) => ({ caption: on ? "on" : "off" }));
    this.transparent = this.box("Transparent", (on) => ({ ground: on ? "transparent" : "light" }));
  }

  /** @param {string} name @param {string} title @param {string} otherwise @param {[string, string][]} choices
   * @returns {[string, string, HTMLSelectElement]} */
  select(name, title, otherwise, choices) {
    const node = make("select", "", make("label", "px-figure-option", this.node, title));
    for (const [value, text] of choices) node.append(new Option(text, value));
    node.addEventListener("change", () => kept.change({ ...kept.now, [name]: node.value }));
    return [name, otherwise, node];
  }

  /** @param {string} title @param {(on: boolean) => Record<string, string>} chosen */
  box(title, chosen) {
    const label = make("label", "px-figure-check", this.node);
    const node = Object.assign(make("input", "", label), { type: "checkbox" });
    label.append(title);
    node.addEventListener("change", () => kept.change({ ...kept.now, ...chosen(node.checked) }));
    return node;
  }

  draw() {
    const { now } = kept;
    for (const [name, otherwise, node] of this.selects) {
      const value = String(now[name] ?? otherwise);
      // What an opened specification says may be none of the choices.
      if (![...node.options].some((one) => one.value === value)) node.append(new Option(value, value));
      node.value = value;
    }
    this.caption.checked = YES.includes(String(now.caption ?? "on").toLowerCase());
    this.transparent.checked = now.ground === "transparent";
  }
}
