// Where things are in a photograph and in the frame that shows it. All in fractions of width and height.

import { clamp } from "./numbers.js";

/** @typedef {[number, number]} Point x and y */
/** @typedef {[number, number, number, number]} Box x, y, width and height */

/** The largest zoom. */
export const MOST_ZOOM = 16;

/** Whether a place (x0, y0, x1, y1) has no area.
 * @param {number[]} place */
export const isPoint = ([x0, y0, x1, y1]) => x0 === x1 && y0 === y1;

// What the model sees of a photograph, [x, y, w, h] in fractions of its width and height; a padded one lies within.
export class Extent {
  /** @param {Box} box */
  constructor([x, y, w, h]) {
    this.x = x;
    this.y = y;
    this.w = w;
    this.h = h;
  }

  get hides() {
    const { x, y, w, h } = this;
    return x > 0 || y > 0 || x + w < 1 || y + h < 1;
  }

  /** A place of the photograph in fractions of the extent, a box cut to it; null where nothing of it is seen.
   * @param {number[]} place (x0, y0, x1, y1)
   * @returns {number[] | null} */
  within([x0, y0, x1, y1]) {
    const inside = [(x0 - this.x) / this.w, (y0 - this.y) / this.h, (x1 - this.x) / this.w, (y1 - this.y) / this.h];
    const cut = inside.map((value) => clamp(value, 0, 1));
    const seen =
      x0 === x1 && y0 === y1 ? inside.every((value, i) => value === cut[i]) : cut[0] < cut[2] && cut[1] < cut[3];
    return seen ? cut : null;
  }

  /** A point of the extent, in fractions of it, to fractions of the photograph.
   * @param {number[]} point
   * @returns {Point} */
  out([u, v]) {
    return [this.x + u * this.w, this.y + v * this.h];
  }
}

export const WHOLE = new Extent([0, 0, 1, 1]);

// What part of each photograph is seen: one zoom, and a centre for each, in fractions of its size.
export class LinkedView {
  constructor() {
    this.reset();
  }

  reset() {
    this.zoom = 1;
    /** @type {number[][]} */
    this.centers = [
      [0.5, 0.5],
      [0.5, 0.5],
    ];
  }

  settle() {
    const margin = 0.5 / this.zoom;
    this.centers = this.centers.map((center) => center.map((value) => clamp(value, margin, 1 - margin)));
  }

  /** u, v: the place in the frame, in fractions, that stays where it is.
   * @param {number} zoom */
  zoomTo(zoom, u = 0.5, v = 0.5) {
    const next = clamp(zoom, 1, MOST_ZOOM);
    const gain = 1 / this.zoom - 1 / next;
    this.centers = this.centers.map(([x, y]) => [x + (u - 0.5) * gain, y + (v - 0.5) * gain]);
    this.zoom = next;
    this.settle();
  }

  /** @param {number} du @param {number} dv fractions of the frame */
  pan(du, dv) {
    this.centers = this.centers.map(([x, y]) => [x - du / this.zoom, y - dv / this.zoom]);
    this.settle();
  }

  /** @param {Point[]} points the centre of each photograph
   * @param {number} zoom */
  focus(points, zoom) {
    this.zoom = zoom;
    this.centers = points.map((point) => [...point]);
    this.settle();
  }

  /** A point of photograph i to a place in its frame, both in fractions.
   * @param {number} i
   * @param {number[]} point
   * @returns {Point} */
  place(i, [x, y]) {
    return [(x - this.centers[i][0]) * this.zoom + 0.5, (y - this.centers[i][1]) * this.zoom + 0.5];
  }

  /** The way back.
   * @param {number} i
   * @param {number[]} place
   * @returns {Point} */
  at(i, [u, v]) {
    return [(u - 0.5) / this.zoom + this.centers[i][0], (v - 0.5) / this.zoom + this.centers[i][1]];
  }
}
