// Colour maps: the blend of the printed figure, and the styles of marks.

import assert from "node:assert/strict";
import { test } from "node:test";

import { blended, markStyles } from "../../pairx/ui/page/paint.js";

/** @param {number[]} alpha */
const map = (alpha) => ({ width: alpha.length, height: 1, alpha: Float32Array.from(alpha) });

test("colours mix by their squared opacities, and the strongest opacity stays", () => {
  const data = blended([map([1, 0, 0.5]), map([0, 0, 0.5])], ["#ff0000", "#0000ff"], [1, 1]);
  assert.deepEqual([...data.slice(0, 4)], [255, 0, 0, 255]);
  assert.deepEqual([...data.slice(4, 8)], [0, 0, 0, 0]);
  assert.deepEqual([...data.slice(8, 12)], [128, 0, 128, 128]);
  const faint = blended([map([1])], ["#00ff00"], [0.12]);
  assert.deepEqual([...faint], [0, 255, 0, Math.round(255 * 0.12)]);
});

test("a mark is drawn while the look shows its line, and has a colour while it is traced", () => {
  const scene = /** @type {any} */ ({ against: "#00f", neutral: "#888", casings: ["dark", "light"] });
  const mark = { share: 0.1, points: [], width: 2, against: false };
  const marks = /** @type {any} */ ([
    { ...mark, rank: 1, at: 1 },
    { ...mark, rank: 2, at: 2 },
    { ...mark, rank: 9, at: 3, against: true },
  ]);
  const [first, second, lowering] = markStyles(scene, marks, ["#f00"], 1, 2, 2);
  assert.deepEqual(first, { color: "#f00", casing: "dark", width: 4, drawn: true, against: false });
  assert.deepEqual([second.color, second.casing, second.width, second.drawn], ["#888", "light", 1.2, true]);
  assert.deepEqual([lowering.color, lowering.casing, lowering.drawn], ["#00f", "dark", false]);
});
