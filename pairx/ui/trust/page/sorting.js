// In which order the methods of a judgement stand, and how an address says it.

/** @import { TrustCriterion, TrustRow } from "../../page/payloads.js" */

/** By what is sorted: the name of a criterion, "" for the judgement's own order; the best first, or the worst.
 * @typedef {{by: string, worstFirst: boolean}} Sorting */

/** The methods, without the controls: those that have no number of the criterion come last.
 * @param {TrustRow[]} rows
 * @param {Sorting} sorting
 * @param {TrustCriterion[]} criteria
 * @returns {TrustRow[]} */
export function sortedMethods(rows, { by, worstFirst }, criteria) {
  const methods = rows.filter(({ control }) => !control);
  const criterion = criteria.find(({ name }) => name === by);
  if (!criterion) return methods;
  const sign = criterion.higher === worstFirst ? 1 : -1;
  const place = ({ cells }) => (cells[by] ? sign * cells[by].mean : Infinity);
  return methods.sort((a, b) => place(a) - place(b) || 0);
}

/** @param {string} text such as "energy", or "-energy" for the worst first
 * @returns {Sorting} */
export const sortingFrom = (text) => ({ by: text.replace(/^-/, ""), worstFirst: text.startsWith("-") });

/** @param {Sorting} sorting */
export const inAddress = ({ by, worstFirst }) => `${worstFirst ? "-" : ""}${by}`;

/** The other order where a criterion is chosen again.
 * @param {Sorting} sorting
 * @param {string} by
 * @returns {Sorting} */
export const turned = (sorting, by) => ({ by, worstFirst: sorting.by === by && !sorting.worstFirst });

/** The criteria for which a judgement has numbers, and the groups in which they stand.
 * @param {TrustRow[]} rows
 * @param {TrustCriterion[]} criteria */
export function judgedCriteria(rows, criteria) {
  const judged = criteria.filter(({ name }) => rows.some(({ cells }) => cells[name]));
  return { judged, groups: [...new Set(judged.map(({ group }) => group))] };
}
