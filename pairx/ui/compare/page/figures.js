// The files of a board: what they are, and what stands on the figure's page.

import { button, make } from "../../page/dom.js";

/** Widths of a page, mm, with what they are for. */
const WIDTHS = [
  [175, "175 mm, two columns"],
  [85, "85 mm, one column"],
];
const KINDS = [
  ["png", "PNG", "Figure PNG of all panels"],
  ["svg", "SVG", "Figure SVG of all panels"],
  ["pdf", "PDF", "Figure PDF of all panels"],
  ["zip", "Raw values", "Raw values of all panels, a ZIP"],
];

/** @param {Element} parent
 * @param {(asked: {kind: string, width: number, seconds: boolean, cautions: boolean}) => void} download */
export function figures(parent, download) {
  const node = make("div", "px-tools px-files", parent);
  node.setAttribute("role", "group");
  node.setAttribute("aria-label", "Download");
  make("span", "px-hint", node, "Figure");
  const width = make("select", "", node);
  width.setAttribute("aria-label", "Width of the figure");
  for (const [millimetres, text] of WIDTHS) width.append(new Option(String(text), String(millimetres)));
  /** @param {string} text */
  const box = (text) => {
    const label = make("label", "px-check", node);
    const input = Object.assign(make("input", "", label), { type: "checkbox" });
    label.append(text);
    return input;
  };
  const seconds = box("Seconds");
  const cautions = box("Cautions");
  for (const [kind, text, what] of KINDS) {
    const act = () =>
      download({ kind, width: Number(width.value), seconds: seconds.checked, cautions: cautions.checked });
    button(node, text, `${text}: ${what}`, act).dataset.kind = kind;
  }
}
