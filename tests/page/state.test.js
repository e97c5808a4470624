// The bus, and what the parts share, whichever comes first.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./browser.js";

const { backgroundChanged, emit, follow, formChanged, on, setDefaults, state } =
  await import("../../pairx/ui/page/state.js");

test("a part that is late follows what was said before, and no other hears it twice", () => {
  /** @type {string[][]} */
  const [early, late, deaf] = [[], [], []];
  follow("status", ({ text }) => early.push(text));
  emit("status", { text: "one" });
  follow("status", ({ text }) => late.push(text));
  on("status", ({ text }) => deaf.push(text));
  emit("status", { text: "two" });
  assert.deepEqual([early, late, deaf], [["one", "two"], ["one", "two"], ["two"]]);
});

test("defaults give way to what somebody chose", () => {
  const defaults = { lines: 20, colors: 10, opacity: 0.75, most_lines: 40, most_colors: 10 };
  setDefaults(defaults);
  state.look.lines = 3;
  setDefaults(defaults);
  assert.deepEqual(state.look, { lines: 3, colors: 10, opacity: 0.75, palette: "" });
});

test("the form is known by the paths of its photographs", () => {
  let told = 0;
  on("form", () => (told += 1));
  const photo = { path: "/a.png", url: "http://x/a.png" };
  formChanged(photo, null, "reid-lite0", "blocks.3");
  assert.deepEqual(state.formNow, ["/a.png", null, "reid-lite0", "blocks.3"]);
  backgroundChanged("mean", photo);
  assert.equal(state.background, "mean");
  backgroundChanged("photograph", photo);
  assert.equal(state.background, "/a.png");
  backgroundChanged("photograph", null);
  assert.equal(state.background, null);
  assert.equal(told, 4);
});
