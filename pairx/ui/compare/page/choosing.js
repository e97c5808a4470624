// What a person chose to compare, for each axis, and how an address says it.

/** @import { ChooserEntry, Choosing } from "../../page/payloads.js" */

/** The choices of each axis that somebody made; of an axis that has none here, its own default holds.
 * @typedef {{axis: string, choices: Record<string, string[]>, methods: Record<string, string[]>}} Chosen */

/** @param {URLSearchParams} query
 * @returns {Chosen} */
export function chosenFrom(query) {
  const axis = query.get("axis") || "methods";
  /** @param {string} name */
  const list = (name) => query.get(name)?.split(",").filter(Boolean);
  const [choices, methods] = [list("choices"), list("methods")];
  return { axis, choices: choices ? { [axis]: choices } : {}, methods: methods ? { [axis]: methods } : {} };
}

/** What is asked for: of an axis that nobody chose from, nothing, so that the server takes its default.
 * @param {Chosen} chosen
 * @returns {Choosing} */
export const asked = ({ axis, choices, methods }) => ({
  axis,
  choices: choices[axis] ?? null,
  methods: methods[axis] ?? [],
});

/** What an address says of it.
 * @param {Choosing} asked
 * @returns {Record<string, string>} */
export function inAddress({ axis, choices, methods }) {
  return {
    axis,
    ...(choices ? { choices: choices.join(",") } : {}),
    ...(methods.length ? { methods: methods.join(",") } : {}),
  };
}

/** The pairs with those that were looked at since the page was opened.
 * @param {ChooserEntry[]} entries
 * @param {{id: string, title: string}[]} recent */
export function withRecent(entries, recent) {
  const known = new Set(entries.map(({ id }) => id));
  const others = recent
    .filter(({ id }) => !known.has(id))
    .map(({ id, title }) => ({ id, title, group: "Looked at before", seconds: "" }));
  return [...entries.slice(0, 1), ...others, ...entries.slice(1)];
}

/** The ids in the order of the list that they are chosen from.
 * @param {string[]} ids
 * @param {{id: string}[]} entries */
export const inOrder = (ids, entries) => entries.map(({ id }) => id).filter((id) => ids.includes(id));
