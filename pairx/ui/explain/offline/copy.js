// The picture of an explanation in a file of its own: no server, no network.

import { readMaps } from "../../page/paint.js";
import { emit, setDefaults, state } from "../../page/state.js";
import { shell } from "../../page/toolbar.js";
import { mount as mountLook } from "../page/look.js";
import { Picture } from "../page/picture.js";

const { scene, look, defaults } = JSON.parse(document.getElementById("px-data").textContent);
setDefaults(defaults);
const { zoom, centers, isolate, lines, colors, opacity, palette } = look;
Object.assign(state.look, { lines, colors, opacity, palette });

/** @type {HTMLElement} */
const root = document.querySelector(".px-viewer");
const { body, notice } = shell(root, "The picture is being drawn.");
notice.classList.add("px-none");
const picture = new Picture(root, body, { changed() {}, ask: null });
mountLook(/** @type {any} */ ({ element: document, given: defaults }));
readMaps(scene).then((maps) => {
  picture.show(scene, maps, isolate === null ? null : isolate + 1);
  picture.see({ zoom, centers });
  emit("scene", {
    lines: Math.max(0, ...scene.marks.map((/** @type {{at: number}} */ mark) => mark.at)),
    colors: maps[0].length,
    palettes: Object.keys(scene.palettes),
    sample: null,
    form: [],
    own: scene.own,
  });
});
