// In which order a judgement's methods stand.

import assert from "node:assert/strict";
import { test } from "node:test";

const { inAddress, judgedCriteria, sortedMethods, sortingFrom, turned } =
  await import("../../pairx/ui/trust/page/sorting.js");

/** @type {any[]} */
const CRITERIA = [
  { name: "energy", group: "right places", higher: true },
  { name: "parts", group: "right places", higher: true },
  { name: "deletion", group: "true to the model", higher: false },
];
/** @returns {any} */
const row = (method, numbers, control = false) => ({
  method,
  control,
  cells: Object.fromEntries(Object.entries(numbers).map(([name, mean]) => [name, { mean }])),
});
const ROWS = [
  row("a", { energy: 0.2, deletion: 0.3 }),
  row("b", { deletion: 0.1 }),
  row("c", { energy: 0.9 }),
  row("edges", { energy: 1 }, true),
];
const names = (by, worstFirst = false) => sortedMethods(ROWS, { by, worstFirst }, CRITERIA).map(({ method }) => method);

test("the best comes first, or the worst; what has no number last, and no control among methods", () => {
  assert.deepEqual(names(""), ["a", "b", "c"]);
  assert.deepEqual(names("energy"), ["c", "a", "b"]);
  assert.deepEqual(names("energy", true), ["a", "c", "b"]);
  assert.deepEqual(names("deletion"), ["b", "a", "c"], "less is better");
  assert.deepEqual(names("nothing"), ["a", "b", "c"]);
});

test("a second press turns the order round, and an address holds it", () => {
  const once = turned(sortingFrom(""), "energy");
  assert.deepEqual(once, { by: "energy", worstFirst: false });
  assert.equal(inAddress(turned(once, "energy")), "-energy");
  assert.deepEqual(sortingFrom("-energy"), { by: "energy", worstFirst: true });
  assert.deepEqual(turned(sortingFrom("-energy"), "deletion"), { by: "deletion", worstFirst: false });
});

test("only criteria that were measured are shown", () => {
  const { judged, groups } = judgedCriteria(ROWS, CRITERIA);
  assert.deepEqual(
    judged.map(({ name }) => name),
    ["energy", "deletion"],
  );
  assert.deepEqual(groups, ["right places", "true to the model"]);
});
