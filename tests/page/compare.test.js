// What the Compare tab says and asks, without its page.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./browser.js";

const { asked, chosenFrom, inAddress, inOrder, withRecent } = await import("../../pairx/ui/compare/page/choosing.js");
const { columnsOf } = await import("../../pairx/ui/compare/page/columns.js");
const { finds } = await import("../../pairx/ui/compare/page/choices.js");
const { comparable, ordered, orderOf } = await import("../../pairx/ui/compare/page/order.js");
const { duration, panelWords, summary } = await import("../../pairx/ui/compare/page/progress.js");

test("an address says what is compared, and says it again", () => {
  const query = new URLSearchParams("axis=pairs&choices=a~b,c~d&methods=pair-x,sam&order=name");
  const said = asked(chosenFrom(query));
  assert.deepEqual(said, { axis: "pairs", choices: ["a~b", "c~d"], methods: ["pair-x", "sam"] });
  assert.deepEqual(asked(chosenFrom(new URLSearchParams(inAddress(said)))), said);
  const nothing = asked(chosenFrom(new URLSearchParams("")));
  assert.deepEqual(nothing, { axis: "methods", choices: null, methods: [] }, "the server takes its default");
  assert.deepEqual(inAddress(nothing), { axis: "methods" });
  assert.deepEqual(
    [orderOf({ order: "name" }), orderOf({ order: "constructor" }), orderOf({})],
    ["name", "chosen", "chosen"],
  );
});

test("the choices of each axis are kept apart", () => {
  const chosen = { axis: "layers", choices: { methods: ["sam"] }, methods: {} };
  assert.equal(asked(chosen).choices, null);
  assert.deepEqual(asked({ ...chosen, axis: "methods" }).choices, ["sam"]);
});

test("pairs that were looked at stand behind the one on show, each once", () => {
  const entry = (id) => ({ id, title: id, group: "", seconds: "" });
  const found = withRecent(
    [entry("now"), entry("sample")],
    [
      { id: "now", title: "" },
      { id: "old", title: "Old" },
    ],
  );
  assert.deepEqual(
    found.map(({ id }) => id),
    ["now", "old", "sample"],
  );
  assert.deepEqual(inOrder(["sample", "now"], found), ["now", "sample"]);
});

test("a choice is found by every word of its name or family", () => {
  const entry = { id: "ig-sam-second-order", title: "IG-SAM, second order", group: "Shapley values" };
  assert.ok(["", "shap sec", "IG", " order  sam "].every((typed) => finds(entry, typed)));
  assert.ok(!finds(entry, "sam lrp"));
});

test("panels stand by faithfulness, what has none last, and equals as chosen", () => {
  const panel = (id, family, drop) => ({ id, title: id, family, drop, judged: null });
  const all = [panel("c", "x", null), panel("b", "y", 0.1), panel("a", "x", 0.4), panel("d", "y", 0.1)];
  assert.deepEqual(ordered(all, "faithfulness"), ["a", "b", "d", "c"]);
  assert.deepEqual(ordered(all, "name"), ["a", "b", "c", "d"]);
  assert.deepEqual(ordered(all, "family"), ["c", "a", "b", "d"]);
  assert.deepEqual(ordered(all, "chosen"), ["c", "b", "a", "d"]);
  assert.deepEqual(
    all.map(({ id }) => id),
    ["c", "b", "a", "d"],
    "the list itself stays",
  );
});

test("panels stand by how their methods were judged, the best first, and what was not judged last", () => {
  const panel = (id, numbers, judgement = "herd") => {
    const rows = Object.entries(numbers).map(([criterion, mean]) => ({
      ...{ criterion, mean, title: criterion, text: "", fails: "" },
      higher: criterion === "energy",
    }));
    const judged = { judgement, dataset: "Sample herd", about: "", line: [], rows };
    return { id, title: id, family: "", drop: null, judged: rows.length ? judged : null };
  };
  const all = [panel("a", {}), panel("b", { energy: 0.2, deletion: 0.4 }), panel("c", { energy: 0.5 })];
  const more = [...all, panel("d", { deletion: 0.1 })];
  assert.deepEqual(ordered(more, "judged-energy"), ["c", "b", "a", "d"]);
  assert.deepEqual(ordered(more, "judged-deletion"), ["d", "b", "a", "c"]);
  assert.deepEqual(ordered(more, "judged-nothing"), ["a", "b", "c", "d"]);
  assert.equal(orderOf({ order: "judged-energy" }), "judged-energy");
  const offered = comparable(more);
  assert.equal(offered.dataset, "Sample herd");
  assert.deepEqual(
    offered.criteria.map(({ criterion }) => criterion),
    ["energy", "deletion"],
  );
  assert.deepEqual(comparable(all.slice(0, 2)).criteria, [], "one number orders nothing");
  assert.deepEqual(comparable([...all, panel("e", { energy: 1 }, "nyala")]).criteria, [], "of two judgements");
});

test("each panel says its own state", () => {
  const busy = { busy: true, text: "SAM: 1 of 2", panel: "sam", share: 0.4, left: 6.04, done: 40, total: 200 };
  assert.deepEqual(panelWords("sam", busy, { over: false }), ["Running: 40 %, about 6.0 s left", 0.4]);
  assert.deepEqual(panelWords("sam", { ...busy, share: 0, left: undefined }, { over: false }), ["Running: 0 %", 0]);
  assert.deepEqual(panelWords("lrp", busy, { over: false }), ["Waiting"]);
  assert.deepEqual(panelWords("sam", {}, { over: true }), ["Not computed yet"]);
});

test("one line says what runs, what is missing and how long it takes", () => {
  const file = /** @type {any} */ ({});
  const panels = /** @type {any[]} */ ([{ file }, { file: null }]);
  const board = { over: true, expected: "about 3.0 s", panels };
  assert.equal(summary({ busy: true, text: "SAM: 2 of 2", done: 150, total: 200 }, board), "SAM: 2 of 2 (75 %)");
  assert.equal(summary({}, board), "1 of 2 panels is not computed yet: press Compare. That takes about 3.0 s.");
  assert.equal(
    summary({ text: "Stopped." }, { ...board, expected: "" }),
    "Stopped. 1 of 2 panels is not computed yet: press Compare.",
  );
  assert.equal(summary({}, { ...board, panels: [{ ...panels[0] }] }), "The panel is there.");
  assert.deepEqual([0, 9.94, 12.4, 150, 9000].map(duration), ["0.1 s", "9.9 s", "12 s", "3 min", "3 h"]);
});

test("panels stand in rows with the fewest holes, as many as fit, and a table keeps its columns", () => {
  const wide = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((count) => columnsOf(count, 1060, 0));
  assert.deepEqual(wide, [1, 2, 3, 2, 3, 3, 2, 2, 3]);
  assert.deepEqual(
    [columnsOf(6, 700, 0), columnsOf(6, 358, 0), columnsOf(6, 0, 0), columnsOf(9, 2400, 0)],
    [2, 1, 1, 3],
  );
  assert.deepEqual([columnsOf(8, 1060, 4), columnsOf(8, 358, 4)], [4, 1]);
});
