// The pairs that were explained in this browser: kept on this machine alone, the newest first.

import { button, make } from "../../page/dom.js";
import { minus } from "../../page/numbers.js";
import { on } from "../../page/state.js";

/** @import { RecentPairsPart } from "../../page/payloads.js" */

/** @typedef {{query: Record<string, string>, names: string[], similarity: number, thumbs: string[]}} Recent */

const KEY = "pairx.recent";
const MOST = 12;
const SIDE = 72; // px of a thumbnail
const PICTURE = "data:image/jpeg;base64,";

/** Whether this is what `remember` wrote: others may have changed it.
 * @param {any} one
 * @returns {one is Recent} */
export const isRecent = (one) =>
  typeof one?.similarity === "number" &&
  typeof one.query?.a === "string" &&
  typeof one.query.b === "string" &&
  Object.values(one.query).every((text) => typeof text === "string") &&
  [one.names, one.thumbs].every((two) => Array.isArray(two) && two.length === 2) &&
  one.names.every((/** @type {any} */ name) => typeof name === "string") &&
  one.thumbs.every((/** @type {any} */ thumb) => typeof thumb === "string" && thumb.startsWith(PICTURE));

/** What a text of the storage holds; nothing where it is none of ours.
 * @param {string | null} text
 * @returns {Recent[]} */
export function read(text) {
  try {
    const found = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter(isRecent).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

/** With one more in front; the same pair with the same parts is there once.
 * @param {Recent[]} known
 * @param {Recent} one */
export function added(known, one) {
  const pair = ({ query }) => [query.a, query.b, query.cut_a, query.cut_b].join(" ");
  return [one, ...known.filter((other) => pair(other) !== pair(one))].slice(0, MOST);
}

/** @param {string} src
 * @returns {Promise<string>} */
async function thumbnail(src) {
  const image = Object.assign(new Image(), { src });
  await image.decode();
  const scale = SIDE / Math.min(image.naturalWidth, image.naturalHeight);
  const canvas = Object.assign(document.createElement("canvas"), { width: SIDE, height: SIDE });
  const [w, h] = [image.naturalWidth * scale, image.naturalHeight * scale];
  canvas.getContext("2d").drawImage(image, (SIDE - w) / 2, (SIDE - h) / 2, w, h);
  return canvas.toDataURL("image/jpeg", 0.7);
}

// A browser may forbid to keep anything: then nothing is kept.
const storage = {
  get() {
    try {
      return read(localStorage.getItem(KEY));
    } catch {
      return [];
    }
  },
  /** @param {Recent[]} all */
  set(all) {
    try {
      if (all.length) localStorage.setItem(KEY, JSON.stringify(all));
      else localStorage.removeItem(KEY);
    } catch {
      // as said above
    }
  },
};

/** @param {RecentPairsPart} part */
export function mount({ element, trigger }) {
  /** @type {HTMLElement} */
  const root = element.querySelector(".px-recent");
  const head = make("div", "px-recent-head", root);
  make("span", "", head, "Recent pairs");
  button(head, "Forget", "Forget these pairs: they are kept in this browser alone", () => {
    storage.set([]);
    draw();
  });
  const list = make("div", "px-recent-list", root);
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", "Recent pairs");

  function draw() {
    const all = storage.get();
    root.hidden = !all.length;
    list.replaceChildren(
      ...all.map(({ query, names, similarity, thumbs }) => {
        const words = `${names[0]} and ${names[1]}, similarity ${minus(similarity.toFixed(2))}`;
        const node = button(make("span"), "", words, () => trigger("open", { query }));
        for (const src of thumbs) Object.assign(make("img", "", node), { src, alt: "" });
        return node;
      }),
    );
  }

  on("explained", async ({ link: query, photos, similarity }) => {
    const thumbs = await Promise.all(photos.map(({ src }) => thumbnail(src)));
    storage.set(added(storage.get(), { query, names: photos.map(({ name }) => name), similarity, thumbs }));
    draw();
  });
  window.addEventListener("storage", ({ key }) => (key === KEY || key === null) && draw());
  draw();
}
