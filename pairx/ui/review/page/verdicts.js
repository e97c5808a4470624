// The verdicts as buttons and keys, undo, and a note.

import { button, make } from "../../page/dom.js";
import { onKey } from "../../page/keys.js";

/** @import { ReviewConstants } from "../../page/payloads.js" */
/** @import { Place } from "./queue.js" */

export class Verdicts {
  /** @param {HTMLElement} parent @param {HTMLElement} root @param {ReviewConstants["verdicts"]} known
   * @param {(verdict: string) => void} decide @param {() => void} undo */
  constructor(parent, root, known, decide, undo) {
    this.node = make("div", "px-verdicts", parent);
    this.node.setAttribute("role", "toolbar");
    this.node.setAttribute("aria-label", "Verdict");
    this.words = new Map(known.map(([name, text]) => [name, text]));
    this.buttons = known.map(([name, text, key]) => {
      const node = button(this.node, `${text} (${key})`, `${text} (${key})`, () => decide(name));
      node.dataset.verdict = name;
      onKey(root, key === "Space" ? " " : key.toLowerCase(), () => decide(name));
      return node;
    });
    button(this.node, "Undo (Z)", "Undo (Z): takes your last decision back", undo);
    onKey(root, "z", undo);
    this.remark = Object.assign(make("input", "px-remark", this.node), { type: "text", maxLength: 2000 });
    this.remark.placeholder = "A note to this pair";
    this.remark.setAttribute("aria-label", "A note to this pair");
    this.remark.addEventListener("keydown", (event) => event.key === "Enter" && this.remark.blur());
  }

  /** @param {Place | undefined} now the pair on show */
  tell(now) {
    for (const node of this.buttons) {
      node.disabled = !now;
      node.setAttribute("aria-pressed", String(Boolean(now) && node.dataset.verdict === now.verdict));
    }
  }
}
