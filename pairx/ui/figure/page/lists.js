// The figure in progress: its rows, its columns, how it looks. What is known of its photographs comes from the server.

import { button, make } from "../../page/dom.js";
import { empty, isFigure, kept, plain } from "../../page/figure.js";
import { on } from "../../page/state.js";
import { columnControl } from "./adding.js";
import { Entries } from "./entries.js";
import { Options } from "./options.js";
import { described, photosOf, settings } from "./words.js";

/** @import { Axis, Entry, Figure } from "../../page/figure.js" */
/** @import { FigureListsPart, FigurePhoto } from "../../page/payloads.js" */

const NONE = "No rows yet. Press Add to figure beside a picture: in Explain, Compare, Explore or Review.";

/** @param {FigureListsPart} part */
export function mount({ element, given, trigger }) {
  /** @type {HTMLElement} */
  const root = element.querySelector(".px-figure-lists");
  /** What is known of photographs, by the specification's names.
   * @type {Map<string, FigurePhoto>} */
  const known = new Map();
  /** What was asked, by ticket.
   * @type {Map<number, string[]>} */
  const asked = new Map();
  let ticket = 0;
  /** @type {{title: string, figure: Figure} | null} */
  let before = null; // what Undo brings back
  /** @type {string} */
  let model = null; // whose layers are known

  make("h2", "", root, "Rows");
  const none = make("p", "px-hint", root, NONE);
  const rows = new Entries(root, "rows", "Row", tell, remove);
  make("h2", "", root, "Columns");
  const columns = new Entries(root, "columns", "Column", tell, remove);
  const adding = columnControl(root, given.columns, (column) => {
    kept.change({ ...kept.now, columns: [...kept.now.columns, column] });
  });
  const undoing = make("div", "px-undo", root);
  undoing.setAttribute("role", "status");
  make("h2", "", root, "Look");
  const options = new Options(root, given);
  const clear = button(root, "New figure", "New figure: begins an empty one", () => {
    replace("The figure from before is put aside.", { ...kept.now, rows: [], columns: [] });
  });

  /** @param {Entry} entry */
  function tell(entry) {
    const photos = photosOf(entry).map((one) => known.get(one) ?? { name: "" });
    const names = photos.map(({ name }) => name).filter(Boolean);
    const text = names.length === 2 ? names.map((name) => name.replace(/\.[^.]+$/, "")).join(" and ") : "";
    const problem = photos.find((one) => one.problem)?.problem ?? "";
    return { photos, text: text || described(entry, given.columns), hint: settings(entry), problem };
  }

  /** @param {Axis} axis @param {number} at */
  function remove(axis, at) {
    const name = axis === "rows" ? "Row" : "Column";
    replace(`${name} ${at + 1} is removed.`, { ...kept.now, [axis]: kept.now[axis].filter((_, i) => i !== at) });
  }

  /** Another figure, and a way back.
   * @param {string} title @param {Figure} figure */
  function replace(title, figure) {
    before = { title, figure: kept.now };
    kept.change(figure);
    tellUndo();
    undoing.querySelector("button").focus({ preventScroll: true });
  }

  function tellUndo() {
    undoing.replaceChildren();
    if (!before) return;
    make("span", "", undoing, `${before.title} `);
    button(undoing, "Undo", "Undo", () => {
      const { figure } = before;
      before = null;
      kept.change(figure);
      tellUndo();
    });
  }

  /** Asks what is not known yet. all: whatever is known, as uploads expire. */
  function ask(all = false) {
    if (!root.checkVisibility()) return;
    const named = [...kept.now.rows, ...kept.now.columns].flatMap(photosOf);
    const photos = [...new Set(named)].filter((one) => all || !known.has(one));
    const wanted = String(kept.now.model?.name ?? kept.now.model ?? "reid-lite0");
    if (!photos.length && wanted === model) return;
    ticket += 1;
    asked.set(ticket, photos);
    trigger("look", { ticket, photos, model: wanted });
  }

  let drawn = ""; // the lists on show but for titles, which their fields show
  function draw(anew = false) {
    const now = JSON.stringify([kept.now.rows.map(plain), kept.now.columns.map(plain)]);
    // While an item is dragged its list stays.
    if ((now !== drawn || anew) && !root.querySelector(".px-dragged")) {
      drawn = now;
      rows.draw();
      columns.draw();
    }
    none.hidden = kept.now.rows.length > 0;
    clear.hidden = !kept.now.rows.length && !kept.now.columns.length;
    options.draw();
    ask();
  }

  on("figure", () => draw());
  on("figure-facts", (facts) => {
    const photos = asked.get(facts.ticket) ?? [];
    asked.delete(facts.ticket);
    const told = JSON.stringify([...known]);
    photos.forEach((name, i) => facts.photos[i] && known.set(name, facts.photos[i]));
    model = facts.model;
    adding.layers(facts.layers);
    draw(JSON.stringify([...known]) !== told);
  });
  on("figure-opened", ({ figure }) => {
    if (isFigure(figure)) replace("The figure from before is put aside.", { ...empty(), ...figure });
    draw(true);
  });
  on("figure-drawn", () => ask(true));
  let seen = false;
  new ResizeObserver(() => {
    if (root.checkVisibility() !== seen) {
      seen = !seen;
      ask(true); // its tab was chosen
    }
  }).observe(root);
  draw(true);
}
