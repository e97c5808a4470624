// One method's panel on the board: what it drew or why it cannot, its card, and the answers of its tensor.

import { button, make } from "../../page/dom.js";
import { colorTable, EvidenceTensor, outlineWords, strongest, tensorGrids } from "../../page/evidence.js";
import { fetched } from "../../page/fetching.js";
import { isPoint } from "../../page/geometry.js";
import { Notes } from "../../page/notes.js";
import { figures } from "../../page/numbers.js";
import { AskingModes, Pointer } from "../../page/pointing.js";
import { Stage, UNSEEN_PLACE } from "../../page/stage.js";

/** @import { BoardPanel, MeasuredPanel, PanelFiles, PanelScene } from "../../page/payloads.js" */

/** Width of a line in a panel, of one on paper. */
const LINE_SCALE = 0.8;

export class Panel {
  // on: {moved(), enlarge(panel), measure(names), download(kind, name)}
  /** @param {Element} parent
   * @param {BoardPanel} panel */
  constructor(parent, { title, name }, photos, view, query, on) {
    this.name = name;
    this.photos = photos;
    this.on = on;
    this.node = make("article", "px-panel px-waiting", parent);
    this.node.setAttribute("aria-label", title);
    const head = make("header", "px-panel-head", this.node);
    make("h3", "", head, title).title = title;
    this.seconds = make("span", "px-hint", head);
    this.larger = button(head, "Enlarge", `Enlarge ${title}`, () => on.enlarge(this));
    this.larger.hidden = true;
    this.stage = new Stage(this.node, view, `${title}: both photographs`, true, {
      over() {},
      pick: () => this.scene && !this.large && on.enlarge(this),
      moved: on.moved,
    });
    this.stage.stackBelow = 0;
    this.stage.show(photos, [null, null], []);
    this.note = make("p", "px-note", this.node, "Waiting");
    this.notes = new Notes(this.node);
    this.query = query;
    this.asked = false;
    /** @type {PanelScene} */
    this.scene = null;
    /** @type {MeasuredPanel} */
    this.faithfulness = null;
    /** @type {Uint32Array} */
    this.table = null;
    /** @type {Pointer} */
    this.pointer = null;
    /** @type {HTMLButtonElement} */
    this.measuring = null;
  }

  get large() {
    return this.node.classList.contains("px-large");
  }

  /** @param {PanelFiles} files */
  async ask({ file, tensor }) {
    this.asked = true;
    try {
      const answer = await fetched(file.url);
      this.tensorFile = tensor;
      this.fill(await answer.json());
      return this.scene;
    } catch {
      this.note.textContent = "This panel could not be fetched. Press Compare again.";
      return null;
    }
  }

  /** @param {PanelScene} scene */
  fill(scene) {
    this.node.classList.remove("px-waiting");
    if (scene.reason) {
      this.node.classList.add("px-refused");
      this.stage.node.replaceChildren(make("p", "px-reason", null, `Cannot run: ${scene.reason}`));
      this.stage.photos = null;
      this.note.textContent = "";
    } else {
      this.scene = scene;
      this.larger.hidden = false;
      this.seconds.textContent = [scene.signed ? "" : "sign by convention", scene.background, scene.seconds]
        .filter(Boolean)
        .join(" · ");
      const covers = scene.heat.map(
        (src) => src && Object.assign(make("img", "px-overlay"), { src, alt: "", draggable: false }),
      );
      this.stage.show(this.photos, covers, scene.marks, scene.extents);
      this.stage.tell(scene.banner);
      this.stage.paint(
        scene.marks.map((mark) => ({ ...mark, width: LINE_SCALE * mark.width, drawn: true })),
        null,
      );
      this.note.textContent = this.note.title = scene.note;
      this.notes.show(scene.notes);
      if (scene.tensor) this.enablePointing();
    }
    this.card(scene.card, !scene.reason);
  }

