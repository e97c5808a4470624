// The figure in progress: what a picture adds to it, how its lists change, what has to be computed again.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./browser.js";

/** @type {Map<string, string>} */
const stored = new Map();
Object.assign(globalThis, {
  localStorage: {
    getItem: (/** @type {string} */ name) => stored.get(name) ?? null,
    setItem: (/** @type {string} */ name, /** @type {string} */ text) => stored.set(name, text),
  },
  addEventListener: () => {},
});
Object.assign(globalThis.document, { documentElement: { style: { setProperty() {} } } });
stored.set("px-figure", '{"rows": 7}');
const { added, empty, isFigure, kept, moved, panels } = await import("../../pairx/ui/page/figure.js");

/** @param {string} a @param {Record<string, any>} [more] */
const part = (a, more = {}, column = {}) => ({
  row: { a, b: "b", model: "m", layer: "l", ...more },
  column: { method: "pair-x", ...column },
});

/** @param {...ReturnType<typeof part>} parts */
const of = (...parts) => parts.reduce((figure, one) => added(figure, one).figure, empty());

test("what all rows share is the figure's, what differs is the row's", () => {
  const figure = of(part("1"), part("2"), part("3", { layer: "k" }), part("4", { model: "n" }));
  assert.deepEqual([figure.model, figure.layer], ["m", "l"]);
  assert.deepEqual(figure.rows, [
    { a: "1", b: "b" },
    { a: "2", b: "b" },
    { a: "3", b: "b", layer: "k" },
    { a: "4", b: "b", model: "n", layer: "l" },
  ]);
  assert.deepEqual(figure.columns, [{ method: "pair-x" }]);
  const other = added({ ...figure, rows: [] }, part("5", { model: "n" })).figure;
  assert.deepEqual([other.model, other.rows], ["n", [{ a: "5", b: "b" }]]);
});

test("a picture is in a figure once, whatever its title, and every picture that was added is in it", () => {
  const figure = of(part("1"), part("2"));
  figure.rows[1].title = "Two";
  figure.columns[0] = { show: "colours", title: "Pixels" };
  assert.deepEqual(added(figure, part("2")), { figure, at: 1, isNew: false });
  const again = added(figure, part("2", {}, { options: { cells: "sum_of_abs" } }));
  assert.deepEqual([again.at, again.isNew, again.figure.columns.length], [1, true, 2]);
  const shown = added({ ...figure, columns: [{ show: "photographs" }] }, part("1"));
  assert.deepEqual(shown.figure.columns, [{ show: "photographs" }, { method: "pair-x" }]);
  assert.equal(added(figure, part("1", {}, { method: "sam", background: "blur" })).figure.columns.length, 2);
});

test("an item moves, and the others keep their order", () => {
  assert.deepEqual(moved(["a", "b", "c", "d"], 0, 2), ["b", "c", "a", "d"]);
  assert.deepEqual(moved(["a", "b", "c", "d"], 3, 0), ["d", "a", "b", "c"]);
  assert.deepEqual(moved(["a", "b"], 1, 1), ["a", "b"]);
});

test("titles, looks, orders and removals compute nothing; another layer does", () => {
  const figure = of(part("1"), part("2"));
  const known = panels(figure);
  /** @param {import("../../pairx/ui/page/figure.js").Figure} other */
  const isKnown = (other) => [...panels(other)].every((one) => known.has(one));
  assert.equal(known.size, 2);
  const [first, second] = figure.rows;
  assert.ok(isKnown({ ...figure, title: "T", width: "85", scale: "row", caption: "off", ground: "transparent" }));
  assert.ok(
    isKnown({ ...figure, rows: [second, { ...first, title: "One" }] }) && isKnown({ ...figure, rows: [second] }),
  );
  assert.ok(!isKnown({ ...figure, layer: "k" }) && !isKnown({ ...figure, columns: [] }));
  assert.ok(!isKnown({ ...figure, rows: [{ ...first, layer: "k" }] }));
});

test("it is kept by the browser, and what others wrote there is no figure", () => {
  assert.deepEqual(kept.now, empty());
  kept.change(of(part("1")));
  kept.now = empty();
  kept.read();
  assert.deepEqual(kept.now, of(part("1")));
  for (const text of ["", "{", "null", "[]", '{"rows":[7],"columns":[]}', '{"rows":[null],"columns":[]}']) {
    stored.set("px-figure", text);
    kept.read();
    assert.deepEqual(kept.now, empty(), text);
  }
  assert.ok(!isFigure(undefined) && isFigure({ rows: [{}], columns: [] }));
});
