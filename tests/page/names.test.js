// Names of others: cut in the middle, kept apart from what stands around them.

import assert from "node:assert/strict";
import { test } from "node:test";

import { cutInTheMiddle, isolated, ownName } from "../../pairx/ui/page/names.js";

test("a long name keeps both of its ends", () => {
  assert.equal(cutInTheMiddle("144_left.jpg", 12), "144_left.jpg");
  const cut = cutInTheMiddle("A_very_long_identity_1032_left.jpg", 12);
  assert.deepEqual([cut, cut.length], ["A_very…t.jpg", 12]);
});

test("no letter is cut in two", () => {
  const family = "👨‍👩‍👧";
  assert.equal(cutInTheMiddle(family.repeat(9), 3), `${family}…${family}`);
});

test("the parts of a path stay in their order whatever their script", () => {
  assert.equal(isolated("a/b.jpg"), "a/b.jpg");
  assert.equal(isolated("נמר/581.jpg"), "\u2068נמר\u2069/\u2068581.jpg\u2069");
});

test("a photograph is named without the folder of its individual", () => {
  assert.equal(ownName("144/220.jpg", "144"), "220.jpg");
  assert.equal(ownName("144-220.jpg", "144"), "144-220.jpg");
  assert.equal(ownName("1440/220.jpg", "144"), "1440/220.jpg");
});
