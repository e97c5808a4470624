// The colour maps: one opacity map a match, blended exactly as the printed figure blends them (pairx.viz.maps.blend).

/** @import { Scene, SceneMark } from "./payloads.js" */
/** @import { MarkStyle } from "./stage.js" */

/** @typedef {{width: number, height: number, alpha: Float32Array}} OpacityMap */

/** How wide weak marks are at most. */
const MOST_WEAK_WIDTH = 0.6;

/** @param {string} src
 * @returns {Promise<OpacityMap>} */
export async function readAlpha(src) {
  const image = new Image();
  image.src = src;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), {
    width: image.naturalWidth,
    height: image.naturalHeight,
  });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const alpha = new Float32Array(data.length / 4);
  for (let i = 0; i < alpha.length; i++) alpha[i] = data[4 * i] / 255;
  return { width: canvas.width, height: canvas.height, alpha };
}

/** The opacity maps of a scene, of each photograph.
 * @param {Scene} scene */
export const readMaps = (scene) => Promise.all(scene.alphas.map((sources) => Promise.all(sources.map(readAlpha))));

/**
 * How marks are drawn that a look shows with so many lines.
 * @param {Pick<Scene, "against" | "neutral" | "casings">} scene
 * @param {Pick<SceneMark, "at" | "against" | "width">[]} marks
 * @param {string[]} palette
 * @param {number} traced so many have a colour of the palette and a map
 * @param {number} scale
 * @param {number} lines
 * @returns {MarkStyle[]}
 */
export function markStyles(scene, marks, palette, traced, scale, lines) {
  return marks.map((mark, i) => {
    const strong = i < traced || mark.against;
    return {
      color: mark.against ? scene.against : (palette[i] ?? scene.neutral),
      casing: scene.casings[strong ? 0 : 1],
      width: scale * (strong ? mark.width : Math.min(mark.width, MOST_WEAK_WIDTH)),
      drawn: mark.at <= lines,
      against: mark.against,
    };
  });
}

/** @param {string} color "#rrggbb" */
const toRgb = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

/**
 * The colours of one picture: RGBA of each pixel.
 * @param {OpacityMap[]} maps of k matches, all of one size
 * @param {string[]} colors "#rrggbb" of each
 * @param {number[]} strengths 0 to 1 of each
 */
export function blended(maps, colors, strengths) {
  const size = maps[0].alpha.length;
  const red = new Float32Array(size);
  const green = new Float32Array(size);
  const blue = new Float32Array(size);
  const total = new Float32Array(size);
  const most = new Float32Array(size);
  maps.forEach(({ alpha }, k) => {
    const [r, g, b] = toRgb(colors[k]);
    const strength = strengths[k];
    for (let i = 0; i < size; i++) {
      const opacity = alpha[i] * strength;
      if (opacity === 0) continue;
      const weight = opacity * opacity;
      red[i] += weight * r;
      green[i] += weight * g;
      blue[i] += weight * b;
      total[i] += weight;
      if (opacity > most[i]) most[i] = opacity;
    }
  });
  const data = new Uint8ClampedArray(4 * size);
  for (let i = 0; i < size; i++) {
    if (!total[i]) continue;
    data[4 * i] = red[i] / total[i] + 0.5;
    data[4 * i + 1] = green[i] / total[i] + 0.5;
    data[4 * i + 2] = blue[i] / total[i] + 0.5;
    data[4 * i + 3] = 255 * most[i] + 0.5;
  }
  return data;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {OpacityMap[]} maps
 * @param {string[]} colors
 * @param {number[]} strengths
 */
export function blend(canvas, maps, colors, strengths) {
  if (!maps.length) {
    canvas.width = canvas.height = 1;
    return;
  }
  const { width, height } = maps[0];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(new ImageData(blended(maps, colors, strengths), width, height), 0, 0);
}
