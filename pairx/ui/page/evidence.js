// Second-order evidence in the browser, by the arithmetic of pairx.core.correspondence: a place is a box (x0, y0, x1, y1) in
// fractions of its photograph, and a point is a box without area.

import { isPoint } from "./geometry.js";
import { clamp } from "./numbers.js";

/** @import { TensorForm } from "./payloads.js" */
/** @import { Extent, Point } from "./geometry.js" */

/** What each cell of a grid adds, and the |value| in full colour.
 * @typedef {{cells: ArrayLike<number>, grid: [number, number], scale: number}} Evidence */
/** @typedef {{values: Float32Array, height: number, width: number}} Magnified */

/** Weights of n cells at a place along one axis: linear between the cells' centres.
 * @param {number} at
 * @param {number} n */
function between(at, n) {
  const place = clamp(at * n - 0.5, 0, n - 1);
  return Float64Array.from({ length: n }, (_, i) => Math.max(0, 1 - Math.abs(place - i)));
}

/** Parts of n cells that lie between two places along one axis.
 * @param {number} low
 * @param {number} high
 * @param {number} n */
function within(low, high, n) {
  return Float64Array.from({ length: n }, (_, i) => Math.max(0, Math.min((i + 1) / n, high) - Math.max(i / n, low)));
}

/** Weights of a grid's cells at a place; their sum is 1.
 * @param {number[]} place
 * @param {number[]} grid rows and columns */
export function weightsOf(place, [h, w]) {
  const [x0, y0, x1, y1] = place;
  const [rows, columns] = isPoint(place) ? [between(y0, h), between(x0, w)] : [within(y0, y1, h), within(x0, x1, w)];
  const sum = rows.reduce((a, b) => a + b) * columns.reduce((a, b) => a + b);
  const weights = new Float64Array(h * w);
  for (let i = 0; i < h; i++) for (let j = 0; j < w; j++) weights[i * w + j] = (rows[i] * columns[j]) / sum;
  return weights;
}

/** Rows and columns of each photograph's cells.
 * @param {Pick<TensorForm, "shape">} form
 * @returns {[number, number][]} */
export const tensorGrids = ({ shape: [h0, w0, h1, w1] }) => [
  [h0, w0],
  [h1, w1],
];

export class EvidenceTensor {
  /** @param {Int16Array} values of (h0, w0, h1, w1)
   * @param {TensorForm} form */
  constructor(values, { shape, step, scale }) {
    this.values = values;
    this.grids = tensorGrids({ shape });
    this.step = step;
    this.scale = scale;
  }

  /** The evidence of the other photograph's cells together with a place of photograph `side`.
   * @param {number} side
   * @param {number[]} place
   * @returns {Evidence} */
  partners(side, place) {
    const weights = weightsOf(place, this.grids[side]);
    const grid = this.grids[1 - side];
    const others = grid[0] * grid[1];
    const cells = new Float32Array(others);
    weights.forEach((weight, own) => {
      if (!weight) return;
      const factor = weight * this.step;
      if (side === 0) for (let k = 0, at = own * others; k < others; k++) cells[k] += factor * this.values[at + k];
      else for (let k = 0; k < others; k++) cells[k] += factor * this.values[k * weights.length + own];
    });
    // A place without a partner stays pale: its noise is not lifted to full colour.
    const most = cells.reduce((best, value) => Math.max(best, Math.abs(value)), 0);
    return { cells, grid, scale: Math.max(most, this.scale / 3) };
  }
}

/** The strongest cell of a map over an extent whose centre lies in the photograph, and not in its padding; point: there.
 * @param {Pick<Evidence, "cells" | "grid">} evidence
 * @param {Extent} extent */
export function strongest({ cells, grid: [h, w] }, extent) {
  const found = { value: -Infinity, point: /** @type {Point} */ ([0.5, 0.5]) };
  /** @type {number[]} */ (cells).forEach((value, k) => {
    const point = extent.out([((k % w) + 0.5) / w, (Math.floor(k / w) + 0.5) / h]);
    if (value > found.value && point.every((one) => one >= 0 && one <= 1)) Object.assign(found, { value, point });
  });
  return found;
}

/** A map at `fine` pixels a cell, bilinear between the cells' centres.
 * @param {Pick<Evidence, "cells" | "grid">} evidence
 * @param {number} fine
 * @returns {Magnified} */
export function magnified({ cells, grid: [h, w] }, fine) {
  /** @param {number} n */
  const axis = (n) =>
    Array.from({ length: n * fine }, (_, i) => {
      const place = clamp((i + 0.5) / fine - 0.5, 0, n - 1);
      const low = Math.min(Math.floor(place), Math.max(0, n - 2));
      return [low, Math.min(low + 1, n - 1), place - low];
    });
  const columns = axis(w);
  const values = new Float32Array(h * w * fine * fine);
  axis(h).forEach(([top, bottom, down], i) =>
    columns.forEach(([left, right, across], j) => {
      const above = cells[top * w + left] * (1 - across) + cells[top * w + right] * across;
      const below = cells[bottom * w + left] * (1 - across) + cells[bottom * w + right] * across;
      values[i * w * fine + j] = above * (1 - down) + below * down;
    }),
  );
  return { values, height: h * fine, width: w * fine };
}

/** The legend's colours "#rrggbbaa" from -1 to 1 as 511 pixels.
 * @param {string[]} colors */
export function colorTable(colors) {
  const known = colors.map((color) => [1, 3, 5, 7].map((at) => parseInt(color.slice(at, at + 2), 16)));
  const bytes = Array.from({ length: 511 }, (_, i) => {
    const place = (i / 510) * (known.length - 1);
    const low = Math.min(Math.floor(place), known.length - 2);
    return known[low].map((value, channel) => Math.round(value + (known[low + 1][channel] - value) * (place - low)));
  });
  return new Uint32Array(Uint8Array.from(bytes.flat()).buffer);
}

/** @param {HTMLCanvasElement} canvas
 * @param {Magnified} map
 * @param {number} scale the |value| in full colour
 * @param {Uint32Array} table */
export function paintSigned(canvas, { values, height, width }, scale, table) {
  Object.assign(canvas, { height, width });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  const pixels = new Uint32Array(picture.data.buffer);
  values.forEach((value, i) => {
    pixels[i] = table[Math.round(255 * clamp(scale ? value / scale : 0, -1, 1)) + 255];
  });
  context.putImageData(picture, 0, 0);
}

/** The outline, as an SVG path in pixels, of the `count` highest values.
 * @param {Magnified} map
 * @param {number} count */
export function outline({ values, height, width }, count) {
  const order = Float32Array.from(values).sort();
  const least = order[Math.max(0, order.length - Math.max(1, Math.round(count)))];
  /** @param {number} i @param {number} j */
  const inside = (i, j) => i >= 0 && j >= 0 && i < height && j < width && values[i * width + j] >= least;
  const parts = [];
  for (let i = 0; i <= height; i++)
    for (let j = 0; j <= width; j++) {
      if (inside(i, j) !== inside(i - 1, j)) parts.push(`M${j} ${i}h1`);
      if (inside(i, j) !== inside(i, j - 1)) parts.push(`M${j} ${i}v1`);
    }
  return parts.join("");
}

/** What the outline around the partners of a box says.
 * @param {number} side */
export const outlineWords = (side) =>
  ` Outlined: as large a part of ${"BA"[side]} as the box is of ${"AB"[side]}, where the evidence is strongest.`;
