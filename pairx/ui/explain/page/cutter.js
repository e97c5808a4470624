// The dialog in which a part of a photograph is chosen, turned and mirrored. What it is laid over stays upright pixels.

import { button, make } from "../../page/dom.js";
import { step } from "../../page/keys.js";
import { between, changed, original, shown, turnedSize } from "./rectangle.js";

/** @import { WellAnswer, WellCut } from "../../page/payloads.js" */
/** @import { Rectangle, Size } from "./rectangle.js" */

const LEAST = 8; // px a side of what is cut out
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Cutter {
  /** @param {HTMLElement} parent
   * @param {(cut: WellCut) => void} done */
  constructor(parent, done) {
    this.done = done;
    this.dialog = make("dialog", "px-cutter", parent);
    this.title = make("h3", "", this.dialog);
    make(
      "p",
      "px-hint",
      this.dialog,
      "Drag a rectangle around the animal. Arrow keys move it, with Shift they make it larger or smaller.",
    );
    this.area = make("div", "px-cut-area", this.dialog);
    this.canvas = make("canvas", "", this.area);
    this.frame = make("div", "px-cut-frame", this.area);
    this.area.tabIndex = 0;
    this.area.setAttribute("role", "application");
    const tools = make("div", "px-tools", this.dialog);
    button(tools, "Turn left", "Turn left by 90°", () => this.turn(3));
    button(tools, "Turn right", "Turn right by 90°", () => this.turn(1));
    this.mirror = button(tools, "Mirror", "Mirror left to right", () => this.flip());
    button(tools, "Whole photograph", "Whole photograph, as it was", () => this.whole());
    make("span", "px-spacer", tools);
    button(tools, "Cancel", "Cancel (Esc)", () => this.dialog.close());
    button(tools, "Use this part", "Use this part (Enter)", () => this.use()).classList.add("px-strong");
    this.image = new Image();
    this.image.addEventListener("load", () => this.opened());
    this.listen();
  }

  /** @param {WellAnswer} answer */
  open({ side, file, box, turns, mirrored }) {
    this.side = side;
    /** @type {Rectangle | null} */
    this.box = box && /** @type {Rectangle} */ ([...box]);
    this.turns = turns;
    this.mirrored = mirrored;
    this.title.textContent = `The part of photograph ${"AB"[side]} to look at`;
    this.area.setAttribute("aria-label", this.title.textContent);
    this.image.src = file.url;
  }

  opened() {
    /** @type {Size} */
    this.size = [this.image.naturalWidth, this.image.naturalHeight];
    this.box ??= [0, 0, ...this.size];
    if (!this.dialog.open) this.dialog.showModal();
    this.area.focus();
    this.draw();
  }

  /** The size of the photograph as it is shown, px of the file. */
  get room() {
    return turnedSize(this.size, this.turns);
  }

  draw() {
    const [width, height] = this.room;
    const scale = Math.min(1, 1600 / Math.max(width, height));
    Object.assign(this.canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
    const most = Math.min(this.dialog.clientWidth - 40, 1000);
    const factor = Math.min(most / width, (window.innerHeight * 0.6) / height);
    this.area.style.width = `${width * factor}px`;
    this.area.style.height = `${height * factor}px`;
    const context = this.canvas.getContext("2d");
    context.translate(this.canvas.width / 2, this.canvas.height / 2);
    if (this.mirrored) context.scale(-1, 1);
    context.rotate((this.turns * Math.PI) / 2);
    const [w, h] = this.size.map((one) => one * scale);
    context.drawImage(this.image, -w / 2, -h / 2, w, h);
    this.mirror.setAttribute("aria-pressed", String(this.mirrored));
    this.place();
  }

  place() {
    const room = this.room;
    const [x, y, w, h] = shown(this.box, this.size, this.turns, this.mirrored);
    const parts = { left: x / room[0], top: y / room[1], width: w / room[0], height: h / room[1] };
    for (const [name, part] of Object.entries(parts)) this.frame.style.setProperty(name, `${100 * part}%`);
  }

  /** @param {Rectangle} rectangle as shown */
  set(rectangle) {
    this.box = original(rectangle, this.size, this.turns, this.mirrored);
    this.place();
  }

  /** @param {number} by quarter turns clockwise of what is seen */
  turn(by) {
    this.turns = (this.turns + (this.mirrored ? 4 - by : by)) % 4;
    this.draw();
  }

  flip() {
    this.mirrored = !this.mirrored;
    this.draw();
  }

  whole() {
    this.box = [0, 0, ...this.size];
    this.turns = 0;
    this.mirrored = false;
    this.draw();
  }

  use() {
    this.dialog.close();
    this.done({ side: this.side, box: this.box, turns: this.turns, mirrored: this.mirrored });
  }

  listen() {
    const { area } = this;
    /** @type {number[] | null} */
    let from = null;
    /** @param {PointerEvent} event */
    const at = (event) => {
      const own = area.getBoundingClientRect();
      const room = this.room;
      return [((event.clientX - own.x) / own.width) * room[0], ((event.clientY - own.y) / own.height) * room[1]];
    };
    area.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      event.preventDefault();
      area.focus();
      area.setPointerCapture(event.pointerId);
      from = at(event);
    });
    area.addEventListener("pointermove", (event) => {
      if (!from) return;
      const to = at(event);
      if (Math.hypot(to[0] - from[0], to[1] - from[1]) > LEAST) this.set(between(from, to, this.room, LEAST));
    });
    for (const name of ["pointerup", "pointercancel"])
      area.addEventListener(name, () => {
        from = null;
      });
    area.addEventListener("keydown", (event) => {
      const by = step(ARROWS, event);
      if (event.key === "Enter") this.use();
      else if (by) {
        const size = Math.max(...this.room) / 50;
        const move = by.map((one) => one * size);
        const now = shown(this.box, this.size, this.turns, this.mirrored);
        this.set(changed(now, event.shiftKey ? [0, 0, ...move] : [...move, 0, 0], this.room, LEAST));
      } else return;
      event.preventDefault();
    });
    // What is typed here is for the dialog alone; Escape closes it, and the picture behind keeps its match.
    this.dialog.addEventListener("keydown", (event) => event.stopPropagation());
  }
}
