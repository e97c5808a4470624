// What the words of the tab mean, a click away: a "?" beside a word opens a sentence, and closes it.

import { make } from "../../page/dom.js";

/** @type {[RegExp, string, string][]} */
const WORDS = [
  [
    /^rho\b/,
    "rho",
    "Spearman's rank correlation of the metric and the cosine similarity over all pairs, −1 to 1. High: the more alike the model finds two photographs, the more plausible are their matches.",
  ],
  [
    /^(no )?Delta\b/,
    "Delta",
    "How far apart correct and incorrect pairs lie in the metric where their similarities overlap (the shaded window): the binned Bhattacharyya distance of the paper. 0: not at all. Negative: the incorrect pairs are higher.",
  ],
  [
    /^AUC\b/,
    "AUC",
    "How often, of a correct and an incorrect pair of like similarity, the correct one has the higher metric. 0.5 is chance, 1 is always.",
  ],
  [
    /^By chance$/,
    "by chance",
    "The middle 95 % of the Deltas that come out when correct and incorrect are exchanged at random. A Delta within it may be chance.",
  ],
  [/^p$/, "p", "The share of these random exchanges whose Delta is at least as far from zero. Small: hardly chance."],
  [
    /residual/i,
    "residual",
    "By how many pixels matched places miss each other once a transform lays one photograph over the other. The transform comes from local features by MAGSAC, an estimate that leaves wild ones out. The residual is inverted, so that higher is more plausible.",
  ],
  [
    /^match coverage/i,
    "match coverage",
    "The share of all that raises the similarity that lies in matched places, 0 to 1. It needs no transform.",
  ],
  [
    /^inliers/i,
    "inliers",
    "Local features that agree on the transform between the photographs; MAGSAC leaves the others out. With fewer than 4 there is no transform.",
  ],
  [
    /^(transforms?|status)$/i,
    "transform",
    "How one photograph is laid over the other. ok: usable. few inliers: too few features agree. non-convex: it would fold the picture. flipped: it would mirror it. area ratio: it would change its size more than tenfold.",
  ],
  [
    /^resize only$/i,
    "resize only",
    "The control: the same metric where one photograph is only resized to the other. What it reaches, the framing of the photographs explains.",
  ],
];

export class Glossary {
  /** @param {HTMLElement} line in which the sentence is written */
  constructor(line) {
    this.line = line;
    line.classList.add("px-meant");
    line.setAttribute("role", "status");
    line.hidden = true;
    /** @type {HTMLButtonElement | null} */
    this.open = null;
  }

  /** A "?" at the end of a parent whose text begins with a word that is explained; null for others.
   * @param {Element} parent
   * @param {string} text */
  mark(parent, text) {
    const known = WORDS.find(([pattern]) => pattern.test(text));
    if (!known) return null;
    const [, word, meaning] = known;
    const node = make("button", "px-ask", parent, "?");
    node.type = "button";
    node.title = meaning;
    node.setAttribute("aria-label", `What is ${word}?`);
    node.setAttribute("aria-expanded", "false");
    node.addEventListener("click", () => this.tell(node, `${word}: ${meaning}`));
    return node;
  }

  /** @param {HTMLButtonElement} node
   * @param {string} text */
  tell(node, text) {
    this.open?.setAttribute("aria-expanded", "false");
    this.open = this.open === node ? null : node;
    this.open?.setAttribute("aria-expanded", "true");
    this.line.textContent = this.open ? text : "";
    this.line.hidden = !this.open;
  }
}
