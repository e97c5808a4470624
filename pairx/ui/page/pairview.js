// The picture of a pair: its photographs, with the matches as lines or the pixels behind them.

import { make } from "./dom.js";
import { blend, markStyles, readMaps } from "./paint.js";
import { Stage } from "./stage.js";

/** @import { LinkedView } from "./geometry.js" */
/** @import { Scene } from "./payloads.js" */
/** @import { OpacityMap } from "./paint.js" */
/** @import { StagePhoto } from "./stage.js" */

/** What is drawn over the photographs. */
export const LAYERS = {
  lines: "Lines: the places that match, over what each adds to the similarity",
  pixels: "Pixels: those behind the strongest matches; equal colours belong together",
};
/** Width of a line in the panel, of one on paper. */
const LINE_SCALE = 1.4;

/** A scene with its maps, ready to be drawn.
 * @typedef {{scene: Scene, maps: OpacityMap[][]}} Drawn */

/** A scene with its maps.
 * @param {Scene} scene
 * @returns {Promise<Drawn>} */
export async function readScene(scene) {
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
    /** Which pair is on show.
     * @type {string | number | null} */
    this.key = null;
    /** @type {StagePhoto[]} */
    this.photos = [];
    /** @type {Drawn | null} */
    this.drawn = null;
    /** Whether what is drawn is on show, or its extents alone. */
    this.bare = false;
    /** So many of the strongest matches have a colour of their own, though their pixels are not known. */
    this.colored = 0;
  }

  /** The bare photographs of a pair, or with what explains them.
   * @param {string | number} key of the pair
   * @param {StagePhoto[]} photos both, or none where they cannot be shown
   * @param {Drawn | null} drawn
   * @param {boolean} [bare] shows no more than which part of each the model sees */
  show(key, photos, drawn = null, bare = false) {
    if (this.key !== key) this.view.reset();
    this.key = key;
    this.photos = photos;
    this.drawn = drawn;
    this.bare = bare;
    this.draw();
  }

  /** @param {keyof typeof LAYERS} layer */
  choose(layer) {
    this.layer = layer;
    if (this.key !== null) this.draw();
  }

  draw() {
    const { photos } = this;
    this.stage.node.hidden = !photos.length;
    if (!photos.length) return;
    const explained = this.drawn !== null && !this.bare;
    const pixels = this.layer === "pixels" && explained;
    this.stage.node.classList.toggle("px-faded", pixels);
    this.stage.tell();
    if (!explained) this.stage.show(photos, [null, null], [], this.drawn?.scene.extents);
    else this.explain(photos, this.drawn, pixels);
    this.view.settle();
    this.stage.move();
  }

  /** @param {StagePhoto[]} photos
   * @param {Drawn} drawn
   * @param {boolean} pixels */
  explain(photos, { scene, maps }, pixels) {
    const { node } = this.stage;
    node.style.setProperty("--px-gray", String(scene.fade[0]));
    node.style.setProperty("--px-photo", String(1 - scene.fade[1]));
    const palettes = Object.values(scene.palettes)[0];
    const traced =
      maps[0].length ||
      Math.min(this.colored, palettes.length - 1, scene.marks.filter(({ against }) => !against).length);
    const palette = palettes[traced];
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
