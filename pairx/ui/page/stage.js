// The pair view: two photographs side by side under one SVG. Stages share one view, so that zoom and pan stay linked.

import { make, makeSvg } from "./dom.js";
import { picture } from "./fetching.js";
import { Extent, WHOLE } from "./geometry.js";
import { named, recut } from "./names.js";
import { clamp } from "./numbers.js";

/** @import { Box, LinkedView, Point } from "./geometry.js" */

/** @typedef {{src: string, width: number, height: number, name: string}} StagePhoto */
/** @typedef {{rank: number, points: Point[]}} PairMark a place in each photograph */
/** @typedef {{color: string, casing: string, width: number, drawn: boolean, against: boolean}} MarkStyle */
/** @typedef {{over(rank: number | null): void, pick(rank: number | null): void, moved(): void}} StageEvents */
/** @typedef {{halo: SVGLineElement, line: SVGLineElement, hit: SVGLineElement}} MarkLine */
/** @typedef {{mark: PairMark, group: SVGGElement, line: MarkLine | false, dots: SVGCircleElement[]}} StageMark */

// What the hatched parts of a photograph are, and what is said to those who ask about them.
const UNSEEN = "hatched: not seen by the model";
export const UNSEEN_PLACE =
  "The model does not see this place: it lies in the part of the photograph that is cut off. Choose another.";

const LONGEST_NAME = 48;
const LETTERS = 1 / 7.4; // of a caption, to a px
const CAPTION = 26; // px below a photograph

export class Stage {
  /**
   * @param {Element} parent
   * @param {LinkedView} view
   * @param {string} label
   * @param {boolean} joined whether lines join the marks of both photographs
   * @param {StageEvents} on
   */
  constructor(parent, view, label, joined, on) {
    this.view = view;
    this.joined = joined;
    this.on = on;
    this.node = make("div", "px-stage", parent);
    this.node.tabIndex = 0;
    this.node.setAttribute("role", "group");
    this.node.setAttribute("aria-label", label);
    this.frames = [0, 1].map(() => {
      const figure = make("figure", "px-figure", this.node);
      const frame = make("div", "px-frame", figure);
      return { figure, frame, world: make("div", "px-world", frame), caption: make("figcaption", "px-name", figure) };
    });
    this.svg = makeSvg("svg", { class: "px-lines", "aria-hidden": "true" }, this.node);
    /** @type {StageMark[]} */
    this.marks = [];
    /** @type {StagePhoto[]} */
    this.photos = null;
    /** @type {HTMLElement} */
    this.banner = null;
    /** @type {{x: number, y: number, width: number, height: number}[]} */
    this.boxes = null;
    this.extents = [WHOLE, WHOLE];
    /** @type {HTMLElement[]} */
    this.names = [];
    /** Narrower than this, px, photographs may lie one above the other. */
    this.stackBelow = 560;
    /** Height of a photograph at most, px. */
    this.tallest = () => Math.max(240, Math.min(window.innerHeight * 0.72, 760));
    /** Height, px, that the photographs have together: they lie beside or above each other, as shows more of them; 0 is as
     * the width allows. */
    this.room = () => 0;
    this.listen();
  }

  /** What the picture itself has to say, or nothing. */
  tell(banner = "") {
    this.banner ??= make("p", "px-banner", this.node);
    this.banner.textContent = banner;
    this.banner.hidden = !banner;
  }

