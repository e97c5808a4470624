// One panel of the board: what it drew or why it cannot, how far it is, its card, and the answers of its tensor.

import { button, make } from "../../page/dom.js";
import { fetched } from "../../page/fetching.js";
import { figureButton } from "../../page/figure.js";
import { Notes } from "../../page/notes.js";
import { minus } from "../../page/numbers.js";
import { markStyles } from "../../page/paint.js";
import { Stage } from "../../page/stage.js";
import { state } from "../../page/state.js";
import { Asking } from "./asking.js";
import { judgedNode } from "./judged.js";

/** @import { BoardConstants, BoardPanel, MeasuredPanel, PanelScene } from "../../page/payloads.js" */

/** Width of a line in a panel, of one on paper. */
const LINE_SCALE = 0.8;
const LOST = "This panel could not be fetched.";
const SAMPLED =
  "How far the map is from what endless sampling would find, as the method itself tells it: a part of the map's own length.";

export class Panel {
  // on: {moved(), enlarge(panel), measure(ids), download(kind, id), filled(panel)}
  /** @param {Element} parent
   * @param {BoardPanel} about
   * @param {BoardConstants} given */
  constructor(parent, about, photos, given, view, query, on) {
    this.about = about;
    this.photos = photos;
    this.given = given;
    this.on = on;
    const { title, about: method } = about;
    this.name = [title, method].filter(Boolean).join(", ");
    this.node = make("article", "px-panel px-waiting", parent);
    this.node.setAttribute("aria-label", this.name);
    this.node.dataset.id = about.id;
    const head = make("header", "px-panel-head", this.node);
    const heading = make("h3", "", head, title);
    heading.title = this.name;
    if (method) make("span", "px-panel-about", heading, ` ${method}`);
    this.likeness = make("span", "px-likeness", head);
    this.likeness.title = "Cosine similarity";
    this.seconds = make("span", "px-hint", head);
    this.larger = button(head, "Enlarge", `Enlarge ${this.name}`, () => on.enlarge(this));
    this.larger.hidden = true;
    this.stage = new Stage(this.node, view, `${this.name}: both photographs`, true, {
      over() {},
      pick: () => this.scene && !this.large && on.enlarge(this),
      moved: on.moved,
    });
    this.stage.stackBelow = 0;
    this.stage.show(photos, [null, null], []);
    this.progress = make("div", "px-progress", this.node);
    make("span", "", this.progress);
    this.sampled = make("p", "px-sampled", this.node);
    this.sampled.title = SAMPLED;
    this.sampled.hidden = true;
    this.note = make("p", "px-note", this.node, "Not computed yet");
    this.judged = judgedNode(about.judged);
    this.node.append(this.judged);
    this.faith = make("div", "px-faith", this.node);
    this.faith.hidden = true;
    this.notes = new Notes(this.node);
    this.notes.node.hidden = true;
    this.query = query;
    this.file = "";
    /** @type {PanelScene} */
    this.scene = null;
    /** @type {MeasuredPanel} */
    this.faithfulness = null;
    /** @type {Asking} */
    this.asking = null;
    /** @type {HTMLButtonElement} */
    this.measuring = null;
    this.tell("");
  }

  get large() {
    return this.node.classList.contains("px-large");
  }

  get waiting() {
    return this.node.classList.contains("px-waiting");
  }

  /** What of it its place depends on. */
  get placed() {
    return { ...this.about, drop: this.faithfulness?.drop ?? null };
  }

  /** While there is no result: what is going on with it.
   * @param {string} text
   * @param {number} [share] 0 to 1 */
  tell(text, share) {
    if (!this.waiting) return;
    this.note.textContent = text;
    this.progress.hidden = share === undefined;
    /** @type {HTMLElement} */ (this.progress.firstChild).style.width = `${100 * (share ?? 0)}%`;
  }

  /** @param {BoardPanel} about */
  async ask(about) {
    this.judge(about);
    this.about = about;
    this.measured(about.measured);
    if (!about.file || about.file.path === this.file) return;
    this.file = about.file.path;
    try {
      const answer = await fetched(about.file.url);
      this.fill(await answer.json());
      this.on.filled(this);
    } catch {
      this.file = "";
      this.note.replaceChildren(`${LOST} `);
      button(this.note, "Try again", "Try again", () => this.ask(about));
    }
  }

  /** A model's judgement is known once it was loaded.
   * @param {BoardPanel} about */
  judge({ judged }) {
    if (JSON.stringify(judged) === JSON.stringify(this.about.judged)) return;
    const node = judgedNode(judged);
    this.judged.replaceWith(node);
    this.judged = node;
  }

