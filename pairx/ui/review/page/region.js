// Search by region: a box is drawn on the query, and its candidates stand in the order of what the box adds to each.

import { button, make } from "../../page/dom.js";
import { isPoint } from "../../page/geometry.js";
import { clamp } from "../../page/numbers.js";
import { Pointer, Query } from "../../page/pointing.js";
import { Told } from "./desk.js";

/** @import { Stage } from "../../page/stage.js" */
/** @import { Desk } from "./desk.js" */
/** @import { Place, Queue } from "./queue.js" */

const TITLE = "Region (R)";
const ASKS =
  "Drag a box over a part of the query, or click for a small one: its candidates are sorted by it. Escape leaves.";
const SEARCHING = "Sorting by the box";
const SORTED = "Candidates in the order of the box on the query: what it adds to each similarity.";
const BACK = "Back to the order by similarity";
const SMALL = 0.1; // half the side of the box that a click makes, of the photograph

export class Region {
  /** @param {Stage} stage @param {Element} tools @param {HTMLElement} parent of the words above the candidates
   * @param {() => void} changed the order is another, or the box is to be drawn
   * @param {() => void} entered the mode was entered: others are left */
  constructor(stage, tools, parent, changed, entered) {
    this.changed = changed;
    this.entered = entered;
    this.on = false;
    this.query = new Query(() => this.asked());
    this.query.boxing = true;
    this.pointer = new Pointer(stage, this.query, grids(), false);
    this.stage = stage;
    this.button = button(tools, TITLE, `${TITLE}: search by a part of the query, its candidates in that order`, () =>
      this.toggle(),
    );
    this.line = make("p", "px-hint px-region-line", parent);
    this.line.setAttribute("aria-live", "polite");
    this.ticket = 0;
    this.clear();
  }

  /** No box. */
  clear() {
    this.ticket += 1;
    /** What the box adds to each candidate, by its id, the most first.
     * @type {Map<string, number> | null} */
    this.order = null;
    this.query.now = null;
    this.tell("");
  }

  /** Another review.
   * @param {Desk | null} desk */
  begin(desk) {
    this.desk = desk;
    this.leave();
    this.clear();
  }

  /** Which candidates may be sorted. A box is of one query.
   * @param {Queue} queue */
  of(queue) {
    const id = queue.now?.query.id ?? "";
    if (id !== this.id) {
      this.id = id;
      this.leave();
      this.clear();
    }
    this.ids = queue.candidates.map(({ candidate }) => candidate.id);
  }

  /** Candidates in the order that is asked for.
   * @param {Place[]} places */
  sorted(places) {
    const { order } = this;
    if (!order) return places;
    const by = (/** @type {Place} */ place) => order.get(place.candidate.id) ?? -Infinity;
    return [...places].sort((a, b) => by(b) - by(a));
  }

  toggle() {
    if (this.on) return this.leave();
    if (!this.id) return;
    this.entered();
    this.on = true;
    this.enable();
    this.tell(ASKS);
    this.stage.frames[0].frame.focus({ preventScroll: true });
    this.stage.node.scrollIntoView({ block: "nearest" });
  }

  leave() {
    if (!this.on) return;
    this.on = false;
    this.enable();
    this.tell(this.order ? SORTED : "");
  }

  enable() {
    this.pointer.enable(this.on);
    this.stage.node.classList.toggle("px-boxing", this.on);
    this.button.setAttribute("aria-pressed", String(this.on));
  }

  /** The stage shows its photographs anew. @param {boolean} turned whether one lies otherwise than the model saw it */
  draw(turned) {
    this.pointer.attach();
    if (turned) this.leave();
    else this.pointer.draw(this.query.now, null);
  }

  asked() {
    const { now } = this.query;
    if (!now || now.side !== 0) {
      this.query.now = null;
      return this.pointer.draw(null, null);
    }
    if (isPoint(now.place)) {
      const [x, y] = now.place;
      now.place = [clamp(x - SMALL, 0, 1), clamp(y - SMALL, 0, 1), clamp(x + SMALL, 0, 1), clamp(y + SMALL, 0, 1)];
    }
    this.pointer.draw(now, null);
    void this.search(now.place);
  }

  /** @param {number[]} place x0, y0, x1, y1 */
  async search([x0, y0, x1, y1]) {
    const ticket = ++this.ticket;
    this.tell(SEARCHING);
    try {
      const { order, note } = await this.desk.region({
        query: this.id,
        box: [x0, y0, x1 - x0, y1 - y0],
        candidates: this.ids,
      });
      if (ticket !== this.ticket) return;
      this.order = new Map(order);
      this.tell([SORTED, note].filter(Boolean).join(" "));
      this.changed();
    } catch (error) {
      if (ticket === this.ticket) this.tell(error instanceof Told ? error.message : "The page could not do this.");
      if (!(error instanceof Told)) console.error(error);
    }
  }

  /** @param {string} text */
  tell(text) {
    this.line.hidden = !text;
    this.line.replaceChildren(text);
    if (!this.order) return;
    button(this.line, BACK, BACK, () => {
      this.leave();
      this.clear();
      this.pointer.draw(null, null);
      this.changed();
    });
  }
}

/** The arrow keys' steps. @returns {[number, number][]} */
function grids() {
  return [
    [24, 24],
    [24, 24],
  ];
}
