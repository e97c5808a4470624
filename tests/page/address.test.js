// What of the tab Explore is in a link.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./browser.js";

const { spans } = await import("../../pairx/ui/explore/page/address.js");

test("selected pairs are written as spans", () => {
  assert.equal(spans([7, 1, 3, 2]), "1-3,7");
  assert.equal(spans([5]), "5");
  assert.equal(spans([]), "");
});

test("a selection that is too long for a link is left out", () => {
  assert.equal(spans(Array.from({ length: 5000 }, (_, i) => 2 * i)), "");
  assert.equal(spans(Array.from({ length: 5000 }, (_, i) => i)), "0-4999");
});
