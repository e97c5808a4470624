// What stands above a pair: who reviews, whether names and numbers are hidden, conflicts, progress, what is known of both.

import { button, make } from "../../page/dom.js";

/** @import { ReviewPhoto, ReviewProgress, ReviewQueue } from "../../page/payloads.js" */
/** @import { Place } from "./queue.js" */

export const NAMELESS = "Say who reviews: write your name above the photographs.";
const SETTLING = "Reviewers differ on these pairs. Your verdict settles each; what they said stays in the log.";

export class Head {
  /** @param {HTMLElement} parent
   * @param {{reviewer(): void, blind(): void, grouped(): void, conflicts(): void}} on what was changed */
  constructor(parent, on) {
    const head = make("div", "px-review-head", parent);
    const label = make("label", "px-order", head, "Your name");
    this.who = Object.assign(make("input", "px-who", label), { type: "text", maxLength: 80, autocomplete: "name" });
    this.who.value = localStorage.getItem("px-reviewer") ?? "";
    this.who.addEventListener("change", () => {
      localStorage.setItem("px-reviewer", this.reviewer);
      on.reviewer();
    });
    this.who.addEventListener("keydown", (event) => event.key === "Enter" && this.who.blur()); // verdicts are keys
    this.blind = localStorage.getItem("px-blind") === "1";
    this.blinding = button(head, "Blind", "Blind: names, similarity and ranks are hidden", () => {
      this.blind = !this.blind;
      localStorage.setItem("px-blind", this.blind ? "1" : "0");
      this.tellModes();
      on.blind();
    });
    this.grouped = localStorage.getItem("px-grouped") === "1";
    this.grouping = button(head, "By individual", "By individual: the candidates of one stand together", () => {
      this.grouped = !this.grouped;
      localStorage.setItem("px-grouped", this.grouped ? "1" : "0");
      this.tellModes();
      on.grouped();
    });
    this.settling = false;
    const about = "Conflicts: the pairs on which reviewers differ, to be settled";
    this.differing = button(head, "Conflicts", about, () => {
      this.settling = !this.settling;
      on.conflicts();
    });
    this.share = make("div", "px-progress", head);
    this.share.setAttribute("role", "progressbar");
    this.share.setAttribute("aria-label", "Pairs that you decided");
    this.filled = make("span", "", this.share);
    this.counted = make("span", "px-hint", head);
    this.about = make("p", "px-hint", parent);
    this.titles = make("div", "px-review-titles", parent);
    this.sides = ["Query", "Candidate"].map((name) => ({ name, node: make("div", "") }));
    this.tellModes();
  }

  get reviewer() {
    return this.who.value.trim();
  }

  tellModes() {
    this.blinding.setAttribute("aria-pressed", String(this.blind));
    this.grouping.setAttribute("aria-pressed", String(this.grouped));
    this.grouping.hidden = this.blind; // it would tell who is who
  }

  /** What a review is, as it was opened.
   * @param {ReviewQueue} answer */
  opened({ about, note, conflicts }) {
    this.counted.title = about;
    this.about.textContent = this.settling ? SETTLING : note;
    this.settling &&= conflicts > 0;
    this.differing.hidden = !conflicts;
    this.differing.textContent = this.settling ? "Back to the queue" : `Conflicts (${conflicts})`;
    this.differing.setAttribute("aria-label", this.differing.textContent);
    this.differing.setAttribute("aria-pressed", String(this.settling));
  }

  /** @param {ReviewProgress} progress */
  progress({ decided, skipped, open }) {
    const all = decided + open;
    this.counted.textContent =
      `${decided.toLocaleString("en")} of ${all.toLocaleString("en")} decided` +
      (skipped ? `, ${skipped} skipped` : "");
    this.share.setAttribute("aria-valuemax", String(all || 1));
    this.share.setAttribute("aria-valuenow", String(decided));
    this.filled.style.width = `${all ? (100 * decided) / all : 0}%`;
  }

  /** What is known of a pair.
   * @param {Place} place */
  pair({ query, candidate, rank, cosine }) {
    const known = [rank && `candidate ${rank}`, cosine !== null && `cosine ${cosine.toFixed(3)}`];
    this.titles.replaceChildren(...this.sides.map(({ node }) => node));
    this.photo(0, query, []);
    this.photo(1, candidate, known.filter(Boolean));
  }

  /** @param {number} side @param {ReviewPhoto} photo @param {(string | number | false)[]} known */
  photo(side, photo, known) {
    const { name, node } = this.sides[side];
    node.replaceChildren(make("strong", "", null, name));
    if (this.blind) return;
    make("bdi", "px-named", node, photo.id).title = photo.id;
    const facts = [photo.identity || "individual unknown", ...photo.facts.map(([, value]) => value), ...known];
    make("span", "px-hint", node, facts.filter(Boolean).join(" · "));
  }

  /** There is no pair to show.
   * @param {string} text */
  nothing(text) {
    this.titles.replaceChildren(make("strong", "", null, text));
  }
}
