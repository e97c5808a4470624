// Point at a place in one photograph, or draw a box, and the other one answers. Pictures that share a query answer together.

import { button, make, makeSvg } from "./dom.js";
import { magnified, outline, paintSigned, strongest } from "./evidence.js";
import { isPoint } from "./geometry.js";
import { keeps, PLACES, step } from "./keys.js";
import { clamp } from "./numbers.js";

/** @import { Evidence } from "./evidence.js" */
/** @import { Stage } from "./stage.js" */

/** @typedef {{side: number, place: number[]}} Place of photograph `side`: (x0, y0, x1, y1), fractions */

// The place that is asked about.
export class Query {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {Place | null} */
    this.now = null;
    /** Whether it stays when the pointer leaves. */
    this.kept = false;
    /** Whether a drag draws a box. */
    this.boxing = false;
  }

  /** @param {number} side
   * @param {number[]} place
   * @param {boolean} kept */
  ask(side, place, kept) {
    const [x0, y0, x1, y1] = place.map((value) => clamp(value, 0, 1));
    if ((x0 === x1) !== (y0 === y1)) return; // a box without area
    this.now = { side, place: [x0, y0, x1, y1] };
    this.kept = kept;
    this.changed();
  }

  free() {
    if (!this.now) return;
    this.now = null;
    this.kept = false;
    this.changed();
  }
}

// Buttons that choose between asking about a place and about a box.
export class AskingModes {
  /** @param {Element} parent
   * @param {Query} query
   * @param {() => void} changed */
  constructor(parent, query, changed) {
    this.query = query;
    /** @type {[string, string, boolean][]} */
    const modes = [
      ["Point", "Point: ask about one place", false],
      ["Box", "Box: drag to ask about a part", true],
    ];
    this.nodes = modes.map(([text, label, boxing]) =>
      button(parent, text, label, () => {
        query.boxing = boxing;
        changed();
      }),
    );
  }

  tell() {
    this.nodes.forEach((node, i) => node.setAttribute("aria-pressed", String(Boolean(i) === this.query.boxing)));
  }
}

// Lies over a stage's photographs: listens while `listening`, and draws what is asked and answered.
export class Pointer {
  /**
   * @param {Stage} stage
   * @param {Query} query
   * @param {[number, number][]} grids rows and columns of each photograph, the steps of the arrow keys
   * @param {boolean} live whether a pointer that moves asks already
   */
  constructor(stage, query, grids, live = true) {
    this.stage = stage;
    this.query = query;
    this.grids = grids;
    this.live = live;
    this.listening = false;
    this.layers = [0, 1].map((side) => {
      const canvas = make("canvas", "px-overlay px-answer");
      const region = makeSvg("svg", { class: "px-region", preserveAspectRatio: "none" });
      for (const name of ["px-halo", "px-line"]) makeSvg("path", { class: name }, region);
      const marks = make("div", "px-asked");
      const [box, cross, ring] = ["px-asked-box", "px-cross", "px-partner"].map((name) => make("div", name, marks));
      this.listen(side);
      return { canvas, region, marks, box, cross, ring };
    });
  }

  // After the stage shows its photographs.
  attach() {
    this.layers.forEach(({ canvas, region, marks }, i) => this.stage.frames[i].world.append(canvas, region, marks));
    this.draw(null, null);
  }

  /** @param {boolean} on */
  enable(on) {
    this.listening = on;
    this.stage.node.classList.toggle("px-pointing", on);
    this.stage.frames.forEach(({ frame }, i) => {
      frame.tabIndex = on ? 0 : -1;
      if (on) frame.setAttribute("role", "application");
      else frame.removeAttribute("role");
      frame.setAttribute(
        "aria-label",
        on ? `Photograph ${"AB"[i]}: the arrow keys point at a place, Enter keeps it` : `Photograph ${"AB"[i]}`,
      );
    });
  }

