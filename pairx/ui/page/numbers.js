// Numbers, and how they are written.

/** @type {(value: number, low: number, high: number) => number} */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** @type {(text: string) => string} */
export const minus = (text) => text.replaceAll("-", "−");

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A number in two figures, such as 0.00013 or 8.6 · 10⁻⁶.
 * @param {number} value */
export function figures(value) {
  if (value === 0 || Math.abs(value) >= 0.0001) return minus(value.toPrecision(2));
  const [digits, power] = value.toExponential(1).split("e-");
  return minus(`${digits} · 10⁻${[...power].map((digit) => RAISED[Number(digit)]).join("")}`);
}

/** The same with its sign.
 * @param {number} value */
export const signed = (value) => `${value < 0 ? "" : "+"}${figures(value)}`;

/** A number in three figures, or a dash where there is none.
 * @param {number | null} [value] */
export function brief(value) {
  return value === null || value === undefined ? "–" : minus(Number(value.toPrecision(3)).toString());
}