  /**
   * @param {StagePhoto[]} photos
   * @param {(HTMLElement | null)[]} covers what lies over each photograph's extent
   * @param {PairMark[]} marks
   * @param {(Box | null)[]} extents what the model sees of each; null is all of it
   */
  show(photos, covers, marks, extents = [null, null]) {
    this.photos = photos;
    this.extents = extents.map((extent) => (extent ? new Extent(extent) : WHOLE));
    this.frames.forEach(({ world, caption }, i) => {
      world.replaceChildren();
      const photo = make("img", "px-photo", world);
      photo.alt = `Photograph ${"AB"[i]}: ${photos[i].name}`;
      photo.draggable = false;
      picture(photo, photos[i].src);
      caption.textContent = `${"AB"[i]}  `;
      this.names[i] = named(caption, photos[i].name, LONGEST_NAME);
      const { x, y, w, h, hides } = this.extents[i];
      Object.entries({ x, y, w, h }).forEach(([side, value]) =>
        world.style.setProperty(`--px-${side}`, `${100 * value}%`),
      );
      if (covers[i]) world.append(covers[i]);
      if (!hides) return;
      const corners = [
        [0, 0],
        [1, 0],
        [1, 1],
        [0, 1],
        [0, 0],
        [x, y],
        [x + w, y],
        [x + w, y + h],
        [x, y + h],
        [x, y],
      ];
      make("div", "px-beyond", world).style.clipPath =
        `polygon(evenodd, ${corners.map((corner) => corner.map((value) => `${100 * value}%`).join(" ")).join(", ")})`;
      caption.append(` · ${UNSEEN}`);
    });
    this.svg.replaceChildren();
    this.marks = marks.map((mark) => {
      const group = makeSvg("g", { "data-rank": mark.rank, class: "px-mark" }, this.svg);
      const line = this.joined && {
        halo: makeSvg("line", { class: "px-halo" }, group),
        line: makeSvg("line", { class: "px-line" }, group),
        hit: makeSvg("line", { class: "px-hit" }, group),
      };
      const dots = [0, 1].map(() => makeSvg("circle", { class: "px-dot", r: 5 }, group));
      return { mark, group, line, dots };
    });
    this.layout();
  }

  // Equal height side by side; on a narrow screen one above the other where that shows more.
  layout() {
    if (!this.photos) return;
    const width = this.node.clientWidth;
    if (!width) return;
    const gap = width < 560 ? 8 : 16;
    const aspects = this.photos.map((photo) => photo.width / photo.height);
    const tallest = this.tallest();
    const room = this.room();
    const high = room ? room - CAPTION : tallest; // at most, of photographs beside each other
    const low = room ? (room - gap) / 2 - CAPTION : tallest; // of each of two that lie one above the other
    const beside = Math.min((width - gap) / (aspects[0] + aspects[1]), high);
    const above = aspects.map((aspect, i) => {
      const left = room ? Math.max(0, low - width / aspects[1 - i]) : 0; // by a panorama, which is wider than tall
      return Math.min(width / aspect, low + left);
    });
    const area = (heights) => heights.reduce((sum, height, i) => sum + height * height * aspects[i], 0);
    const stacked = room ? area(above) > area([beside, beside]) : width < this.stackBelow && beside < 200;
    this.node.classList.toggle("px-stacked", stacked);
    this.node.style.gap = `${gap}px`;
    this.frames.forEach(({ figure, frame }, i) => {
      const height = stacked ? above[i] : beside;
      figure.style.width = `${height * aspects[i]}px`;
      const letters = height * aspects[i] * LETTERS - (this.extents[i].hides ? UNSEEN.length : 0);
      recut(this.names[i], this.photos[i].name, Math.max(10, Math.floor(letters) - 4));
      frame.style.height = `${height}px`;
    });
    const own = this.node.getBoundingClientRect();
    this.boxes = this.frames.map(({ frame }) => {
      const box = frame.getBoundingClientRect();
      return { x: box.x - own.x, y: box.y - own.y, width: box.width, height: box.height };
    });
    this.move();
  }

  move() {
    if (!this.boxes) return;
    this.frames.forEach(({ world }, i) => {
      const { width, height } = this.boxes[i];
      const [left, top] = this.view.place(i, [0, 0]);
      world.style.transform = `translate(${left * width}px, ${top * height}px) scale(${this.view.zoom})`;
    });
    const across = this.view.zoom > 1;
    this.node.classList.toggle("px-zoomed", across);
    for (const { mark, line, dots } of this.marks) {
      const ends = mark.points.map((point, i) => {
        const [u, v] = this.view.place(i, point);
        const { x, y, width, height } = this.boxes[i];
        return { x: x + u * width, y: y + v * height, seen: u >= 0 && u <= 1 && v >= 0 && v <= 1 };
      });
      dots.forEach((dot, i) => {
        dot.setAttribute("cx", String(ends[i].x));
        dot.setAttribute("cy", String(ends[i].y));
        dot.style.display = ends[i].seen ? "" : "none";
        // Half of a pair whose other half lies outside: a ring, and no line into nowhere.
        dot.classList.toggle("px-alone", !ends[1 - i].seen);
      });
      if (!line) continue;
      for (const part of Object.values(line)) {
        part.setAttribute("x1", String(ends[0].x));
        part.setAttribute("y1", String(ends[0].y));
        part.setAttribute("x2", String(ends[1].x));
        part.setAttribute("y2", String(ends[1].y));
        part.style.display = ends[0].seen && ends[1].seen ? "" : "none";
      }
    }
  }

