// Second-order evidence: known answers, and agreement of one way with the other.

import assert from "node:assert/strict";
import { test } from "node:test";

import { colorTable, EvidenceTensor, magnified, outline, strongest, weightsOf } from "../../pairx/ui/page/evidence.js";
import { Extent, WHOLE } from "../../pairx/ui/page/geometry.js";

/** @param {ArrayLike<number>} values */
const sum = (values) => Array.from(values).reduce((a, b) => a + b, 0);

test("weights of a place add up to one, whatever the place", () => {
  for (const place of [
    [0.3, 0.7, 0.3, 0.7],
    [0, 0, 0, 0],
    [1, 1, 1, 1],
    [0.1, 0.2, 0.9, 0.3],
    [0, 0, 1, 1],
  ]) {
    assert.ok(Math.abs(sum(weightsOf(place, [4, 5])) - 1) < 1e-12);
  }
  assert.deepEqual([...weightsOf([0.5, 0.5, 0.5, 0.5], [2, 2])], [0.25, 0.25, 0.25, 0.25]);
  assert.deepEqual([...weightsOf([0.75, 0.25, 0.75, 0.25], [2, 2])], [0, 1, 0, 0], "a cell's centre");
});

test("partners of a whole photograph are the mean over its cells, from either side", () => {
  const values = Int16Array.from({ length: 24 }, (_, i) => i * i - 50);
  const tensor = new EvidenceTensor(values, { shape: [2, 3, 2, 2], step: 0.5, scale: 1 });
  const whole = [0, 0, 1, 1];
  const [there, back] = [tensor.partners(0, whole), tensor.partners(1, whole)];
  assert.deepEqual(
    [there.grid, back.grid],
    [
      [2, 2],
      [2, 3],
    ],
  );
  for (let k = 0; k < 4; k++) {
    const expected = [0, 1, 2, 3, 4, 5].reduce((all, own) => all + 0.5 * values[own * 4 + k], 0) / 6;
    assert.ok(Math.abs(there.cells[k] - expected) < 1e-4);
  }
  assert.ok(Math.abs(sum(there.cells) / 4 - sum(back.cells) / 6) < 1e-4);
});

test("the strongest cell lies in the photograph, not in its padding", () => {
  /** @type {{cells: number[], grid: [number, number]}} */
  const map = { cells: [9, 2, 1], grid: [3, 1] };
  assert.deepEqual(strongest(map, WHOLE), { value: 9, point: [0.5, 1 / 6] });
  assert.equal(strongest(map, new Extent([0, -0.5, 1, 2])).value, 2);
});

test("a magnified map keeps the values of the cells' centres", () => {
  const fine = magnified({ cells: [0, 1, 2, 3], grid: [2, 2] }, 9);
  assert.deepEqual([fine.height, fine.width], [18, 18]);
  assert.equal(fine.values[4 * 18 + 4], 0);
  assert.equal(fine.values[13 * 18 + 13], 3);
});

test("an outline surrounds so many of the highest values", () => {
  const map = { values: Float32Array.from([0, 0, 0, 0, 9, 0, 0, 0, 0]), height: 3, width: 3 };
  const sides = outline(map, 1).match(/M/g);
  assert.equal(sides.length, 4, "four sides of one pixel");
  assert.equal(outline(map, 9).match(/M/g).length, 12);
});

test("a colour table has the legend's ends", () => {
  const bytes = new Uint8Array(colorTable(["#0000ffff", "#ffffff00", "#ff0000ff"]).buffer);
  assert.equal(bytes.length, 4 * 511);
  assert.deepEqual([...bytes.slice(0, 4)], [0, 0, 255, 255]);
  assert.deepEqual([...bytes.slice(4 * 255, 4 * 256)], [255, 255, 255, 0]);
  assert.deepEqual([...bytes.slice(-4)], [255, 0, 0, 255]);
});
