// Photographs of a review, fetched and decoded before they are on show.

/** @import { ReviewPhoto } from "../../page/payloads.js" */

const MOST = 40;

/** @type {Map<string, Promise<HTMLImageElement>>} */
const held = new Map();

/** Where a photograph is.
 * @param {ReviewPhoto} photo @param {number} [longest] px of its longer side */
export function addressOf(photo, longest) {
  const url = new URL(photo.path, document.baseURI);
  if (longest) url.searchParams.set("longest", String(longest));
  return url.href;
}

/** A photograph, decoded.
 * @param {ReviewPhoto} photo
 * @returns {Promise<HTMLImageElement>} */
export function ready(photo) {
  const src = addressOf(photo);
  let found = held.get(src);
  if (!found) {
    const image = new Image();
    image.src = src;
    found = image.decode().then(() => image);
    found.catch(() => held.delete(src));
  }
  held.delete(src);
  held.set(src, found);
  if (held.size > MOST) held.delete(held.keys().next().value);
  return found;
}
