// The picture of the chosen pair: its photographs, with the matches as lines or the pixels behind them.

import { make } from "../../page/dom.js";
import { blend, markStyles, readMaps } from "../../page/paint.js";
import { Stage } from "../../page/stage.js";

/** @import { LinkedView } from "../../page/geometry.js" */
/** @import { PairText, Scene } from "../../page/payloads.js" */
/** @import { OpacityMap } from "../../page/paint.js" */

/** What is drawn over the photographs. */
export const LAYERS = {
  lines: "Lines: the places that match, over what each adds to the similarity",
  pixels: "Pixels: those behind the strongest matches; equal colours belong together",
};
/** Width of a line in the panel, of one on paper. */
const LINE_SCALE = 1.4;

/** A scene with its maps, ready to be drawn.
 * @typedef {{scene: Scene, maps: OpacityMap[][]}} Drawn */

/** What a file of a scene holds, with its maps.
 * @param {Response} answer
 * @returns {Promise<Drawn>} */
export async function readScene(answer) {
  /** @type {Scene} */
  const scene = await answer.json();
  return { scene, maps: await readMaps(scene) };
}

export class PairView {
  /**
   * @param {HTMLElement} parent
   * @param {LinkedView} view
   * @param {number} lines that are drawn
   * @param {() => void} moved
   */
  constructor(parent, view, lines, moved) {
    this.view = view;
    this.lines = lines;
    this.stage = new Stage(parent, view, "The chosen photographs", true, { over() {}, pick() {}, moved });
    /** @type {keyof typeof LAYERS} */
    this.layer = "lines";
    /** @type {PairText | null} */
    this.pair = null;
    /** @type {Drawn | null} */
    this.drawn = null;
  }

  /** The bare photographs of a pair, or with what explains them.
   * @param {PairText} pair
   * @param {Drawn | null} drawn */
  show(pair, drawn = null) {
    if (this.pair?.number !== pair.number) this.view.reset();
    this.pair = pair;
    this.drawn = drawn;
    this.draw();
  }

  /** @param {keyof typeof LAYERS} layer */
  choose(layer) {
    this.layer = layer;
    if (this.pair) this.draw();
  }

  draw() {
    const photos = this.pair.photos.map((photo) => ({ ...photo, src: photo.file.url }));
    this.stage.node.hidden = !photos.length;
    if (!photos.length) return;
    const pixels = this.layer === "pixels" && this.drawn !== null;
    this.stage.node.classList.toggle("px-faded", pixels);
    this.stage.tell();
    if (!this.drawn) this.stage.show(photos, [null, null], []);
    else this.explain(photos, this.drawn, pixels);
    this.view.settle();
    this.stage.move();
  }

  /** @param {import("../../page/stage.js").StagePhoto[]} photos
   * @param {Drawn} drawn
   * @param {boolean} pixels */
  explain(photos, { scene, maps }, pixels) {
    const { node } = this.stage;
    node.style.setProperty("--px-gray", String(scene.fade[0]));
    node.style.setProperty("--px-photo", String(1 - scene.fade[1]));
    const traced = maps[0].length;
    const palette = Object.values(scene.palettes)[0][traced];
    const marks = scene.marks.filter((mark) => mark.at <= this.lines);
    const styles = markStyles(scene, marks, palette, traced, LINE_SCALE, this.lines);
    const colors = styles.slice(0, traced).map(({ color }) => color);
    const covers = pixels ? maps.map((layers) => painted(layers, colors)) : scene.heat.map(heat);
    this.stage.show(photos, covers, pixels ? [] : marks, scene.extents);
    this.stage.paint(pixels ? [] : styles, null);
    this.stage.tell(pixels ? scene.paint_banner : scene.banner);
  }
}

/** @param {OpacityMap[]} maps
 * @param {string[]} colors */
function painted(maps, colors) {
  const canvas = make("canvas", "px-overlay");
  blend(
    canvas,
    maps,
    colors,
    maps.map(() => 1),
  );
  return canvas;
}

/** @param {string | null} src */
function heat(src) {
  return src && Object.assign(make("img", "px-overlay"), { src, alt: "", draggable: false });
}