  /**
   * @param {MarkStyle[]} styles of each mark
   * @param {number | null} bright the rank that alone stays bright
   */
  paint(styles, bright) {
    this.marks.forEach(({ mark, group, line }, index) => {
      const { color, casing, width, drawn, against } = styles[index];
      group.style.display = drawn || mark.rank === bright ? "" : "none";
      group.classList.toggle("px-bright", mark.rank === bright);
      group.classList.toggle("px-against", Boolean(against));
      group.classList.toggle("px-dim", bright !== null && mark.rank !== bright);
      group.style.setProperty("--mark", color);
      group.style.setProperty("--casing", casing);
      if (!line) return;
      line.line.style.strokeWidth = String(width);
      line.halo.style.strokeWidth = String(width + 1.6);
    });
    // Later marks lie over earlier ones: the most relevant on top, a bright one above all.
    for (const { group } of [...this.marks].reverse()) this.svg.append(group);
    const chosen = this.marks.find(({ mark }) => mark.rank === bright);
    if (chosen) this.svg.append(chosen.group);
  }

  /** @param {EventTarget} target */
  rankAt(target) {
    const group = target instanceof Element && /** @type {SVGElement} */ (target.closest(".px-mark"));
    return group ? Number(group.dataset.rank) : null;
  }

  /** @param {MouseEvent} event */
  frameAt(event) {
    return this.frames.find(({ frame }) => {
      const box = frame.getBoundingClientRect();
      return (
        event.clientX >= box.left &&
        event.clientX <= box.right &&
        event.clientY >= box.top &&
        event.clientY <= box.bottom
      );
    });
  }

  /** @param {MouseEvent} event */
  spot(event) {
    const box = (this.frameAt(event) ?? this.frames[0]).frame.getBoundingClientRect();
    return { u: (event.clientX - box.left) / box.width, v: (event.clientY - box.top) / box.height, box };
  }

  listen() {
    /** @type {Map<number, PointerEvent>} */
    const fingers = new Map();
    let dragged = false;
    let spread = 0;
    const distance = () => {
      const [a, b] = [...fingers.values()];
      return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    };
    /** @param {PointerEvent} event */
    const release = (event) => {
      if (!fingers.delete(event.pointerId)) return;
      spread = 0;
      if (event.type === "pointerup" && !dragged && fingers.size === 0) this.on.pick(this.rankAt(event.target));
      if (fingers.size === 0) dragged = false;
    };
    this.node.addEventListener("pointerdown", (event) => {
      if (event.button > 0 || (!this.frameAt(event) && this.rankAt(event.target) === null)) return;
      fingers.set(event.pointerId, event);
      if (fingers.size === 2) spread = distance();
    });
    this.node.addEventListener("pointermove", (event) => {
      const last = fingers.get(event.pointerId);
      if (!last) return;
      const dx = event.clientX - last.clientX;
      const dy = event.clientY - last.clientY;
      if (!dragged && fingers.size === 1 && Math.hypot(dx, dy) < 5) return;
      if (!dragged) this.node.setPointerCapture?.(event.pointerId);
      dragged = true;
      fingers.set(event.pointerId, event);
      const { u, v, box } = this.spot(event);
      if (fingers.size === 1) this.view.pan(dx / box.width, dy / box.height);
      else if (spread) {
        const now = distance();
        this.view.zoomTo(this.view.zoom * (now / spread), u, v);
        spread = now;
      }
      this.on.moved();
    });
    this.node.addEventListener("pointerup", release);
    this.node.addEventListener("pointercancel", release);
    this.node.addEventListener("pointerover", (event) => {
      if (event.pointerType !== "touch") this.on.over(this.rankAt(event.target));
    });
    this.node.addEventListener("pointerleave", () => this.on.over(null));
    this.node.addEventListener(
      "wheel",
      (event) => {
        // A page that cannot be scrolled past its pictures is a trap: the bare wheel zooms only once the person has started to.
        const engaged =
          event.ctrlKey || event.metaKey || this.view.zoom > 1 || this.node.contains(document.activeElement);
        if (!this.frameAt(event) || !engaged || (this.view.zoom === 1 && event.deltaY > 0 && !event.ctrlKey)) return;
        event.preventDefault();
        const { u, v } = this.spot(event);
        this.view.zoomTo(this.view.zoom * Math.exp(-clamp(event.deltaY, -120, 120) / 300), u, v);
        this.on.moved();
      },
      { passive: false },
    );
  }
}
