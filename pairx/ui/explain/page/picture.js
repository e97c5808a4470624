// The picture of an explanation as one looks at it: the number, the photographs with matches and with colour maps, the
// table. It draws in the browser alone; what asks the server is handed in.

import { button, make } from "../../page/dom.js";
import { LinkedView } from "../../page/geometry.js";
import { modified, keeps, MATCHES, onEscape, onKey, step, ZOOMS } from "../../page/keys.js";
import { legend } from "../../page/legend.js";
import { minus } from "../../page/numbers.js";
import { blend, markStyles } from "../../page/paint.js";
import { PointMode } from "../../page/point.js";
import { Stage } from "../../page/stage.js";
import { on, state } from "../../page/state.js";
import { holdButton, ZoomTools } from "../../page/toolbar.js";
import { MatchTable } from "./matches.js";
import { References } from "./references.js";

/** @import { AnsweredScene, Seen } from "../../page/payloads.js" */
/** @import { OpacityMap } from "../../page/paint.js" */
/** @import { Point } from "../../page/geometry.js" */
/** @import { Place } from "../../page/pointing.js" */

/** Width of a line on the screen, of one on paper. */
const LINE_SCALE = 1.8;
/** Height of the large and of the small photographs at most, of the window's. */
const LARGE = 0.41;
const SMALL = 0.23;
const NARROW = 768; // px of the window, below which photographs lie one below the other
const MATCHES_SAY =
  "Lines join places that the model finds alike; dashed blue ones lower the similarity, and so does a blue glow.";
const COLORS_SAY = "Each colour marks the pixels that one match rests on. Equal colours belong together.";

export class Picture {
  /**
   * @param {HTMLElement} root
   * @param {HTMLElement} body
   * @param {{changed(): void, ask: ((question: Place & {ticket: number}) => void) | null}} events ask: about a place;
   *   null where nobody could answer
   */
  constructor(root, body, events) {
    this.root = root;
    this.events = events;
    this.view = new LinkedView();
    /** @type {AnsweredScene} */
    this.scene = null;
    /** @type {number | null} */
    this.chosen = null;
    /** @type {number | null} */
    this.hovered = null;
    /** @type {OpacityMap[][]} */
    this.maps = [[], []];
    /** @type {HTMLCanvasElement[]} */
    this.canvases = [];
    /** @type {(HTMLElement | null)[]} */
    this.heats = [];
    this.drawn = 0;
    this.build(body);
    this.listen();
  }

  /** @param {HTMLElement} body */
  build(body) {
    this.story = make("p", "px-story", body);
    this.verdict = make("div", "px-verdict", body);
    const score = make("div", "px-score", this.verdict);
    this.number = make("span", "px-score-number", score);
    make("span", "px-score-label", score, "cosine similarity");
    this.references = new References(make("div", "px-words", this.verdict));

    const main = make("section", "px-section px-main", body);
    const moved = () => {
      this.moved();
      this.events.changed();
    };
    this.zoom = new ZoomTools(main, "Picture", this.view, moved);
    this.tools = this.zoom.node;
    holdButton(this.tools);
    const stages = {
      over: (/** @type {number | null} */ rank) => this.over(rank),
      pick: (/** @type {number | null} */ rank) => this.pick(rank),
      moved,
    };
    this.large = make("div", "px-slot", main);
    this.lines = new Stage(this.large, this.view, "Both photographs with relevance and match lines", true, stages);
    const under = make("div", "px-under", main);
    this.said = make("p", "px-hint px-said", under);
    this.said.setAttribute("aria-live", "polite");
    this.scales = make("div", "px-scales", under);

    const lower = make("div", "px-lower", body);
    const numbers = make("section", "px-section px-listed", lower);
    const head = make("div", "px-matches-head", numbers);
    make("h3", "", head, "Matches").title = "Arrow keys move, Enter keeps one, Escape frees it, double-click zooms";
    this.free = button(head, "All matches (Esc)", "All matches (Esc): show all of them again", () => this.choose(null));
    const maps = make("section", "px-section px-pixels", lower);
    this.smallTitle = make("h3", "", maps);
    this.small = make("div", "px-slot", maps);
    this.pixels = new Stage(this.small, this.view, "Both photographs with the pixels behind each match", false, stages);
    this.pixels.node.classList.add("px-faded");
    this.pixels.stackBelow = 400;
    this.colorNote = make("p", "px-hint px-color-note", maps);
    this.table = new MatchTable(numbers, {
      over: stages.over,
      pick: stages.pick,
      zoom: (mark) => {
        this.choose(mark.rank);
        this.view.focus(mark.points, 4);
        moved();
      },
    });

    this.points = this.events.ask
      ? new PointMode(
          this.lines,
          this.tools,
          (text, scale) => this.say(text, scale),
          () => this.pointing(),
          this.events.ask,
        )
      : null;
    this.exchanged = button(this.tools, "Colour maps (C)", "Colour maps (C): show them large, the lines small", () =>
      this.exchange(!this.colorsLarge),
    );
    this.exchange(false);
  }

