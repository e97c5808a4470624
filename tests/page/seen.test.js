// What a link holds of how a picture is seen. tests/ui/test_seen.py reads the same texts.

import assert from "node:assert/strict";
import { test } from "node:test";

import "./browser.js";
import { LinkedView } from "../../pairx/ui/page/geometry.js";
import { written } from "../../pairx/ui/explain/page/seen.js";

test("the picture as it opens adds nothing to a link", () => {
  const { zoom, centers } = new LinkedView();
  assert.deepEqual(written({ zoom, centers, point: null, colors_large: false }), {});
});

test("zoom, places, boxes and the large picture are in the link", () => {
  const view = new LinkedView();
  view.focus(
    [
      [0.3, 0.4],
      [0.123456, 2],
    ],
    2.25,
  );
  const point = { side: 1, place: [0.25, 1 / 3, 0.25, 1 / 3] };
  assert.deepEqual(written({ zoom: view.zoom, centers: view.centers, point, colors_large: true }), {
    view: "2.25,0.3,0.4,0.2222,0.7778",
    point: "b,0.25,0.3333",
    large: "colors",
  });
  assert.equal(written({ point: { side: 0, place: [0, 0.5, 0.25, 1] } }).point, "a,0,0.5,0.25,1");
});
