// In which order the panels of a board stand.

import { make } from "../../page/dom.js";

/** @import { BoardPanel } from "../../page/payloads.js" */

/** What of a panel its place depends on. drop: its faithfulness, null where it has none or it was not measured.
 * @typedef {Pick<BoardPanel, "id" | "title" | "family"> & {drop: number | null}} Placed */

/** The orders by name; each says which of two panels, in the order chosen, comes first.
 * @type {Record<string, {title: string, before(a: Placed, b: Placed): number}>} */
export const ORDERS = {
  chosen: { title: "As in the list", before: () => 0 },
  name: { title: "Name", before: (a, b) => a.title.localeCompare(b.title) },
  family: { title: "Family", before: (a, b) => a.family.localeCompare(b.family) },
  faithfulness: { title: "Faithfulness", before: (a, b) => (b.drop ?? -Infinity) - (a.drop ?? -Infinity) || 0 },
};

/** The ids of panels in an order; of equals the one that is chosen first.
 * @param {Placed[]} panels
 * @param {string} order
 * @returns {string[]} */
export function ordered(panels, order) {
  const { before } = ORDERS[order] ?? ORDERS.chosen;
  return [...panels].sort(before).map(({ id }) => id);
}

/** The order that an address names.
 * @param {Record<string, string>} query */
export const orderOf = ({ order = "" }) => (Object.hasOwn(ORDERS, order) ? order : "chosen");

/** The control.
 * @param {Element} parent
 * @param {(order: string) => void} changed */
export function orderControl(parent, changed) {
  const label = make("label", "px-order", parent, "Order");
  const select = make("select", "", label);
  for (const [name, { title }] of Object.entries(ORDERS)) select.append(new Option(title, name));
  select.addEventListener("change", () => changed(select.value));
  return { label, select };
}