  listen() {
    const { root } = this;
    root.addEventListener("keydown", (event) => this.pressed(event));
    if (this.points) {
      onKey(root, "p", () => this.scene && this.points.toggle(false));
      onKey(root, "b", () => this.scene && this.points.toggle(true));
    }
    onKey(root, "c", () => this.scene && this.exchange(!this.colorsLarge));
    onEscape(root, () => {
      if (this.points?.on) this.points.leave();
      else if (this.chosen !== null || this.hovered !== null) this.choose(null);
    });
    on("look", () => {
      const most = Math.max(state.look.lines, state.look.colors);
      if (!this.scene?.marks.some((mark) => mark.rank === this.chosen && mark.at <= most)) this.chosen = null;
      this.paint();
      this.events.changed();
    });
    new ResizeObserver(() => this.layout()).observe(root);
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const target = /** @type {Element} */ (event.target);
    const row = /** @type {HTMLElement} */ (target.closest(".px-row"));
    const stage = target.closest(".px-stage");
    if (!this.scene || !(row || stage) || modified(event)) return;
    const by = step(MATCHES, event);
    const factor = step(ZOOMS, event);
    if (by) {
      const next = this.table.step(this.bright(), by);
      if (row) next?.focus();
      else if (next) this.choose(Number(next.dataset.rank));
    } else if (row && keeps(event)) this.pick(Number(row.dataset.rank));
    else if (stage && factor !== undefined) {
      if (factor) this.zoom.by(factor);
      else this.zoom.reset();
    } else return;
    event.preventDefault();
  }

  bright() {
    return this.hovered ?? this.chosen;
  }

  /** Which of both views is large; nothing is lost of the other one.
   * @param {boolean} colors */
  exchange(colors) {
    this.colorsLarge = colors;
    if (colors) this.points?.leave();
    const [large, small] = colors ? [this.pixels, this.lines] : [this.lines, this.pixels];
    this.large.append(large.node);
    this.small.append(small.node);
    large.tallest = () => Math.max(220, window.innerHeight * (window.innerWidth < NARROW ? 0.72 : LARGE));
    small.tallest = () => Math.max(150, window.innerHeight * (window.innerWidth < NARROW ? 0.72 : SMALL));
    this.smallTitle.textContent = colors ? "Lines and relevance" : "Pixels behind the matches";
    this.smallTitle.title = colors ? MATCHES_SAY : COLORS_SAY;
    this.exchanged.setAttribute("aria-pressed", String(colors));
    this.say(colors ? COLORS_SAY : MATCHES_SAY, null);
    this.layout();
    this.events.changed();
  }

  // The mode of pointing was entered or left.
  pointing() {
    if (this.points.on) {
      if (this.colorsLarge) this.exchange(false);
    } else this.say(MATCHES_SAY, null);
    this.paint();
    this.events.changed();
  }

  /** How the picture is seen.
   * @returns {Seen} */
  get seen() {
    const { zoom, centers } = this.view;
    return { zoom, centers, point: this.points?.query.now ?? null, colors_large: this.colorsLarge };
  }

  /** The way back.
   * @param {Seen} seen */
  see({ zoom, centers, point, colors_large: large }) {
    if (zoom > 1) {
      this.view.focus(/** @type {Point[]} */ (centers), zoom);
      this.moved();
    }
    if (Boolean(large) !== this.colorsLarge) this.exchange(large);
    if (point) this.points?.ask(point);
  }

