// Numbers, and how they are written.

/** @type {(value: number, low: number, high: number) => number} */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** @type {(text: string) => string} */
export const minus = (text) => text.replaceAll("-", "−");

/** A number in two figures, such as 0.00013 or 8.6e−6.
 * @param {number} value */
export function figures(value) {
  const small = value !== 0 && Math.abs(value) < 0.0001;
  return minus(small ? value.toExponential(1) : value.toPrecision(2));
}

/** A number in three figures, or a dash where there is none.
 * @param {number | null} [value] */
export function brief(value) {
  return value === null || value === undefined ? "–" : minus(Number(value.toPrecision(3)).toString());
}
