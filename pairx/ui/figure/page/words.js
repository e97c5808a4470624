// What rows and columns are called, as `pairx.figures` calls them in the figure.

/** @import { Entry } from "../../page/figure.js" */
/** @import { FigureColumn } from "../../page/payloads.js" */

/** The photographs of a row or column, as the specification names them.
 * @param {Entry} entry
 * @returns {string[]} */
export function photosOf({ a, b, pair }) {
  const both = Array.isArray(pair) ? pair : [a, b];
  return both.map((one) => one?.file ?? one).filter((one) => typeof one === "string");
}

/** @param {Entry} entry
 * @param {FigureColumn[]} columns all that a column may show */
export function described(entry, columns) {
  const { show = "matches", method, photograph, run, view, first } = entry;
  if (run) return `${first && first !== "1" ? `${first} ` : ""}${view ?? "pairs"} of ${run}`;
  if (!method && !entry.show) return "";
  const asked = show === "photographs" ? "" : (method ?? "pair-x");
  const found = columns.find(
    ({ column }) =>
      (column.method ?? "") === asked &&
      (column.show ?? "matches") === show &&
      (column.photograph ?? "both") === (photograph ?? "both"),
  );
  const known = columns.find(({ column }) => column.method === asked);
  return found?.title ?? [known?.title ?? asked, show].filter(Boolean).join(": ");
}

/** What a row or column sets beside what it is called.
 * @param {Entry} entry */
export function settings({ model, layer, options, background, point }) {
  const words = Object.entries(options ?? {}).map(([name, value]) => `${name} ${value}`.replaceAll("_", " "));
  const behind = background?.file ?? background;
  return [model?.name ?? model, layer, ...words, behind && `background ${behind.split("/").at(-1)}`, point && "a point"]
    .filter(Boolean)
    .join(" · ");
}
