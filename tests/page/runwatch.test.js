// What the page knows of the runs, in whatever order the server's answers come.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./browser.js";

Object.assign(globalThis.window, { setInterval: () => (ticking = true), clearInterval: () => (ticking = false) });
Object.assign(globalThis.document, { querySelectorAll: () => [label] });
const { mount } = await import("../../pairx/ui/explore/page/runwatch.js");
const { on } = await import("../../pairx/ui/page/state.js");

let ticking = false;
const label = { textContent: "Explore", ariaSelected: "true", dataset: /** @type {{run?: string}} */ ({}) };
/** @type {any} */
const props = { value: null };
/** @type {any[]} */
const [heard, sent] = [[], []];
/** @type {() => void} */
let changed;
on("runs", ({ running }) => heard.push(running));
mount(
  /** @type {any} */ ({
    props,
    given: { tab: "Explore" },
    trigger: (name, data) => sent.push([name, data]),
    watch: (_, act) => (changed = act),
  }),
);

/** @param {number} at @param {string | null} running @param {object} [more] */
function answer(at, running, more = {}) {
  props.value = { at, running, runs: [], finished: null, ...more };
  changed();
}

test("an answer that was given before a run began takes nothing away when it comes late", () => {
  answer(1, null);
  answer(3, "mine", { begun: "mine" });
  answer(2, null);
  assert.deepEqual([heard.splice(0), ticking, label.dataset.run], [[null, "mine"], true, "on"]);
});

test("a run that was started here opens itself, though nothing of it was seen meanwhile", () => {
  answer(4, null, { finished: "mine" });
  assert.deepEqual([sent.splice(0), ticking, label.dataset.run], [[["open", { name: "mine" }]], false, undefined]);
  answer(5, null, { finished: "mine" });
  assert.deepEqual(sent, [], "once");
});

test("a run of another page is shown and does not open itself", () => {
  answer(6, "theirs", { begun: null });
  answer(7, null, { finished: "theirs" });
  assert.deepEqual([sent, label.dataset.run], [[], undefined]);
});

test("a run that was stopped opens nothing, whatever finished before", () => {
  answer(8, "mine-2", { begun: "mine-2" });
  answer(9, null, { finished: null });
  answer(10, null, { finished: "mine" });
  assert.deepEqual([sent, ticking, label.dataset.run], [[], false, undefined]);
});
