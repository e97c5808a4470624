// Point to point on the pair on show: it begins once the page knows which part of each photograph the model sees.

import { PointMode } from "../../page/point.js";

/** @import { Place as Asked } from "../../page/pointing.js" */
/** @import { Stage } from "../../page/stage.js" */

export class Pointing extends PointMode {
  /** @param {Stage} stage @param {Element} tools @param {(text: string, scale: Node | null) => void} say
   * @param {() => void} changed @param {(question: Asked & {ticket: number}) => void} ask
   * @param {() => void} wait somebody waits for what is not there yet */
  constructor(stage, tools, say, changed, ask, wait) {
    super(stage, tools, say, changed, ask, false);
    this.wait = wait;
    this.there = false;
    this.aiming = false;
  }

  /** @param {boolean} boxing */
  toggle(boxing) {
    if (this.on || this.there) return super.toggle(boxing);
    this.aiming = !this.aiming;
    this.wait();
  }

  leave() {
    this.aiming = false;
    super.leave();
  }

  /** What is needed is there, or no longer.
   * @param {boolean} there */
  settle(there) {
    this.there = there;
    if (!there || !this.aiming) return;
    this.aiming = false;
    this.toggle(false);
  }
}