  /** What stands below the large picture.
   * @param {string} text
   * @param {Node | null} scale its legend, in place of the heat's */
  say(text, scale) {
    this.said.textContent = text;
    this.scales.replaceChildren(...(scale ? [scale] : (this.scene?.scales ?? []).map(legend)));
  }

  /**
   * @param {AnsweredScene} scene
   * @param {OpacityMap[][]} maps
   * @param {number | null} [match] the rank that is chosen where another picture was on show before
   */
  show(scene, maps, match = null) {
    const same = this.scene?.key === scene.key;
    this.scene = scene;
    this.maps = maps;
    this.root.style.setProperty("--px-gray", String(scene.fade[0]));
    this.root.style.setProperty("--px-photo", String(1 - scene.fade[1]));
    if (!same) {
      this.view.reset();
      this.chosen = scene.marks.some((mark) => mark.rank === match) ? match : null;
      this.hovered = null;
      this.points?.leave();
    }
    this.story.textContent = scene.story;
    this.number.textContent = minus(scene.similarity.toFixed(2));
    this.references.show(scene);
    this.heats = scene.heat.map(
      (src) => src && Object.assign(make("img", "px-overlay"), { src, alt: "", draggable: false }),
    );
    this.canvases = [0, 1].map(() => make("canvas", "px-overlay"));
    this.lines.show(scene.photos, this.heats, scene.marks, scene.extents);
    this.lines.tell(scene.banner);
    this.pixels.show(scene.photos, this.canvases, scene.marks, scene.extents);
    this.pixels.tell(scene.paint_banner);
    this.table.fill(scene);
    this.say(this.colorsLarge ? COLORS_SAY : MATCHES_SAY, null);
    this.points?.show(scene);
    this.root.classList.add("px-ready");
    this.moved();
    this.paint();
    requestAnimationFrame(() => this.layout());
  }

  paint() {
    if (!this.scene || this.drawn) return;
    this.drawn = requestAnimationFrame(() => {
      this.drawn = 0;
      this.paintNow();
    });
  }

  paintNow() {
    const { scene, maps, table } = this;
    const rank = this.bright();
    const look = state.look;
    const traced = Math.min(look.colors, maps[0].length);
    const palette = scene.palettes[look.palette][traced];
    const styles = markStyles(scene, scene.marks, palette, traced, LINE_SCALE, look.lines);
    this.lines.paint(styles, rank);
    this.pixels.paint(
      styles.map((style) => ({ ...style, drawn: false })),
      rank,
    );
    const painted = styles.slice(0, traced).map(({ color }) => color);
    const strengths = painted.map((_, i) => (rank === null || rank === scene.marks[i].rank ? 1 : scene.faint));
    this.canvases.forEach((canvas, i) => {
      blend(canvas, maps[i].slice(0, traced), painted, strengths);
      canvas.style.opacity = String(look.opacity);
    });
    for (const heat of this.heats) if (heat) heat.style.opacity = String(look.opacity);
    this.root.style.setProperty("--px-heat", String(look.opacity));
    this.free.disabled = this.chosen === null;
    table.paint(styles, rank, this.chosen, (/** @type {number} */ i) => styles[i].drawn || i < traced);
    const last = traced ? scene.marks[traced - 1].rank : 0;
    this.colorNote.textContent =
      rank > last ? `Match ${rank} is not traced to pixels: only the first ${traced} are.` : "";
  }

  /** @param {number | null} rank */
  over(rank) {
    if (this.hovered === rank) return;
    this.hovered = rank;
    this.paint();
  }

  /** @param {number | null} rank */
  pick(rank) {
    if (!this.points?.on) this.choose(rank === this.chosen ? null : rank);
  }

  /** @param {number | null} rank */
  choose(rank) {
    this.chosen = rank;
    this.hovered = null;
    this.paint();
    this.events.changed();
  }

  moved() {
    this.zoom.tell();
    this.lines.move();
    this.pixels.move();
    this.root.style.setProperty("--px-unzoom", String(1 / this.view.zoom));
  }

  layout() {
    this.lines.layout();
    this.pixels.layout();
  }
}
