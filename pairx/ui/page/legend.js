// What the colours over a photograph mean: a ramp with its two ends.

import { make } from "./dom.js";
import { signed } from "./numbers.js";

/** @import { Scale } from "./payloads.js" */

/** @param {Scale} scale */
export function legend({ colors, low, high, ends, title }) {
  const node = make("div", "px-scale");
  node.title = title;
  const told = [low, high].map((word, i) => (ends[i] ? `${word} (${signed(ends[i])})` : word));
  make("span", "", node, told[0]);
  make("span", "px-ramp", node).style.backgroundImage = `linear-gradient(90deg, ${colors.join(", ")})`;
  make("span", "", node, told[1]);
  return node;
}
