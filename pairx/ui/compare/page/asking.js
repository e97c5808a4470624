// Pointing in an enlarged panel whose method tells pairs of places: where a place has its partners.

import { button, make } from "../../page/dom.js";
import { colorTable, EvidenceTensor, outlineWords, strongest, tensorGrids } from "../../page/evidence.js";
import { fetched } from "../../page/fetching.js";
import { isPoint } from "../../page/geometry.js";
import { figures } from "../../page/numbers.js";
import { AskingModes, Pointer } from "../../page/pointing.js";
import { UNSEEN_PLACE } from "../../page/stage.js";

/** @import { Panel } from "./panel.js" */

export class Asking {
  /** @param {Panel} panel
   * @param {string} url of its tensor */
  constructor(panel, url) {
    this.panel = panel;
    this.url = url;
    this.query = panel.query;
    this.pointer = new Pointer(panel.stage, panel.query, tensorGrids(panel.scene.tensor));
    this.pointer.attach();
    const tools = make("div", "px-tools px-asking-tools");
    this.modes = new AskingModes(tools, panel.query, () => panel.query.changed());
    this.free = button(tools, "Whole map (Esc)", "Whole map (Esc): what the method says of the whole photographs", () =>
      panel.query.free(),
    );
    this.said = make("span", "px-hint px-said", tools);
    this.said.setAttribute("aria-live", "polite");
    panel.note.before(tools);
    /** @type {Uint32Array} */
    this.table = null;
    /** @type {Promise<EvidenceTensor> | null} */
    this.coming = null;
  }

  /** @param {boolean} on */
  enable(on) {
    this.pointer.enable(on);
    if (on) this.reply();
  }

  tensor() {
    this.coming ??= fetched(this.url)
      .then((answer) => answer.arrayBuffer())
      .then((bytes) => new EvidenceTensor(new Int16Array(bytes), this.panel.scene.tensor));
    return this.coming;
  }

  // Answers the query as it stands once the tensor is there.
  async reply() {
    const { stage, large, scene } = this.panel;
    this.modes.tell();
    stage.node.classList.toggle("px-boxing", this.query.boxing && large);
    this.free.disabled = !this.query.now;
    this.said.textContent = this.query.boxing
      ? "Drag a box over a part of either photograph."
      : "Point at a place in either photograph; a click or Enter keeps it.";
    if (!this.query.now) return this.pointer.draw(null, null);
    let tensor;
    try {
      tensor = await this.tensor();
    } catch {
      this.coming = null;
      this.said.textContent = "The pairs of places could not be fetched. Press Compare again.";
      return;
    }
    const { now } = this.query;
    if (!now) return;
    const place = stage.extents[now.side].within(now.place);
    if (!place) {
      this.pointer.draw(now, null);
      this.said.textContent = UNSEEN_PLACE;
      return;
    }
    const answer = tensor.partners(now.side, place);
    this.table ??= colorTable(scene.colors);
    this.pointer.draw(now, answer, this.table);
    if (this.panel.large) this.say(now, answer);
  }

  say({ side, place }, answer) {
    const { photos, stage } = this.panel;
    const { value, point } = strongest(answer, stage.extents[1 - side]);
    const pixels = ([x, y], i) => `${Math.round(x * photos[i].width)}, ${Math.round(y * photos[i].height)}`;
    const [a, b] = ["AB"[side], "AB"[1 - side]];
    const what = isPoint(place) ? `The place at ${pixels(place, side)} in ${a}` : `The box in ${a}`;
    const outlined = isPoint(place) ? "" : outlineWords(side);
    this.said.textContent = `${what} has its strongest partner, ringed, at ${pixels(point, 1 - side)} in ${b}: ${figures(value)}. Full colour is ±${figures(answer.scale)}.${outlined}`;
  }
}