  card(rows, measurable) {
    const card = make("details", "px-card", this.node);
    make("summary", "", card, "About this method");
    this.rows = make("dl", "", card);
    for (const row of rows) this.row(row);
    if (!measurable) return;
    for (const [kind, text] of [
      ["png", "Figure PNG"],
      ["npz", "Raw values NPZ"],
    ]) {
      button(card, text, `Download ${text} of this panel`, () => this.on.download(kind, this.name)).dataset.kind = kind;
    }
    this.measuring = button(
      card,
      "Measure faithfulness",
      "Measure faithfulness: blur what the map rates highest and see what the similarity loses",
      () => this.on.measure([this.name]),
    );
  }

  row([name, text, meaning]) {
    make("dt", "", this.rows, name);
    const value = make("dd", "", this.rows, text);
    if (meaning) make("span", "px-hint", value, ` ${meaning}`);
  }

  /** @param {MeasuredPanel} [faithfulness] */
  measured(faithfulness) {
    if (!faithfulness || this.faithfulness) return;
    this.faithfulness = faithfulness;
    this.note.after(make("p", "px-note px-measured", null, faithfulness.line));
    for (const { name, value, meaning } of faithfulness.rows) this.row([name, value, meaning]);
    this.measuring.remove();
  }

  // The panel can say where a place has its partner.
  enablePointing() {
    this.larger.textContent = "Enlarge and point";
    this.pointer = new Pointer(this.stage, this.query, tensorGrids(this.scene.tensor));
    this.pointer.attach();
    const tools = make("div", "px-tools px-asking-tools", this.node);
    this.modes = new AskingModes(tools, this.query, () => this.query.changed());
    this.free = button(tools, "Whole map (Esc)", "Show what the method says of the whole photographs", () =>
      this.query.free(),
    );
    this.said = make("span", "px-hint px-said", tools);
    this.said.setAttribute("aria-live", "polite");
    this.note.before(tools);
  }

  enlarge(on) {
    this.node.classList.toggle("px-large", on);
    this.larger.textContent = on ? "Close (Esc)" : this.pointer ? "Enlarge and point" : "Enlarge";
    this.stage.stackBelow = on ? 560 : 0;
    this.larger.setAttribute("aria-expanded", String(on));
    this.pointer?.enable(on);
    this.stage.layout();
    if (on) this.reply();
  }

  async tensor() {
    this.fetched ??= fetched(this.tensorFile.url)
      .then((answer) => answer.arrayBuffer())
      .then((bytes) => new EvidenceTensor(new Int16Array(bytes), this.scene.tensor));
    return this.fetched;
  }

  // Answers the query as it stands once the tensor is there.
  async reply() {
    if (!this.pointer) return;
    this.modes.tell();
    this.stage.node.classList.toggle("px-boxing", this.query.boxing && this.large);
    this.free.disabled = !this.query.now;
    this.said.textContent = this.query.boxing
      ? "Drag a box over a part of either photograph."
      : "Point at a place in either photograph; a click or Enter keeps it.";
    if (!this.query.now) return this.pointer.draw(null, null);
    let tensor;
    try {
      tensor = await this.tensor();
    } catch {
      this.fetched = null;
      this.said.textContent = "The pairs of places could not be fetched. Press Compare again.";
      return;
    }
    const { now } = this.query;
    if (!now) return;
    const place = this.stage.extents[now.side].within(now.place);
    if (!place) {
      this.pointer.draw(now, null);
      this.said.textContent = UNSEEN_PLACE;
      return;
    }
    const answer = tensor.partners(now.side, place);
    this.table ??= colorTable(this.scene.colors);
    this.pointer.draw(now, answer, this.table);
    if (this.large) this.say(now, answer);
  }

  say({ side, place }, answer) {
    const { value, point } = strongest(answer, this.stage.extents[1 - side]);
    const pixels = ([x, y], i) => `${Math.round(x * this.photos[i].width)}, ${Math.round(y * this.photos[i].height)}`;
    const [a, b] = ["AB"[side], "AB"[1 - side]];
    const what = isPoint(place) ? `The place at ${pixels(place, side)} in ${a}` : `The box in ${a}`;
    const outlined = isPoint(place) ? "" : outlineWords(side);
    this.said.textContent = `${what} has its strongest partner, ringed, at ${pixels(point, 1 - side)} in ${b}: ${figures(value)}. Full colour is ±${figures(answer.scale)}.${outlined}`;
  }
}
