// The rows or the columns of the figure: moved by buttons, dragging or Alt and arrows, titled, removed.

import { button, make } from "../../page/dom.js";
import { kept, moved } from "../../page/figure.js";

/** @import { Axis, Entry } from "../../page/figure.js" */
/** @import { FigurePhoto } from "../../page/payloads.js" */

/** What is said of a row or column. photos: of a pair. text: what it is called until it is given a title. hint: what else it
 * sets. problem: why it is left out.
 * @typedef {{photos: FigurePhoto[], text: string, hint: string, problem: string}} Told */

const STEPS = { ArrowUp: -1, ArrowDown: 1 };
/** Signs of the buttons that move an item, their class, by how many places, and where that is in the figure.
 * @type {[string, string, number, Record<Axis, string>][]} */
const WAYS = [
  ["↑", "px-up", -1, { rows: "up", columns: "up: to the left in the figure" }],
  ["↓", "px-down", 1, { rows: "down", columns: "down: to the right in the figure" }],
];

export class Entries {
  /** @param {Element} parent
   * @param {Axis} axis
   * @param {string} name of one
   * @param {(entry: Entry) => Told} tell
   * @param {(axis: Axis, at: number) => void} remove */
  constructor(parent, axis, name, tell, remove) {
    this.axis = axis;
    this.name = name;
    this.tell = tell;
    this.remove = remove;
    this.node = make("ol", "px-entries", parent);
  }

  get list() {
    return kept.now[this.axis];
  }

  /** Shows the list; what has the focus keeps it. focus: the item and its part that get it. */
  draw(focus = this.focused()) {
    this.node.replaceChildren();
    this.list.forEach((entry, at) => this.item(entry, at));
    /** @type {HTMLElement | null | undefined} */
    const before = focus && this.node.children[focus.at]?.querySelector(`.${focus.part}`);
    before?.focus({ preventScroll: true });
  }

  /** @returns {{at: number, part: string} | null} */
  focused() {
    const now = document.activeElement;
    const at = [...this.node.children].findIndex((one) => one.contains(now));
    return at < 0 ? null : { at, part: now.classList.item(0) };
  }

  /** @param {Entry} entry @param {number} at */
  item(entry, at) {
    const { photos, text, hint, problem } = this.tell(entry);
    const node = make("li", "px-entry", this.node);
    const called = `${this.name} ${at + 1}`;
    const handle = button(node, "⠿", `Move ${called.toLowerCase()}: drag it, or Alt and the arrows up and down`);
    handle.classList.replace("px-button", "px-handle");
    handle.addEventListener("pointerdown", (event) => this.drag(node, handle, at, event));
    this.moves(make("div", "px-moves", node), at, called.toLowerCase());
    const body = make("div", "px-entry-body", node);
    if (photos.length) {
      const strip = make("div", "px-entry-photos", body);
      for (const { name, thumb } of photos) {
        if (thumb?.url) Object.assign(make("img", "", strip), { src: thumb.url, alt: name, title: name });
        else make("span", "px-entry-gone", strip).title = name;
      }
    }
    const field = make("div", "px-entry-text", body);
    const title = Object.assign(make("input", "px-entry-title", field), {
      type: "text", value: entry.title ?? text, maxLength: 120, placeholder: "No title",
    }); // prettier-ignore
    title.setAttribute("aria-label", `Title of ${called.toLowerCase()}`);
    title.addEventListener("input", () => this.change(at, { ...this.list[at], title: title.value }));
    if (hint) make("p", "px-hint", field, hint);
    if (problem) make("p", "px-entry-problem", field, problem);
    node.classList.toggle("px-absent", Boolean(problem));
    const away = button(node, "×", `Remove ${called.toLowerCase()}`, () => this.remove(this.axis, at));
    away.classList.replace("px-button", "px-away");
    node.addEventListener("keydown", (event) => {
      const by = event.altKey && Object.hasOwn(STEPS, event.key) ? STEPS[event.key] : 0;
      if (!by) return;
      event.preventDefault();
      this.move(at, at + by, /** @type {HTMLElement} */ (event.target).classList.item(0));
    });
  }

  /** The buttons that move an item; at an end of the list one does nothing, but keeps the focus.
   * @param {Element} parent @param {number} at @param {string} called */
  moves(parent, at, called) {
    for (const [sign, part, by, way] of WAYS) {
      const node = button(parent, sign, `Move ${called} ${way[this.axis]}`, () => this.move(at, at + by, part));
      node.classList.replace("px-button", part);
      node.setAttribute("aria-disabled", String(!this.list[at + by]));
    }
  }

  /** @param {number} at @param {Entry} entry */
  change(at, entry) {
    kept.change({ ...kept.now, [this.axis]: this.list.map((one, i) => (i === at ? entry : one)) });
  }

  /** @param {number} from @param {number} to @param {string} part that keeps the focus */
  move(from, to, part) {
    if (to < 0 || to >= this.list.length || from === to) return;
    kept.change({ ...kept.now, [this.axis]: moved(this.list, from, to) });
    this.draw({ at: to, part });
  }

  /** While the handle is held its item stays with the pointer, and the others make room.
   * @param {HTMLElement} node @param {HTMLElement} handle @param {number} at @param {PointerEvent} down */
  drag(node, handle, at, down) {
    if (down.button) return;
    handle.setPointerCapture(down.pointerId);
    node.classList.add("px-dragged");
    /** @param {Element} other */
    const middle = (other) => other.getBoundingClientRect().top + other.getBoundingClientRect().height / 2;
    /** @param {PointerEvent} event */
    const follow = ({ clientY }) => {
      while (node.previousElementSibling && clientY < middle(node.previousElementSibling))
        node.after(node.previousElementSibling);
      while (node.nextElementSibling && clientY > middle(node.nextElementSibling)) node.before(node.nextElementSibling);
    };
    const drop = () => {
      handle.removeEventListener("pointermove", follow);
      node.classList.remove("px-dragged");
      this.move(at, [...this.node.children].indexOf(node), "px-handle");
    };
    handle.addEventListener("pointermove", follow);
    handle.addEventListener("lostpointercapture", drop, { once: true });
  }
}
