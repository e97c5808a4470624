// Beside the table: what a criterion is, what a method is, or a number with the pairs behind it.

import { button, make } from "../../page/dom.js";

/** @import { TrustCriterion, TrustPair, TrustPairs, TrustRow } from "../../page/payloads.js" */

const HOW =
  "Choose a number: the best and the worst pairs behind it open here; arrow keys lead from number to number, Enter opens one. A ? says what a criterion is, a method's name what the method is.";

/** @param {string} words */
const sentence = (words) => words[0].toUpperCase() + words.slice(1);

export class Detail {
  /** @param {Element} parent
   * @param {TrustCriterion[]} criteria
   * @param {(criterion: string) => void} define */
  constructor(parent, criteria, define) {
    this.criteria = criteria;
    this.define = define;
    this.node = make("aside", "px-detail", parent);
    this.node.setAttribute("aria-label", "What was chosen in the table");
    this.node.tabIndex = -1;
    this.clear();
  }

  clear() {
    this.node.replaceChildren(make("p", "px-hint", null, HOW));
  }

  /** On a narrow screen it lies below the table: it comes into sight. */
  reveal() {
    const { top, bottom } = this.node.getBoundingClientRect();
    if (top < 0 || top > innerHeight - 120 || bottom < 0) this.node.scrollIntoView({ block: "start" });
  }

  /** @param {string} name of a criterion */
  criterion(name) {
    const criterion = this.criteria.find((one) => one.name === name);
    make("h3", "", this.fresh(), criterion.title);
    this.meaning(this.node, criterion);
  }

  /** @param {Element} parent
   * @param {TrustCriterion} criterion */
  meaning(parent, { definition, unit, higher, needs, beats, paper, page }) {
    make("p", "", parent, definition);
    const facts = make("dl", "px-facts", parent);
    const rows = [
      ["Numbers", `${unit}; ${higher ? "more" : "less"} is better`],
      ["Has to be known", needs],
      ["Has to beat", beats],
      ["Source", paper],
      ["In the pages", page],
    ];
    for (const [name, text] of rows) {
      if (!text) continue;
      make("dt", "", facts, name);
      make("dd", "", facts, text);
    }
  }

  /** @param {TrustRow} row */
  method({ title, card, cells }) {
    make("h3", "", this.fresh(), title);
    const facts = make("dl", "px-facts", this.node);
    for (const [name, text] of card) {
      make("dt", "", facts, name);
      make("dd", "", facts, text);
    }
    make("h4", "", this.node, "How it fared");
    const numbers = make("dl", "px-facts", this.node);
    for (const criterion of this.criteria.filter(({ name }) => cells[name])) {
      const { text, interval, fails } = cells[criterion.name];
      const named = make("dt", "", numbers);
      const what = `${criterion.title}: what it is`;
      button(named, criterion.title, what, () => this.define(criterion.name)).className = "px-word-link";
      const value = make("dd", "", numbers, interval ? `${text} (${interval})` : text);
      if (fails) make("span", "px-fails", value, ` ${fails}`);
    }
  }

  /** @param {TrustRow} row
   * @param {string} name of the criterion */
  number({ title, cells }, name) {
    const criterion = this.criteria.find((one) => one.name === name);
    const { text, interval, count, fails, difference } = cells[name];
    make("h3", "", this.fresh(), `${title}: ${criterion.title}`);
    const said = make("p", "", this.node);
    make("strong", "px-mean", said, text);
    said.append(interval ? ` 95 % interval ${interval}, over ${count}.` : ` over ${count}: too few for an interval.`);
    if (fails) make("p", "px-fails", this.node, `${sentence(fails)}: the 95 % interval of the difference reaches 0.`);
    if (difference) make("p", "px-hint", this.node, `${difference}.`);
    this.pairsNode = make("div", "px-judged-pairs", this.node);
    this.pairsNode.setAttribute("role", "status");
    make("p", "px-hint", this.pairsNode, "Opening the pairs behind it");
    const meant = make("details", "", this.node);
    make("summary", "", meant, `${criterion.title}: what it is`);
    this.meaning(meant, criterion);
  }

  /** @param {TrustPairs} pairs */
  pairs({ best, worst, note }) {
    if (!this.pairsNode) return;
    this.pairsNode.replaceChildren();
    const problems = new Set([note, ...[...best, ...worst].map(({ problem }) => problem)].filter(Boolean));
    for (const problem of problems) make("p", "px-hint", this.pairsNode, problem);
    for (const [title, some] of /** @type {[string, TrustPair[]][]} */ ([
      ["Best pairs", best],
      ["Worst pairs", worst],
    ])) {
      if (!some.length) continue;
      make("h4", "", this.pairsNode, title);
      const list = make("ul", "", this.pairsNode);
      for (const pair of some) this.pair(make("li", "", list), pair);
    }
  }

  /** @param {Element} parent
   * @param {TrustPair} pair */
  pair(parent, { value, names, files, explain, compare }) {
    if (files) {
      const photos = make("div", "px-judged-photos", parent);
      files.forEach(({ url }, i) =>
        photos.append(Object.assign(make("img"), { src: url, alt: names[i], loading: "lazy" })),
      );
    }
    const said = make("p", "", parent);
    make("strong", "", said, value);
    make("span", "px-hint", said, ` ${names.join(" and ")}`);
    const doing = make("p", "", parent);
    for (const [text, href] of [
      ["Explain", explain],
      ["Compare", compare],
    ]) {
      if (!href) continue;
      const link = make("a", "px-button", doing, text);
      link.href = href;
      link.title = `${text} this pair: Back returns here`;
      link.setAttribute("aria-label", `${text} ${names.join(" and ")}`);
    }
  }

  fresh() {
    this.pairsNode = null;
    this.node.replaceChildren();
    return this.node;
  }
}
