// Rectangles [x, y, w, h] in a photograph that is shown turned by right angles and mirrored after that. All in its pixels.

/** @typedef {[number, number, number, number]} Rectangle */
/** @typedef {[number, number]} Size width and height */

/** The size of a photograph after quarter turns.
 * @param {Size} size
 * @param {number} turns
 * @returns {Size} */
export const turnedSize = ([width, height], turns) => (turns % 2 ? [height, width] : [width, height]);

/** One quarter turn clockwise.
 * @param {Rectangle} rectangle
 * @param {Size} size of what it lies in
 * @returns {Rectangle} */
const turned = ([x, y, w, h], [, height]) => [height - y - h, x, h, w];

/** @param {Rectangle} rectangle
 * @param {Size} size
 * @returns {Rectangle} */
const flipped = ([x, y, w, h], [width]) => [width - x - w, y, w, h];

/** A rectangle of the photograph where it is shown.
 * @param {Rectangle} rectangle
 * @param {Size} size of the photograph
 * @param {number} turns clockwise
 * @param {boolean} mirrored
 * @returns {Rectangle} */
export function shown(rectangle, size, turns, mirrored) {
  let [found, room] = [rectangle, size];
  for (let i = 0; i < turns; i++) [found, room] = [turned(found, room), turnedSize(room, 1)];
  return mirrored ? flipped(found, room) : found;
}

/** The way back.
 * @param {Rectangle} rectangle
 * @param {Size} size of the photograph
 * @param {number} turns
 * @param {boolean} mirrored
 * @returns {Rectangle} */
export function original(rectangle, size, turns, mirrored) {
  let room = turnedSize(size, turns);
  let found = mirrored ? flipped(rectangle, room) : rectangle;
  for (let i = turns; i < 4 && turns; i++) [found, room] = [turned(found, room), turnedSize(room, 1)];
  return found;
}

/** Between two corners, within a room, at least `least` long.
 * @param {number[]} a
 * @param {number[]} b
 * @param {Size} room
 * @param {number} least
 * @returns {Rectangle} */
export function between(a, b, room, least) {
  const [low, high] = [0, 1].map((i) => {
    const [from, to] = [Math.min(a[i], b[i]), Math.max(a[i], b[i])].map((one) => Math.min(Math.max(one, 0), room[i]));
    const start = Math.max(0, Math.min(from, room[i] - least));
    return [start, Math.min(room[i], Math.max(to, start + least))];
  });
  return [low[0], high[0], low[1] - low[0], high[1] - high[0]];
}

/** Moved and made larger by so much, within a room.
 * @param {Rectangle} rectangle
 * @param {number[]} by x, y, w, h
 * @param {Size} room
 * @param {number} least
 * @returns {Rectangle} */
export function changed([x, y, w, h], by, room, least) {
  const wide = Math.min(room[0], Math.max(least, w + by[2]));
  const high = Math.min(room[1], Math.max(least, h + by[3]));
  return [
    Math.min(Math.max(x + by[0], 0), room[0] - wide),
    Math.min(Math.max(y + by[1], 0), room[1] - high),
    wide,
    high,
  ];
}
