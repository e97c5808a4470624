// How each photograph is held and lit while a person looks: for this pair alone, and on the screen only.

import { button, make } from "../../page/dom.js";
import { ready } from "./photos.js";

/** @import { ReviewPhoto } from "../../page/payloads.js" */
/** @import { Stage, StagePhoto } from "../../page/stage.js" */

const AS_IT_IS = { turns: 0, mirrored: false, brightness: 100, contrast: 100 };

export class Adjust {
  /** @param {HTMLElement} parent @param {Stage} stage @param {() => void} changed a photograph was turned or mirrored */
  constructor(parent, stage, changed) {
    this.stage = stage;
    this.changed = changed;
    this.sides = [{ ...AS_IT_IS }, { ...AS_IT_IS }];
    const row = make("div", "px-adjusts", parent);
    this.sliders = this.sides.map((_, side) => this.tools(row, side));
  }

  /** @param {HTMLElement} row @param {number} side */
  tools(row, side) {
    const name = "AB"[side];
    const group = make("div", "px-tools", row);
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", `Photograph ${name}`);
    make("span", "px-hint", group, name);
    button(group, `Turn ${name}`, `Turn ${name}: a quarter to the right`, () => {
      this.sides[side].turns = (this.sides[side].turns + 1) % 4;
      this.changed();
    });
    button(group, `Mirror ${name}`, `Mirror ${name}: left and right change places`, () => {
      this.sides[side].mirrored = !this.sides[side].mirrored;
      this.changed();
    });
    return ["brightness", "contrast"].map((what) => {
      const label = make("label", "px-opacity", group, what === "brightness" ? "Light" : "Contrast");
      const slider = Object.assign(make("input", "", label), { type: "range", min: "40", max: "250", value: "100" });
      slider.setAttribute("aria-label", `${label.textContent} of ${name}`);
      slider.addEventListener("input", () => {
        this.sides[side][what] = Number(slider.value);
        this.light();
      });
      return slider;
    });
  }

  /** Both photographs as they are. */
  reset() {
    this.sides.forEach((side) => Object.assign(side, AS_IT_IS));
    this.sliders.flat().forEach((slider) => Object.assign(slider, { value: "100" }));
  }

  /** Whether a photograph lies otherwise than the model saw it. */
  get moved() {
    return this.sides.some(({ turns, mirrored }) => turns || mirrored);
  }

  light() {
    this.stage.frames.forEach(({ world }, i) => {
      const { brightness, contrast } = this.sides[i];
      const photo = /** @type {HTMLElement} */ (world.querySelector(".px-photo"));
      const plain = brightness === 100 && contrast === 100;
      if (photo) photo.style.filter = plain ? "" : `brightness(${brightness}%) contrast(${contrast}%)`;
    });
  }

  /** A photograph as it is held.
   * @param {ReviewPhoto} photo @param {number} side @param {string} name
   * @returns {Promise<StagePhoto>} */
  async photo(photo, side, name) {
    const image = await ready(photo);
    const { turns, mirrored } = this.sides[side];
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    if (!turns && !mirrored) return { src: image.src, width, height, name };
    const lying = turns % 2 === 1;
    const canvas = make("canvas", "");
    Object.assign(canvas, lying ? { width: height, height: width } : { width, height });
    const context = canvas.getContext("2d");
    context.translate(canvas.width / 2, canvas.height / 2);
    context.rotate((turns * Math.PI) / 2);
    context.scale(mirrored ? -1 : 1, 1);
    context.drawImage(image, -width / 2, -height / 2);
    return { src: canvas.toDataURL("image/jpeg", 0.92), width: canvas.width, height: canvas.height, name };
  }
}
