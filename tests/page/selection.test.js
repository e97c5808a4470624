// The pairs on show: what is selected and chosen, and how they are sorted.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./browser.js";

const { selection, sorted } = await import("../../pairx/ui/explore/page/selection.js");
const { on } = await import("../../pairx/ui/page/state.js");

/** @type {string[]} */
const heard = [];
for (const name of /** @type {const} */ (["rows", "selection", "chosen"])) on(name, () => heard.push(name));

/** @param {number[]} number @param {string} run */
const scene = (number, run = "cows") =>
  /** @type {any} */ ({
    run,
    number,
    correct: number.map((n) => n % 2),
    cosine: number.map((n) => n / 10),
    value: number.map((n) => (n === 3 ? null : -n)),
    query_id: number.map((n) => `q${n}`),
    gallery_id: number.map((n) => `g${n}`),
    query_identity: number.map(() => "a"),
    gallery_identity: number.map(() => "b"),
    status: number.map(() => "ok"),
    n_matches: number,
    transform_inliers: number,
    views: [
      { id: "all", numbers: number },
      { id: "some", numbers: number.slice(0, 2) },
    ],
  });

test("a run opens on all of its pairs, a link on its view", () => {
  selection.show(scene([1, 2, 3, 4]));
  assert.deepEqual([selection.view, selection.selected, selection.numbers()], ["all", null, [1, 2, 3, 4]]);
  selection.show(scene([1, 2, 3, 4]), "some");
  assert.deepEqual([selection.view, selection.numbers()], ["some", [1, 2]]);
  assert.deepEqual(heard.splice(0), ["rows", "selection", "rows", "selection"]);
});

test("a selection by hand stays where its pairs stay; another run forgets it", () => {
  selection.show(scene([1, 2, 3, 4]));
  selection.select([2, 4]);
  selection.choose(4);
  selection.show(scene([1, 2, 3]));
  assert.deepEqual([selection.view, selection.numbers(), selection.chosen], [null, [2], null]);
  selection.show(scene([1, 2, 3], "sheep"));
  assert.deepEqual([selection.view, selection.numbers()], ["all", [1, 2, 3]]);
});

test("only a pair on show can be chosen, and each click has its number", () => {
  selection.show(scene([1, 2]));
  const before = selection.ticket;
  selection.choose(7);
  assert.equal(selection.ticket, before);
  selection.choose(2);
  assert.deepEqual([selection.chosen, selection.ticket], [2, before + 1]);
  const row = selection.row(2);
  assert.deepEqual([row.query, row.gallery, row.correct, row.cosine, row.owners], ["q2", "g2", false, 0.2, ["a", "b"]]);
});

test("pairs without a value come last, whichever way they are sorted", () => {
  selection.show(scene([1, 2, 3, 4]));
  assert.deepEqual(
    sorted([1, 2, 3, 4], (row) => row.value, true),
    [4, 2, 1, 3],
  );
  assert.deepEqual(
    sorted([1, 2, 3, 4], (row) => row.value, false),
    [1, 2, 4, 3],
  );
});
