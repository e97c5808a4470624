// The ready-made views as chips, and what the one on show means.

import { button, make } from "../../page/dom.js";
import { on } from "../../page/state.js";
import { Glossary } from "./glossary.js";
import { selection } from "./selection.js";

/** @import { ViewChipsPart } from "../../page/payloads.js" */

/** @param {ViewChipsPart} part */
export function mount({ element }) {
  const root = element.querySelector(".px-views");
  root.replaceChildren();
  const chips = make("div", "px-chips", root);
  chips.setAttribute("role", "group");
  chips.setAttribute("aria-label", "Ready-made views");
  const meaning = make("p", "px-meaning", root);
  meaning.setAttribute("role", "status");
  const numbers = make("p", "px-hint px-standing", root);
  const glossary = new Glossary(make("p", "", root));

  function draw() {
    chips.replaceChildren();
    for (const view of selection.scene.views) {
      const node = button(chips, view.title, view.meaning, () => show(view.id));
      node.dataset.view = view.id;
      make("span", "px-count", node, view.numbers.length.toLocaleString("en"));
    }
    numbers.replaceChildren();
    for (const [i, part] of selection.scene.sentence.split(" · ").entries()) {
      if (i) numbers.append(" · ");
      glossary.mark(make("span", "", numbers, part), part);
    }
  }

  // A view begins with its first pair, unless it holds the chosen one.
  function show(id) {
    selection.look(id);
    const [first] = selection.listed;
    if (first !== undefined && !selection.listed.includes(selection.chosen)) selection.choose(first, "page");
  }

  function paint() {
    const view = selection.scene.views.find((one) => one.id === selection.view);
    for (const node of chips.querySelectorAll("button"))
      node.setAttribute("aria-pressed", String(node.dataset.view === selection.view));
    meaning.textContent = view
      ? view.meaning
      : `${selection.selected.length.toLocaleString("en")} pairs selected in the plot.`;
  }

  on("rows", draw);
  on("selection", paint);
  if (selection.scene) {
    draw();
    paint();
  }
}