  /** @param {number} side */
  listen(side) {
    const { frame } = this.stage.frames[side];
    /** @type {PointerEvent | null} */
    let down = null;
    /** @param {PointerEvent} event */
    const spot = (event) => {
      const box = frame.getBoundingClientRect();
      return this.stage.view.at(side, [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
    };
    /** @param {PointerEvent} event */
    const moved = (event) => Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) > 5;
    /** @param {PointerEvent} event */
    const boxed = (event) => {
      const [a, b] = [spot(down), spot(event)];
      return [0, 1].map((i) => Math.min(a[i], b[i])).concat([0, 1].map((i) => Math.max(a[i], b[i])));
    };
    frame.addEventListener("pointerdown", (event) => {
      if (!this.listening || event.button > 0) return;
      down = event;
      if (!this.query.boxing) return;
      event.stopPropagation();
      frame.setPointerCapture(event.pointerId);
    });
    frame.addEventListener("pointermove", (event) => {
      if (!this.listening) return;
      if (down && this.query.boxing) {
        if (this.live && moved(event)) this.query.ask(side, boxed(event), true);
      } else if (!down && this.live && !this.query.kept && !this.query.boxing && event.pointerType !== "touch") {
        this.query.ask(side, [...spot(event), ...spot(event)], false);
      }
    });
    frame.addEventListener("pointerup", (event) => {
      if (!this.listening || !down) return;
      if (!moved(event)) this.query.ask(side, [...spot(event), ...spot(event)], true);
      else if (this.query.boxing) this.query.ask(side, boxed(event), true);
      down = null;
    });
    frame.addEventListener("pointercancel", () => {
      down = null;
    });
    frame.addEventListener("pointerleave", () => {
      if (this.listening && !this.query.kept) this.query.free();
      if (!this.query.boxing) down = null;
    });
    frame.addEventListener("keydown", (event) => this.listening && this.pressed(event, side));
  }

  /** @param {KeyboardEvent} event
   * @param {number} side */
  pressed(event, side) {
    const by = step(PLACES, event);
    const now = this.query.now;
    const [x0, y0, x1, y1] =
      now?.side === side ? now.place : [...this.stage.view.centers[side], ...this.stage.view.centers[side]];
    const center = [(x0 + x1) / 2, (y0 + y1) / 2];
    if (by) {
      const [rows, columns] = this.grids[side];
      const steps = event.shiftKey ? 4 : 1;
      const next =
        now?.side === side ? [center[0] + (by[0] * steps) / columns, center[1] + (by[1] * steps) / rows] : center;
      this.query.ask(side, [...next, ...next], true);
    } else if (keeps(event)) this.query.ask(side, [x0, y0, x1, y1], true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /**
   * @param {Place | null} asked
   * @param {Evidence | null} [answer] of the other photograph, null while there is none
   * @param {Uint32Array} [table]
   */
  draw(asked, answer, table) {
    this.stage.node.classList.toggle("px-asking", Boolean(asked));
    this.layers.forEach(({ canvas, region, box, cross, ring }, i) => {
      const own = asked?.side === i;
      const point = own && isPoint(asked.place);
      cross.hidden = !point;
      box.hidden = !own || point;
      if (own) {
        const [x0, y0, x1, y1] = asked.place.map((value) => 100 * value);
        Object.assign((point ? cross : box).style, {
          left: `${x0}%`,
          top: `${y0}%`,
          width: point ? "" : `${x1 - x0}%`,
          height: point ? "" : `${y1 - y0}%`,
        });
      }
      const answers = Boolean(asked && !own && answer);
      canvas.hidden = ring.hidden = !answers;
      region.style.display = "none";
      if (answers) this.answer(i, asked.place, answer, table);
    });
  }

  /** In photograph i, to a place in the other one.
   * @param {number} i
   * @param {number[]} asked
   * @param {Evidence} answer
   * @param {Uint32Array} table */
  answer(i, asked, answer, table) {
    const { canvas, region, ring } = this.layers[i];
    const place = this.stage.extents[1 - i].within(asked);
    const fine = magnified(answer, 8);
    paintSigned(canvas, fine, answer.scale, table);
    const [x, y] = strongest(answer, this.stage.extents[i]).point;
    Object.assign(ring.style, { left: `${100 * x}%`, top: `${100 * y}%` });
    if (isPoint(place)) return;
    const [x0, y0, x1, y1] = place;
    const path = outline(fine, (x1 - x0) * (y1 - y0) * fine.width * fine.height);
    region.setAttribute("viewBox", `0 0 ${fine.width} ${fine.height}`);
    for (const node of region.children) node.setAttribute("d", path);
    region.style.display = "";
  }
}
