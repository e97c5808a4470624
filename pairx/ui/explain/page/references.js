// What the number means: where it lies among pairs whose truth is known, which of them to take, and what to know besides.

import { make } from "../../page/dom.js";
import { state } from "../../page/state.js";

/** @import { AnsweredScene } from "../../page/payloads.js" */

export class References {
  constructor(parent) {
    this.sentence = make("p", "px-sentence", parent);
    const line = make("p", "px-hint px-about-pair", parent);
    this.about = make("span", "", line);
    this.label = make("label", "px-order px-reference", line, "Compared with");
    this.choice = make("select", "", this.label);
    this.choice.addEventListener("change", () => {
      state.reference = this.choice.value;
      this.tell();
    });
    this.notes = make("ul", "px-notes", parent);
  }

  // references: [{title, sentence, caution}]; what the person chose before stays chosen where it is among them.
  /** @param {AnsweredScene} scene */
  show({ references, about, notes }) {
    this.references = references;
    this.choice.replaceChildren(...references.map(({ title }) => new Option(title, title)));
    if (references.some(({ title }) => title === state.reference)) this.choice.value = state.reference;
    this.label.hidden = references.length < 2;
    this.about.textContent = about;
    this.notes.replaceChildren(...notes.map((note) => make("li", "", null, note)));
    this.tell();
  }

  tell() {
    const found = this.references.find(({ title }) => title === this.choice.value);
    this.sentence.textContent = found ? [found.sentence, found.caution].filter(Boolean).join(" ") : "";
  }
}
