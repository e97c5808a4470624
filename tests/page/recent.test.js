// What is kept of recent pairs, and what is not taken for it.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./browser.js";

const { added, read } = await import("../../pairx/ui/explain/page/recent.js");

/** @param {string} a @param {Record<string, string>} [more] */
const pair = (a, more = {}) => ({
  query: { a, b: "b", ...more },
  names: [a, "b"],
  similarity: 0.5,
  thumbs: ["data:image/jpeg;base64,x", "data:image/jpeg;base64,y"],
});

test("the newest comes first, once, and the thirteenth goes", () => {
  /** @type {import("../../pairx/ui/explain/page/recent.js").Recent[]} */
  let all = [];
  for (let i = 0; i < 15; i++) all = added(all, pair(String(i)));
  assert.deepEqual([all.length, all[0].query.a, all[11].query.a], [12, "14", "3"]);
  all = added(all, pair("7", { layer: "another" }));
  assert.deepEqual([all.length, all[0].query.a], [12, "7"]);
  assert.equal(added(all, pair("7", { cut_a: "1,2,30,40,0" })).length, 12);
});

test("what others wrote there is left out", () => {
  assert.deepEqual(read(null), []);
  for (const text of ["", "{", "7", "null", '{"a":1}', "[1,null,{}]"]) assert.deepEqual(read(text), []);
  const good = pair("a");
  const bad = [
    { ...good, thumbs: ["https://elsewhere/x.jpg", "data:image/jpeg;base64,y"] },
    { ...good, query: { a: "a" } },
    { ...good, query: { a: "a", b: {} } },
    { ...good, names: "ab" },
    { ...good, similarity: "1" },
  ];
  assert.deepEqual(read(JSON.stringify([...bad, good])), [good]);
});
