// The ready-made views as chips, what the one on show means, and the way of its pairs to Review.

import { button, make } from "../../page/dom.js";
import { onKey } from "../../page/keys.js";
import { on } from "../../page/state.js";
import { Glossary } from "./glossary.js";
import { selection } from "./selection.js";

/** @import { ViewChipsPart } from "../../page/payloads.js" */

/** @param {ViewChipsPart} part */
export function mount({ element, given, trigger }) {
  const root = element.querySelector(".px-views");
  root.replaceChildren();
  const chips = make("div", "px-chips", root);
  chips.setAttribute("role", "group");
  chips.setAttribute("aria-label", "Ready-made views");
  const line = make("div", "px-view-line", root);
  const meaning = make("p", "px-meaning", line);
  meaning.setAttribute("role", "status");
  const review = given.reviews ? button(line, "", "Review: decides these pairs one after another", send) : null;
  if (review) onKey(root.closest(".px-exploring"), "r", () => !review.disabled && send());
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

  function send() {
    const { scene, view, listed } = selection;
    trigger("review", { run: scene.run, layer: scene.layer, metric: scene.link.metric, view, numbers: listed });
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
    if (review) tellReview(selection.listed.length);
  }

  /** @param {number} count */
  function tellReview(count) {
    const pairs = count === 1 ? "this pair" : `these ${count.toLocaleString("en")} pairs`;
    review.textContent = `Review ${pairs}`;
    make("span", "px-key", review, " (R)");
    review.setAttribute("aria-label", `${review.textContent}: same animal or not, one after another`);
    review.title = review.ariaLabel;
    review.disabled = !count;
  }

  on("rows", draw);
  on("selection", paint);
  if (selection.scene) {
    draw();
    paint();
  }
}
