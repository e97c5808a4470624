// Why this one and not that one: the candidate on show against the best other one of its query, side by side.

import { button, make } from "../../page/dom.js";
import { LinkedView } from "../../page/geometry.js";
import { modified } from "../../page/keys.js";
import { legend } from "../../page/legend.js";
import { signed } from "../../page/numbers.js";
import { Notes } from "../../page/notes.js";
import { PairView, readScene } from "../../page/pairview.js";
import { holdButton, ZoomTools } from "../../page/toolbar.js";
import { Told } from "./desk.js";
import { ready } from "./photos.js";

/** @import { ReviewPhoto, ReviewVersus, VersusSide } from "../../page/payloads.js" */
/** @import { Desk } from "./desk.js" */
/** @import { Place } from "./queue.js" */

const COLORED = 10;
const CAPTIONS = 30; // px
const TITLE = "Why this candidate and not the other";
const READ =
  "Lines: matches that a candidate has and the other lacks. Red speaks for the candidate, blue for the other; a candidate's places are set against the same places of the other.";

/** @param {HTMLElement} parent @param {Desk} desk @param {Place} place the pair on show
 * @param {boolean} blind whether names and numbers are hidden @param {number} lines that are drawn */
export async function showVersus(parent, desk, place, blind, lines) {
  const sheet = make("dialog", "px-versus", parent);
  sheet.setAttribute("aria-label", TITLE);
  const head = make("div", "px-versus-head", sheet);
  make("h2", "", head, TITLE);
  const status = make("p", "px-hint", sheet, "Comparing both candidates");
  status.setAttribute("role", "status");
  button(head, "Close (V)", "Close (V)", () => sheet.close());
  sheet.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "v" || event.repeat || modified(event)) return;
    event.stopPropagation(); // or the page would open it again
    sheet.close();
  });
  const stop = new AbortController();
  sheet.addEventListener("close", () => {
    stop.abort();
    sheet.remove();
  });
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  sheet.showModal();
  try {
    const answer = await desk.versus(place, stop.signal);
    await fill(sheet, status, place.query, answer, blind, lines);
  } catch (error) {
    if (stop.signal.aborted) return;
    status.textContent = error instanceof Told ? error.message : "The page could not do this.";
  }
}

/** @param {HTMLElement} sheet @param {HTMLElement} status @param {ReviewPhoto} query @param {ReviewVersus} answer
 * @param {boolean} blind @param {number} lines */
async function fill(sheet, status, query, { difference, sides }, blind, lines) {
  const scenes = await Promise.all(sides.map(({ scene }) => readScene(scene)));
  const photos = await Promise.all([query, ...sides.map(({ photo }) => photo)].map(ready));
  status.textContent = READ;
  const view = new LinkedView();
  /** @type {PairView[]} */
  const pairs = [];
  const moved = () => {
    zoom.tell();
    for (const { stage } of pairs) stage.move();
  };
  const zoom = new ZoomTools(sheet, "Both candidates", view, moved);
  holdButton(zoom.node);
  zoom.node.append(...scenes[0].scene.scales.map(legend));
  if (!blind) make("span", "px-hint", zoom.node, `Difference of the similarities: ${signed(difference)}`);
  const grid = make("div", "px-versus-grid", sheet);
  const room = () => innerHeight - grid.getBoundingClientRect().top - CAPTIONS;
  sides.forEach((side, i) => {
    const column = make("section", "", grid);
    title(column, side, i, blind);
    const pair = new PairView(column, view, lines, moved);
    pair.colored = COLORED;
    pair.stage.room = () => Math.max(260, room() - 2 * CAPTIONS);
    pairs.push(pair);
    const [one, other] = [photos[0], photos[i + 1]].map((photo, k) => ({
      src: photo.src,
      width: photo.naturalWidth,
      height: photo.naturalHeight,
      name: blind ? "" : [query.id, side.photo.id][k],
    }));
    pair.show(i, [one, other], scenes[i]);
    new Notes(column).show(side.scene.notes);
  });
  moved();
  new ResizeObserver(() => pairs.forEach(({ stage }) => stage.layout())).observe(grid);
}

/** @param {HTMLElement} parent @param {VersusSide} side @param {number} i @param {boolean} blind */
function title(parent, { photo, similarity, alone, shared }, i, blind) {
  const node = make("p", "px-versus-title", parent);
  make("strong", "", node, i ? "The other candidate" : "This candidate");
  const last = make("span", "px-hint", parent.appendChild(make("p", "px-versus-title")));
  last.textContent = `${alone} of its matches are its own, ${shared} the other has, too`;
  const known = blind ? [] : [photo.id, photo.identity, `cosine ${similarity.toFixed(3)}`];
  make("bdi", "", node, known.filter(Boolean).join(" · "));
}