  /** @param {PanelScene} scene */
  fill(scene) {
    this.node.classList.remove("px-waiting");
    this.progress.hidden = true;
    if (scene.reason) {
      this.node.classList.add("px-refused");
      this.stage.node.replaceChildren(make("p", "px-reason", null, `Cannot run: ${scene.reason}`));
      this.stage.photos = null;
      this.note.textContent = "";
    } else {
      this.scene = scene;
      this.larger.hidden = false;
      this.seconds.textContent = [
        scene.signed ? "" : "sign by convention",
        scene.background,
        scene.seconds.replace(" ", "\u00a0"),
      ]
        .filter(Boolean)
        .join(" · ");
      const covers = scene.heat.map(
        (src) => src && Object.assign(make("img", "px-overlay"), { src, alt: "", draggable: false }),
      );
      this.stage.show(this.photos, covers, scene.marks, scene.extents);
      this.stage.tell(scene.banner);
      this.paint();
      this.sampled.textContent = scene.sampled && scene.sampled[0].toUpperCase() + scene.sampled.slice(1);
      this.sampled.hidden = !scene.sampled;
      this.note.textContent = scene.note;
      this.notes.node.hidden = !scene.notes.length;
      this.notes.show(scene.notes);
    }
    this.card(scene.card, !scene.reason);
    if (scene.tensor) {
      this.larger.textContent = "Enlarge and point";
      this.larger.setAttribute("aria-label", `Enlarge and point: ${this.name}`);
      this.asking = new Asking(this, this.about.tensor.url);
    }
    this.note.hidden = !this.note.textContent;
    if (this.faithfulness) this.measured(this.faithfulness);
  }

  /** Draws its matches in the look of the page. */
  paint() {
    if (!this.scene) return;
    const { lines, colors, palette } = state.look;
    const traced = Math.min(colors, this.scene.traced, this.given.palettes.bright.length - 1);
    const chosen = (this.given.palettes[palette] ?? Object.values(this.given.palettes)[0])[traced];
    this.stage.paint(markStyles(this.given, this.scene.marks, chosen, traced, LINE_SCALE, lines), null);
  }

  /** @param {[string, string][]} rows
   * @param {boolean} measurable */
  card(rows, measurable) {
    const foot = make("footer", "px-panel-foot", this.node);
    const card = make("details", "px-card", foot);
    make("summary", "", card, "About this method");
    this.rows = make("dl", "", card);
    for (const row of rows) this.row(...row);
    if (!measurable) return;
    figureButton(foot, () => this.about.figure, { name: this.name });
    for (const [kind, text] of [
      ["png", "PNG"],
      ["svg", "SVG"],
      ["npz", "Raw values NPZ"],
    ])
      button(card, text, `${text} of this panel`, () => this.on.download(kind, this.about.id)).dataset.kind = kind;
    this.measuring = button(
      card,
      "Measure faithfulness",
      "Measure faithfulness: blur what the map rates highest and see what the similarity loses",
      () => this.on.measure([this.about.id]),
    );
  }

  /** @param {string} name
   * @param {string} text
   * @param {string} [meaning] */
  row(name, text, meaning) {
    make("dt", "", this.rows, name);
    const value = make("dd", "", this.rows, text);
    if (meaning) make("span", "px-hint", value, ` ${meaning}`);
  }

  /** @param {MeasuredPanel | null} [faithfulness] */
  measured(faithfulness) {
    if (!faithfulness) return;
    this.faithfulness = faithfulness;
    if (!this.scene || !this.measuring) return;
    for (const { name, value, meaning } of faithfulness.rows) this.row(name, value, meaning);
    this.measuring.remove();
    this.measuring = null;
    this.faith.hidden = false;
    this.faith.title = faithfulness.line;
    if (faithfulness.drop === null) {
      make("span", "px-hint", this.faith, faithfulness.line);
      return;
    }
    const track = make("span", "px-faith-track", this.faith);
    for (const name of ["px-faith-drop", "px-faith-random"]) make("span", name, track);
    const said = make("span", "px-hint", this.faith, `Faithfulness ${minus(faithfulness.drop.toFixed(2))}`);
    said.append(` · at random ${minus(faithfulness.random.toFixed(2))}`);
  }

  /** @param {number} most the largest of the board, the whole of the bar */
  scale(most) {
    if (!this.faithfulness || !most) return;
    const share = (value) => `${(100 * Math.max(0, value)) / most}%`;
    this.faith.style.setProperty("--px-drop", share(this.faithfulness.drop));
    this.faith.style.setProperty("--px-random", share(this.faithfulness.random));
  }

  /** @param {boolean} on */
  enlarge(on) {
    const open = this.asking ? "Enlarge and point" : "Enlarge";
    this.node.classList.toggle("px-large", on);
    this.larger.textContent = on ? "Close (Esc)" : open;
    this.larger.setAttribute("aria-label", on ? `Close (Esc): ${this.name}` : `${open}: ${this.name}`);
    this.larger.setAttribute("aria-expanded", String(on));
    this.stage.stackBelow = on ? 560 : 0;
    this.asking?.enable(on);
    this.stage.layout();
  }
}
