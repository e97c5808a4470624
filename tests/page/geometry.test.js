// Where things are in a photograph and its frame.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Extent, isPoint, LinkedView, MOST_ZOOM, WHOLE } from "../../pairx/ui/page/geometry.js";

/** @param {number[]} found @param {number[]} expected */
const close = (found, expected) => {
  assert.equal(found.length, expected.length);
  found.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 1e-9, `${found} is not ${expected}`));
};

test("a place goes into the frame and back", () => {
  const view = new LinkedView();
  view.zoomTo(3, 0.2, 0.7);
  view.pan(0.1, -0.05);
  for (const side of [0, 1]) close(view.at(side, view.place(side, [0.3, 0.6])), [0.3, 0.6]);
});

test("the place under the pointer stays where it is while zooming", () => {
  const view = new LinkedView();
  view.zoomTo(2, 0.3, 0.6);
  const before = view.at(0, [0.3, 0.6]);
  view.zoomTo(5, 0.3, 0.6);
  close(view.at(0, [0.3, 0.6]), before);
});

test("nothing beyond a photograph is shown, and the zoom has its ends", () => {
  const view = new LinkedView();
  view.zoomTo(100);
  assert.equal(view.zoom, MOST_ZOOM);
  view.pan(-1e3, 1e3);
  close(view.at(0, [1, 0]), [1, 0]);
  view.zoomTo(0.01);
  assert.equal(view.zoom, 1);
  close(view.at(1, [0.5, 0.5]), [0.5, 0.5]);
});

test("each photograph has a centre of its own", () => {
  const view = new LinkedView();
  view.focus(
    [
      [0.3, 0.4],
      [0.7, 0.6],
    ],
    4,
  );
  close(view.place(0, [0.3, 0.4]), [0.5, 0.5]);
  close(view.place(1, [0.7, 0.6]), [0.5, 0.5]);
});

test("a place of the photograph lies in the extent or is not seen", () => {
  const crop = new Extent([0.25, 0, 0.5, 1]);
  assert.equal(crop.within([0.1, 0.5, 0.1, 0.5]), null);
  close(crop.within([0.5, 0.5, 0.5, 0.5]), [0.5, 0.5, 0.5, 0.5]);
  close(crop.within([0, 0, 0.5, 1]), [0, 0, 0.5, 1]);
  assert.equal(crop.within([0, 0, 0.25, 1]), null, "a box that only touches it");
  close(crop.out([0, 1]), [0.25, 1]);
  assert.deepEqual([crop.hides, WHOLE.hides, new Extent([0, -0.1, 1, 1.2]).hides], [true, false, false]);
});

test("a box without area is a point", () => {
  assert.ok(isPoint([0.1, 0.2, 0.1, 0.2]));
  assert.ok(!isPoint([0.1, 0.2, 0.1, 0.3]));
});
