// A list of choices to tick, with headings, and a field that finds them by name or heading.

import { make } from "../../page/dom.js";

/** @import { ChooserEntry } from "../../page/payloads.js" */

/** From so many on a list has a field to search it. */
const MANY = 10;

/** Whether a choice is found by what is typed: every word lies in its title, heading or name.
 * @param {Pick<ChooserEntry, "id" | "title" | "group">} entry
 * @param {string} typed */
export function finds({ id, title, group }, typed) {
  const text = `${title} ${group} ${id}`.toLowerCase();
  const words = typed.trim().toLowerCase().split(/\s+/);
  return words.every((word) => text.includes(word));
}

export class Choices {
  /**
   * @param {Element} parent
   * @param {(chosen: string[]) => void} changed
   */
  constructor(parent, changed) {
    this.changed = changed;
    this.node = make("div", "px-choices", parent);
    this.node.setAttribute("role", "group");
    this.search = make("input", "px-search", this.node);
    Object.assign(this.search, { type: "search", placeholder: "Find by name or family", autocomplete: "off" });
    this.list = make("div", "px-choice-list", this.node);
    this.none = make("p", "px-hint", this.node, "Nothing has this name.");
    /** @type {{entry: ChooserEntry, row: HTMLElement, box: HTMLInputElement, seconds: HTMLElement}[]} */
    this.rows = [];
    /** @type {HTMLElement[]} */
    this.heads = [];
    this.search.addEventListener("input", () => this.filter());
  }

  /** @param {string} label */
  label(label) {
    this.node.setAttribute("aria-label", label);
    this.search.setAttribute("aria-label", `Find by name or family: ${label.toLowerCase()}`);
  }

  /** @param {string} id */
  has(id) {
    return this.rows.some(({ entry }) => entry.id === id);
  }

  /** @param {string} typed */
  find(typed) {
    this.search.value = typed;
    this.filter();
  }

  /** Shows entries; where they are those on show already, what has the focus keeps it.
   * @param {ChooserEntry[]} entries
   * @param {string[]} chosen */
  fill(entries, chosen) {
    /** @param {ChooserEntry} entry */
    const name = ({ id, title, group }) => JSON.stringify([id, title, group]);
    if (String(entries.map(name)) !== String(this.rows.map(({ entry }) => name(entry)))) this.build(entries);
    entries.forEach(({ id, seconds }, i) => {
      this.rows[i].seconds.textContent = seconds;
      this.rows[i].box.checked = chosen.includes(id);
    });
  }

  /** @param {ChooserEntry[]} entries */
  build(entries) {
    this.list.replaceChildren();
    this.heads = [];
    let group = "";
    this.rows = entries.map((entry) => {
      if (entry.group !== group) {
        group = entry.group;
        const head = make("div", "px-choice-head", this.list, group);
        head.dataset.group = group;
        this.heads.push(head);
      }
      const row = make("label", "px-choice", this.list);
      const box = Object.assign(make("input", "", row), { type: "checkbox", value: entry.id });
      box.addEventListener("change", () => this.changed(this.chosen));
      make("span", "px-choice-title", row, entry.title).title = entry.title;
      return { entry, row, box, seconds: make("span", "px-hint", row) };
    });
    this.search.hidden = entries.length < MANY;
    this.find(this.search.hidden ? "" : this.search.value);
  }

  get chosen() {
    return this.rows.filter(({ box }) => box.checked).map(({ entry }) => entry.id);
  }

  filter() {
    const shown = new Set();
    for (const { entry, row } of this.rows) {
      row.hidden = !finds(entry, this.search.value);
      if (!row.hidden) shown.add(entry.group);
    }
    for (const head of this.heads) head.hidden = !shown.has(head.dataset.group);
    this.none.hidden = shown.size > 0;
  }
}
