// Tables of texts, each in a scroller of its own.

import { make } from "../../page/dom.js";
import { Glossary } from "./glossary.js";

/** @import { TablesPart, TablesValue } from "../../page/payloads.js" */

/** @param {TablesPart} part */
export function mount({ element, props, watch }) {
  const root = element.querySelector(".px-tables");
  function draw() {
    const { tables = [], note = "" } = props.value ?? /** @type {Partial<TablesValue>} */ ({});
    root.replaceChildren();
    if (note) make("p", "px-hint", root, note);
    for (const { title, head, rows } of tables) {
      const section = make("section", "px-section", root);
      make("h3", "", section, title);
      const scroller = make("div", "px-scroller", section);
      scroller.tabIndex = 0;
      scroller.setAttribute("role", "group");
      scroller.setAttribute("aria-label", title);
      const table = make("table", "px-table", scroller);
      const heads = make("tr", "", make("thead", "", table));
      const glossary = new Glossary(make("p", "", section));
      for (const text of head) {
        const cell = make("th", "", heads, text);
        cell.scope = "col";
        glossary.mark(cell, text);
      }
      const body = make("tbody", "", table);
      for (const row of rows) {
        const line = make("tr", "", body);
        row.forEach((text, i) => make(i ? "td" : "th", text.length > 28 ? "px-long" : "", line, text));
      }
      if (!rows.length) make("td", "px-hint", make("tr", "", body), "None.").colSpan = head.length;
    }
  }
  watch("value", draw);
  draw();
}
