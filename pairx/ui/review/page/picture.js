// The pair on show: its photographs as they are held and lit, PAIR-X over them, what a place answers.

import { button, make } from "../../page/dom.js";
import { LinkedView } from "../../page/geometry.js";
import { legend } from "../../page/legend.js";
import { Notes } from "../../page/notes.js";
import { PairView } from "../../page/pairview.js";
import { holdButton, opacitySlider, ZoomTools } from "../../page/toolbar.js";
import { Adjust } from "./adjust.js";
import { Told } from "./desk.js";
import { Explainer } from "./explainer.js";
import { ready } from "./photos.js";
import { Pointing } from "./pointing.js";
import { keyOf } from "./queue.js";
import { Share } from "./share.js";
import { Warner } from "./warner.js";

/** @import { ReviewConstants } from "../../page/payloads.js" */
/** @import { Place as Asked } from "../../page/pointing.js" */
/** @import { StagePhoto } from "../../page/stage.js" */
/** @import { Desk } from "./desk.js" */
/** @import { Place } from "./queue.js" */

const EXPLAINED_AHEAD = 2;
const COLORED = 10;
const LINES = "Lines join places that the model finds alike; what is blue lowers the similarity.";
const COMPUTING = "Computing PAIR-X";
const TURNED = "PAIR-X and pointing are of the photographs as they are: turn or mirror them back.";
const UNSHOWN = "A photograph of this pair cannot be shown.";
const FAULT = "The page could not do this.";

export class Picture {
  /** @param {HTMLElement} root @param {HTMLElement} body @param {ReviewConstants} given
   * @param {() => boolean} blind whether names are hidden @param {(error: unknown) => void} say */
  constructor(root, body, given, blind, say) {
    this.root = root;
    this.given = given;
    this.blind = blind;
    this.say = say;
    this.view = new LinkedView();
    const moved = () => this.moved();
    this.zoom = new ZoomTools(body, "Picture of the pair", this.view, moved);
    this.tools = this.zoom.node;
    const about = "PAIR-X (X): what the model matched, over the photographs";
    this.overlay = button(this.tools, "PAIR-X (X)", about, () => this.explain());
    const modes = make("span", "px-modes", this.tools);
    holdButton(this.tools);
    const paint = (/** @type {number} */ value) => root.style.setProperty("--px-opacity", String(value));
    opacitySlider(this.tools, given.look.opacity, paint);
    paint(given.look.opacity);
    this.pair = new PairView(body, this.view, given.look.lines, moved);
    this.pair.colored = COLORED;
    this.stage = this.pair.stage;
    this.told = make("div", "px-told", body);
    this.warner = new Warner(this.told);
    this.share = new Share(this.told);
    this.under = make("div", "px-beneath", body);
    this.said = make("p", "px-hint px-said", this.under);
    this.said.setAttribute("aria-live", "polite");
    this.scales = make("div", "px-scales", this.under);
    this.points = new Pointing(
      this.stage,
      modes,
      (text, scale) => this.tell(text, scale),
      () => this.pointed(),
      (question) => this.ask(question),
      () => (this.adjust.moved ? this.draw() : this.look()),
    );
    this.explainer = new Explainer(
      (place) => {
        if (this.now && keyOf(place) === keyOf(this.now)) this.draw();
        this.look();
      },
      (place, error) => this.now && keyOf(place) === keyOf(this.now) && this.wanted && this.say(error),
    );
    this.explained = localStorage.getItem("px-explained") === "1";
    this.overlay.setAttribute("aria-pressed", String(this.explained));
    /** @type {Desk | null} */
    this.desk = null;
    /** The pair on show, or about to be.
     * @type {Place | undefined} */
    this.now = undefined;
    /** Those that come after it.
     * @type {Place[]} */
    this.next = [];
    /** @type {StagePhoto[] | null} */
    this.photos = null;
    this.pointing = false;
    /** Told when the stage shows its photographs anew, and whether one is turned.
     * @type {((turned: boolean) => void) | null} */
    this.redrawn = null;
    this.asked = 0; // counts what was asked to be shown, so that only the last is
    new ResizeObserver(() => this.stage.layout()).observe(root);
  }

  /** What comes after the verdicts.
   * @param {HTMLElement} body */
  below(body) {
    this.adjust = new Adjust(body, this.stage, () => {
      this.points.leave();
      void this.show(this.now, this.next);
    });
    this.notes = new Notes(body);
  }

  /** Another review.
   * @param {Desk | null} desk */
  begin(desk) {
    this.desk = desk;
    this.explainer.begin(desk);
    this.share.beside.begin();
    this.warner.beside.begin();
  }

  /** Whether a person waits for PAIR-X. */
  get wanted() {
    return this.explained || this.points.aiming;
  }

