// Point-to-point in the tab Explain: a place in one photograph is clicked, the server answers for the other one.

import { button, make } from "../../page/dom.js";
import { colorTable, outlineWords, strongest } from "../../page/evidence.js";
import { isPoint } from "../../page/geometry.js";
import { figures } from "../../page/numbers.js";
import { AskingModes, Pointer, Query } from "../../page/pointing.js";
import { Stage, UNSEEN_PLACE } from "../../page/stage.js";

/** @import { AnsweredScene, PointAnswer } from "../../page/payloads.js" */

export const PATIENCE = 20000; // ms; then a question counts as lost

export class PointView {
  // ask({ticket, side, place}): sends to the server, whose message comes back through `answered`.
  constructor(parent, view, moved, ask) {
    this.send = ask;
    this.ticket = 0;
    this.pending = 0; // until when an answer is waited for
    this.query = new Query(() => this.asked());
    this.tools = make("div", "px-tools", parent);
    this.stage = new Stage(parent, view, "Both photographs, to point at places", false, {
      over() {},
      pick() {},
      moved,
    });
    this.pointer = new Pointer(
      this.stage,
      this.query,
      [
        [24, 24],
        [24, 24],
      ],
      false,
    );
    this.modes = new AskingModes(this.tools, this.query, () => this.tell());
    this.clear = button(this.tools, "Clear (Esc)", "Show the bare photographs", () => this.query.free());
    this.said = make("span", "px-hint px-said", this.tools);
    this.said.setAttribute("aria-live", "polite");
    this.key = make("div", "px-scales", parent);
  }

  /** @param {AnsweredScene} scene */
  show({ photos, signed, grids, extents }) {
    this.photos = photos;
    this.table = colorTable(signed);
    this.ramp = signed;
    if (grids.every(Boolean)) this.pointer.grids = grids;
    this.stage.show(photos, [null, null], [], extents);
    this.pointer.attach();
    this.pointer.enable(true);
    this.query.now = null;
    this.ticket++;
    this.pending = 0;
    this.tell();
  }

  tell() {
    this.modes.tell();
    this.stage.node.classList.toggle("px-boxing", this.query.boxing);
    this.clear.disabled = !this.query.now;
    if (this.query.now) return;
    this.key.replaceChildren();
    this.said.textContent = this.query.boxing
      ? "Drag a box over a part of either photograph."
      : "Click a place in either photograph.";
  }

  // One question travels at a time; while it does, only the last of the next ones is kept.
  asked() {
    this.pointer.draw(this.query.now, null);
    this.tell();
    const { now } = this.query;
    if (now && !this.stage.extents[now.side].within(now.place)) {
      this.said.textContent = UNSEEN_PLACE;
      return;
    }
    if (!now || Date.now() < this.pending) return;
    this.pending = Date.now() + PATIENCE;
    this.sent = this.query.now;
    this.said.textContent = "Asking the model";
    this.send({ ticket: ++this.ticket, ...this.sent });
  }

  /** @param {PointAnswer} message */
  answered({ ticket, error, cells, grid, scale }) {
    if (ticket !== this.ticket) return;
    this.pending = 0;
    const { now } = this.query;
    if (now && now !== this.sent) return this.asked();
    if (!now) return;
    if (error) {
      this.said.textContent = error;
      return;
    }
    const answer = { cells, grid, scale };
    this.pointer.draw(now, answer, this.table);
    this.say(now, answer);
  }

  say({ side, place }, answer) {
    const { value, point } = strongest(answer, this.stage.extents[1 - side]);
    const at = point.map((one, i) => Math.round(one * this.photos[1 - side][i ? "height" : "width"])).join(", ");
    const sum = answer.cells.reduce((a, b) => a + b, 0);
    const number = (one) => `${one < 0 ? "" : "+"}${figures(one)}`;
    const what = isPoint(place) ? "This place" : "A cell of this box, on average,";
    this.said.textContent = `${what} adds ${number(sum)} to the similarity; its strongest partner, ringed, is at ${at} in ${"AB"[1 - side]} (${number(value)}).${isPoint(place) ? "" : outlineWords(side)}`;
    this.key.replaceChildren();
    const scale = make("div", "px-scale", this.key);
    make("span", "", scale, `lowers similarity (−${figures(answer.scale)})`);
    make("span", "px-ramp", scale).style.backgroundImage = `linear-gradient(90deg, ${this.ramp.join(", ")})`;
    make("span", "", scale, `raises similarity (+${figures(answer.scale)})`);
    make("span", "px-hint", scale, "the scale of this place alone");
  }
}
