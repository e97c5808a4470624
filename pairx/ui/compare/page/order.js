// In which order the panels of a board stand.

import { make } from "../../page/dom.js";

/** @import { BoardPanel, JudgedRow } from "../../page/payloads.js" */

/** What of a panel its place depends on. drop: its faithfulness, null where it has none or it was not measured.
 * @typedef {Pick<BoardPanel, "id" | "title" | "family" | "judged"> & {drop: number | null}} Placed */

/** The orders by name; each says which of two panels, in the order chosen, comes first.
 * @type {Record<string, {title: string, before(a: Placed, b: Placed): number}>} */
export const ORDERS = {
  chosen: { title: "As in the list", before: () => 0 },
  name: { title: "Name", before: (a, b) => a.title.localeCompare(b.title) },
  family: { title: "Family", before: (a, b) => a.family.localeCompare(b.family) },
  faithfulness: {
    title: "Faithfulness on this pair",
    before: (a, b) => (b.drop ?? -Infinity) - (a.drop ?? -Infinity) || 0,
  },
};

/** Before the name of a criterion by which methods were judged. */
const JUDGED = "judged-";

/** By a criterion, the best first; what was not judged by it comes last.
 * @param {string} criterion */
function judgedBy(criterion) {
  /** @param {Placed} panel */
  const place = ({ judged }) => {
    const row = rowOf(judged?.rows ?? [], criterion);
    return row ? (row.higher ? -row.mean : row.mean) : Infinity;
  };
  return (a, b) => place(a) - place(b) || 0;
}

/** @param {JudgedRow[]} rows
 * @param {string} criterion */
const rowOf = (rows, criterion) => rows.find((row) => row.criterion === criterion);

/** The criteria by which panels can be sorted, and where they were measured: those of two panels or more, and none where
 * the numbers come from several judgements, which cannot be compared.
 * @param {Pick<BoardPanel, "judged">[]} panels */
export function comparable(panels) {
  const judged = panels.flatMap((panel) => panel.judged ?? []);
  const one = new Set(judged.map(({ judgement }) => judgement)).size === 1;
  const rows = one ? judged.flatMap((panel) => panel.rows) : [];
  const names = new Set(rows.map(({ criterion }) => criterion));
  const shared = [...names].filter((name) => rows.filter(({ criterion }) => criterion === name).length > 1);
  return { dataset: judged[0]?.dataset ?? "", criteria: shared.map((name) => rowOf(rows, name)) };
}

/** The ids of panels in an order; of equals the one that is chosen first.
 * @param {Placed[]} panels
 * @param {string} order
 * @returns {string[]} */
export function ordered(panels, order) {
  const before = order.startsWith(JUDGED)
    ? judgedBy(order.slice(JUDGED.length))
    : (ORDERS[order] ?? ORDERS.chosen).before;
  return [...panels].sort(before).map(({ id }) => id);
}

/** The order that an address names.
 * @param {Record<string, string>} query */
export const orderOf = ({ order = "" }) =>
  Object.hasOwn(ORDERS, order) || order.startsWith(JUDGED) ? order : "chosen";

/** The control.
 * @param {Element} parent
 * @param {(order: string) => void} changed */
export function orderControl(parent, changed) {
  const label = make("label", "px-order", parent, "Order");
  const select = make("select", "", label);
  for (const [name, { title }] of Object.entries(ORDERS)) select.append(new Option(title, name));
  const group = make("optgroup");
  select.addEventListener("change", () => changed(select.value));
  return {
    label,
    /** @param {Placed[]} panels
     * @param {string} order */
    tell(panels, order) {
      const { dataset, criteria } = comparable(panels);
      group.label = `Judged on ${dataset}`;
      group.replaceChildren(...criteria.map(({ criterion, title }) => new Option(title, JUDGED + criterion)));
      if (criteria.length) select.append(group);
      else group.remove();
      select.value = order;
      if (!select.value) select.value = "chosen";
    },
  };
}
