// Point to point, a mode of a picture: a place in one photograph is chosen, the server answers over the other one.

import { button } from "./dom.js";
import { colorTable, outlineWords, strongest } from "./evidence.js";
import { isPoint } from "./geometry.js";
import { legend } from "./legend.js";
import { signed } from "./numbers.js";
import { Pointer, Query } from "./pointing.js";
import { UNSEEN_PLACE } from "./stage.js";

/** @import { AnsweredScene, PointAnswer } from "./payloads.js" */
/** @import { Place } from "./pointing.js" */
/** @import { Stage } from "./stage.js" */

export const PATIENCE = 20000; // ms; then a question counts as lost

const ASKS = {
  false:
    "Point to point: click a place in either photograph, or walk with the arrow keys. The other one shows what each of its places adds to the similarity together with it. Escape leaves.",
  true: "Drag a box over a part of either photograph. The other one shows what each of its places adds to the similarity together with it. Escape leaves.",
};

export class PointMode {
  /**
   * @param {Stage} stage
   * @param {Element} tools where its buttons go
   * @param {(text: string, scale: Node | null) => void} say what is said below the picture, and the legend there
   * @param {() => void} changed the mode was entered or left, or another place is asked about
   * @param {(question: Place & {ticket: number}) => void} ask sends to the server; its message comes through `answered`
   * @param {boolean} [boxes] whether a box can be asked about, too
   */
  constructor(stage, tools, say, changed, ask, boxes = true) {
    this.stage = stage;
    this.say = say;
    this.changed = changed;
    this.send = ask;
    this.on = false;
    this.ticket = 0;
    this.pending = 0; // until when an answer is waited for
    /** @type {Place | null} what is answered on the picture */
    this.answeredPlace = null;
    this.query = new Query(() => this.asked());
    this.pointer = new Pointer(
      stage,
      this.query,
      [
        [24, 24],
        [24, 24],
      ],
      false,
    );
    this.buttons = [
      button(tools, "Point (P)", "Point (P): click a place, the other photograph answers", () => this.toggle(false)),
    ];
    if (boxes) {
      const act = () => this.toggle(true);
      this.buttons.push(button(tools, "Box (B)", "Box (B): drag a box, the other photograph answers", act));
    }
    this.tell();
  }

  /** @param {Pick<AnsweredScene, "photos" | "signed" | "grids">} scene */
  show({ photos, signed: colors, grids }) {
    this.photos = photos;
    this.table = colorTable(colors);
    this.ramp = colors;
    if (grids.every(Boolean)) this.pointer.grids = grids;
    this.pointer.attach();
    this.forget();
    this.tell();
  }

  forget() {
    this.query.now = null;
    this.answeredPlace = null;
    this.ticket++;
    this.pending = 0;
  }

  /** @param {boolean} boxing */
  toggle(boxing) {
    if (this.on && this.query.boxing === boxing) return this.leave();
    this.enter(boxing);
    this.stage.frames[0].frame.focus({ preventScroll: true });
  }

  /** @param {boolean} boxing */
  enter(boxing) {
    this.on = true;
    this.query.boxing = boxing;
    this.changed();
    this.tell();
  }

  /** A place that nobody clicked: a link asks for it.
   * @param {Place} asked */
  ask({ side, place }) {
    this.enter(!isPoint(place));
    this.query.ask(side, place, true);
  }

  leave() {
    if (!this.on) return;
    this.on = false;
    this.forget();
    this.pointer.draw(null, null);
    this.tell();
    this.changed();
  }

  tell() {
    this.pointer.enable(this.on);
    this.stage.node.classList.toggle("px-boxing", this.on && this.query.boxing);
    this.buttons.forEach((node, i) =>
      node.setAttribute("aria-pressed", String(this.on && Boolean(i) === this.query.boxing)),
    );
    if (this.on && !this.query.now) this.say(ASKS[String(this.query.boxing)], null);
  }

  // One question travels at a time; while it does, only the last of the next ones is kept.
  asked() {
    this.answeredPlace = null;
    this.pointer.draw(this.query.now, null);
    this.tell();
    this.changed();
    const { now } = this.query;
    if (now && !this.stage.extents[now.side].within(now.place)) return this.say(UNSEEN_PLACE, null);
    if (!now || Date.now() < this.pending) return;
    this.pending = Date.now() + PATIENCE;
    this.sent = now;
    this.say("Asking the model", null);
    this.send({ ticket: ++this.ticket, ...now });
  }

  /** @param {PointAnswer} message */
  answered({ ticket, error, cells, grid, scale }) {
    if (ticket !== this.ticket) return;
    this.pending = 0;
    const { now } = this.query;
    if (now && now !== this.sent) return this.asked();
    if (!now) return;
    if (error) return this.say(error, null);
    const answer = { cells, grid, scale };
    this.answeredPlace = now;
    this.pointer.draw(now, answer, this.table);
    this.say(
      this.sentence(now, answer),
      legend({
        colors: this.ramp,
        low: "lowers similarity",
        high: "raises similarity",
        ends: [-scale, scale],
        title: "The scale of this place alone",
      }),
    );
  }

  /** @param {Place} asked */
  sentence({ side, place }, answer) {
    const { value, point } = strongest(answer, this.stage.extents[1 - side]);
    const at = point.map((one, i) => Math.round(one * this.photos[1 - side][i ? "height" : "width"])).join(", ");
    const sum = answer.cells.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0);
    const what = isPoint(place) ? "This place" : "A cell of this box, on average,";
    return `${what} adds ${signed(sum)} to the similarity; its strongest partner, ringed, is at ${at} in ${"AB"[1 - side]} (${signed(value)}).${isPoint(place) ? "" : outlineWords(side)}`;
  }
}
