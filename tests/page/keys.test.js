// The keyboard map, and numbers in words.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./browser.js";

const { keeps, MATCHES, PLACES, ROWS, step, ZOOMS } = await import("../../pairx/ui/page/keys.js");
const { brief, clamp, figures, minus } = await import("../../pairx/ui/page/numbers.js");

/** @param {string} key */
const pressed = (key) => /** @type {KeyboardEvent} */ (/** @type {unknown} */ ({ key }));

test("a key has one meaning in each map, and others have none", () => {
  assert.deepEqual([step(ROWS, pressed("ArrowDown")), step(ROWS, pressed("ArrowRight"))], [1, undefined]);
  assert.equal(step(MATCHES, pressed("ArrowLeft")), -1);
  assert.deepEqual(step(PLACES, pressed("ArrowUp")), [0, -1]);
  assert.equal(step(ZOOMS, pressed("0")), 0);
  assert.equal(step(ZOOMS, pressed("+")) * step(ZOOMS, pressed("-")), 1);
  assert.equal(step(ROWS, pressed("constructor")), undefined);
  assert.deepEqual(["Enter", " ", "x"].map(pressed).map(keeps), [true, true, false]);
});

test("numbers are short and have a true minus", () => {
  assert.deepEqual([figures(-0.00013), figures(8.61e-6), figures(0)], ["−0.00013", "8.6 · 10⁻⁶", "0.0"]);
  assert.deepEqual([brief(null), brief(0.12345), brief(-2)], ["–", "0.123", "−2"]);
  assert.equal(minus("-1 to -2"), "−1 to −2");
  assert.deepEqual([clamp(5, 0, 1), clamp(-5, 0, 1), clamp(0.5, 0, 1)], [1, 0, 0.5]);
});
