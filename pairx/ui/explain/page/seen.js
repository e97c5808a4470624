// How a picture is seen, as parameters of a link: pairx/ui/shared/seen.py reads them.

import { isPoint } from "../../page/geometry.js";

/** @import { Seen } from "../../page/payloads.js" */

/** @param {number} value */
const short = (value) => Number(value.toFixed(4));

/** @param {Seen} seen
 * @returns {Record<string, string>} what is as it always is at first is left out */
export function written({ zoom, centers, point, colors_large: large }) {
  return {
    ...(zoom > 1 ? { view: [zoom, ...centers.flat()].map(short).join() } : {}),
    ...(point ? { point: `${"ab"[point.side]},${corners(point.place).map(short).join()}` } : {}),
    ...(large ? { large: "colors" } : {}),
  };
}

/** @param {number[]} place */
const corners = (place) => (isPoint(place) ? place.slice(0, 2) : place);