  /** Whether a person sees this pair.
   * @param {Place} place */
  shows(place) {
    return this.root.dataset.key === keyOf(place);
  }

  moved() {
    this.zoom.tell();
    this.stage.move();
    this.root.style.setProperty("--px-unzoom", String(1 / this.view.zoom));
  }

  /** Another pair, its photographs as they are.
   * @param {Place | undefined} now @param {Place[]} next */
  fresh(now, next) {
    this.adjust.reset();
    this.points.leave();
    return this.show(now, next);
  }

  /** @param {Place | undefined} now @param {Place[]} next */
  async show(now, next) {
    const own = ++this.asked;
    const { root } = this;
    this.now = now;
    this.next = next;
    if (!now) {
      this.photos = null;
      delete root.dataset.key;
      this.stage.node.hidden = true;
      this.tell("", null);
      this.tellBeside();
      return;
    }
    root.classList.toggle("px-giving", !this.shows(now));
    const names = this.blind() ? ["", ""] : [now.query.id, now.candidate.id];
    const sides = [now.query, now.candidate].map((photo, side) => this.adjust.photo(photo, side, names[side]));
    const photos = await Promise.all(sides).catch((error) => {
      if (own === this.asked) this.say(error instanceof Told ? error : new Told(UNSHOWN));
      return null;
    });
    if (own !== this.asked) return;
    this.photos = photos;
    this.stage.node.hidden = !photos;
    this.draw();
    root.classList.remove("px-giving");
    root.dataset.key = keyOf(now);
    this.look();
  }

  /** The photographs, with what lies over them. */
  draw() {
    const { now, photos, points, explained } = this;
    if (!now || !photos) return;
    const drawn = this.adjust.moved ? null : this.explainer.of(now);
    this.pair.show(keyOf(now), photos, explained || points.on ? drawn : null, !explained);
    this.adjust.light();
    this.notes.show(explained && drawn ? drawn.scene.notes : []);
    this.root.dataset.explained = String(Boolean(explained && drawn));
    this.moved();
    const text = this.adjust.moved ? TURNED : drawn ? LINES : COMPUTING;
    if (!points.on) this.tell(this.wanted ? text : "", null);
    points.show({ photos, signed: this.given.signed, grids: drawn?.scene.grids ?? [null, null] });
    points.settle(Boolean(drawn));
    this.redrawn?.(this.adjust.moved);
    this.tellBeside();
  }

  /** What stands beside the pair. It would tell names and how similar the two are: blind, nothing is asked or shown. */
  tellBeside() {
    const { now, explainer } = this;
    const blind = this.blind();
    const places = now && !blind ? [now, ...this.ahead] : [];
    this.warner.beside.show(this.desk, places.slice(0, 1));
    const explained = places.findIndex((place) => !explainer.of(place));
    this.share.show(this.desk, explained < 0 ? places : places.slice(0, explained), blind);
  }

  /** The pairs of which PAIR-X is computed ahead: it is over them, or what speaks for them takes it. */
  get ahead() {
    return this.explained || !this.blind() ? this.next.slice(0, EXPLAINED_AHEAD) : [];
  }

  // The mode of pointing was entered or left, or a place is asked about.
  pointed() {
    if (this.pointing === this.points.on) return;
    this.pointing = this.points.on;
    this.draw();
  }

  /** What stands below the photographs.
   * @param {string} text @param {Node | null} scale */
  tell(text, scale) {
    const { said, scales, pair } = this;
    said.textContent = said.title = text;
    const known = this.explained && this.photos && pair.drawn ? pair.drawn.scene.scales : [];
    scales.replaceChildren(...(scale ? [scale] : known.map(legend)));
  }

  // What will be wanted next is made ready: first the photographs, then PAIR-X of the pair on show, then of the next.
  look() {
    const { now, next, explained, points } = this;
    for (const place of next) for (const photo of [place.query, place.candidate]) ready(photo).catch(() => null);
    if (!now || !this.desk) return;
    if (points.aiming && !explained) this.tell(COMPUTING, null);
    this.explainer.want([now, ...this.ahead], this.wanted);
    if (this.shows(now)) this.tellBeside();
  }

  explain() {
    this.explained = !this.explained;
    localStorage.setItem("px-explained", this.explained ? "1" : "0");
    this.overlay.setAttribute("aria-pressed", String(this.explained));
    this.draw();
    this.look();
  }

  /** @param {Asked & {ticket: number}} question */
  async ask({ ticket, side, place }) {
    try {
      this.points.answered({ ...(await this.desk.point(this.now, { side, place })), ticket });
    } catch (error) {
      this.points.answered({ ticket, error: error instanceof Told ? error.message : FAULT });
    }
  }
}
