// How a panel's method fared where it was judged on this model: a line, and each number once somebody asks.

import { button, make } from "../../page/dom.js";
import { openTab } from "../../page/link.js";
import { emit } from "../../page/state.js";

/** @import { PanelJudged } from "../../page/payloads.js" */

/** @param {PanelJudged | null} judged */
export function judgedNode(judged) {
  const node = make("details", "px-judged");
  node.hidden = !judged;
  if (!judged) return node;
  const { line, rows, about, judgement } = judged;
  const summary = make("summary", "", node);
  summary.title = about;
  line.forEach(({ text, fails }, i) => {
    if (i) summary.append(" · ");
    summary.append(text && fails ? `${text}, ` : text);
    if (fails) make("span", "px-fails", summary, fails);
  });
  if (!line.length) summary.append("How it fared");
  make("p", "px-hint", node, about);
  const numbers = make("dl", "px-facts", node);
  for (const { criterion, title, text, fails } of rows) {
    const name = button(make("dt", "", numbers), title, `${title}: what it is, and how other methods fared`, () => {
      emit("judged", { judgement, criterion });
      openTab("px-tab-trust");
    });
    name.className = "px-word-link";
    const value = make("dd", "", numbers, text);
    if (fails) make("span", "px-fails", value, ` ${fails}`);
  }
  return node;
}
