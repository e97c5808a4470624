// Rectangles in a photograph that is shown turned and mirrored.

import assert from "node:assert/strict";
import { test } from "node:test";

const { between, changed, original, shown, turnedSize } = await import("../../pairx/ui/explain/page/rectangle.js");

/** @type {[number, number]} */
const SIZE = [90, 61];

test("a quarter turn clockwise brings the left edge to the top", () => {
  assert.deepEqual(shown([0, 0, 10, 5], SIZE, 1, false), [56, 0, 5, 10]);
  assert.deepEqual(shown([0, 0, 10, 5], SIZE, 2, false), [80, 56, 10, 5]);
  assert.deepEqual(shown([0, 0, 10, 5], SIZE, 0, true), [80, 0, 10, 5]);
});

test("every way has a way back", () => {
  for (let turns = 0; turns < 4; turns++)
    for (const mirrored of [false, true])
      assert.deepEqual(original(shown([7, 9, 31, 22], SIZE, turns, mirrored), SIZE, turns, mirrored), [7, 9, 31, 22]);
  assert.deepEqual([turnedSize(SIZE, 3), turnedSize(SIZE, 2)], [[61, 90], SIZE]);
});

test("a rectangle stays within the photograph and has an area", () => {
  assert.deepEqual(between([50, 40], [-20, 900], SIZE, 8), [0, 40, 50, 21]);
  assert.deepEqual(between([90, 61], [89, 60], SIZE, 8), [82, 53, 8, 8]);
  assert.deepEqual(changed([10, 10, 20, 20], [-50, 0, 0, 0], SIZE, 8), [0, 10, 20, 20]);
  assert.deepEqual(changed([10, 10, 20, 20], [0, 0, 500, -500], SIZE, 8), [0, 10, 90, 8]);
});
