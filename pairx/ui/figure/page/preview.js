// The figure at its true size, what runs or went wrong, and its files.

import { button, make } from "../../page/dom.js";
import { picture } from "../../page/fetching.js";
import { kept } from "../../page/figure.js";
import { Notes } from "../../page/notes.js";
import { emit, follow, on } from "../../page/state.js";
import { statusLine } from "../../page/status.js";
import { drawing } from "./drawing.js";

/** @import { FigurePreviewPart } from "../../page/payloads.js" */

const ZOOMS = [0.5, 0.75, 1, 1.5, 2, 3, 4];
const PER_MM = 96 / 25.4; // px of a page, whatever the screen's own are
/** @type {[string, string, string][]} */
const FILES = [
  ["pdf", "PDF", "PDF: lines and text as vectors"],
  ["svg", "SVG", "SVG: lines and text as vectors"],
  ["png", "PNG", "PNG: 300 dots an inch, unless the specification says otherwise"],
  ["yaml", "Specification", "Specification: a text of which the app and pairx figure make the figure again"],
  ["zip", "With photographs", "With photographs: the specification and its photographs, a ZIP for other machines"],
];
const BEGIN =
  "A figure for a paper, from what is on screen: press Add to figure beside the pictures that it should show, in Explain, " +
  "Compare, Explore or Review. Its rows are pairs, its columns what is shown of them.";
const PRESS = "Press Draw: the figure comes here, at the size that it has in print.";

/** @param {FigurePreviewPart} part */
export function mount({ element, props, trigger, watch }) {
  /** @type {HTMLElement} */
  const root = element.querySelector(".px-figure-view");
  root.replaceChildren();
  const head = make("div", "px-figure-head", root);
  const tools = make("div", "px-tools", head);
  tools.setAttribute("role", "toolbar");
  tools.setAttribute("aria-label", "Figure");
  const out = button(tools, "−", "Zoom out", () => zoom(-1));
  const label = button(tools, "100 %", "100 %: true size", () => zoom(0));
  const into = button(tools, "+", "Zoom in", () => zoom(1));
  const size = make("span", "px-hint", tools);
  const files = make("div", "px-tools px-figure-files", head);
  files.setAttribute("role", "group");
  files.setAttribute("aria-label", "Download");
  make("span", "px-hint", files, "Download");
  const saving = FILES.map(([kind, text, what]) => {
    const node = button(files, text, what, () => trigger("download", { text: drawing.text(), kind }));
    node.dataset.kind = kind;
    return node;
  });
  const status = make("div", "px-status", root);
  const hint = make("p", "px-hint px-figure-hint", root);
  const notes = new Notes(root);
  const sheet = make("div", "px-figure-sheet", root);
  sheet.tabIndex = 0; // so that it can be scrolled by keys
  sheet.setAttribute("role", "region");
  sheet.setAttribute("aria-label", "Preview of the figure");
  /** @type {HTMLImageElement} */
  let image = null;
  let at = ZOOMS.indexOf(1);

  /** @param {number} by 0 is back to the true size */
  function zoom(by) {
    at = by ? Math.min(ZOOMS.length - 1, Math.max(0, at + by)) : ZOOMS.indexOf(1);
    tell();
  }

  // Says whether the picture is of the figure as it is listed.
  function tell() {
    const { now } = kept;
    const shown = props.value?.file ? props.value : null;
    label.textContent = `${Math.round(100 * ZOOMS[at])} %`;
    out.disabled = at === 0 || !shown;
    into.disabled = at === ZOOMS.length - 1 || !shown;
    label.disabled = !shown;
    for (const node of saving) node.disabled = !now.rows.length;
    root.classList.toggle("px-stale", Boolean(shown) && drawing.drawn !== drawing.text());
    hint.textContent = now.rows.length ? PRESS : BEGIN;
    hint.hidden = Boolean(shown);
    sheet.hidden = tools.hidden = !shown;
    files.hidden = !now.rows.length && !shown;
    if (!shown || !image) return;
    image.style.width = `${shown.width * PER_MM * ZOOMS[at]}px`;
    size.textContent = `${Math.round(shown.width * 10) / 10} × ${Math.round(shown.height)} mm`;
  }

  function draw() {
    const { value } = props;
    if (!value?.file) return;
    drawing.done(value.text);
    const { rows, columns } = JSON.parse(value.text);
    const alt = `Figure of ${rows.length} × ${Math.max(1, columns.length)} panels`;
    image = Object.assign(make("img", "px-figure-image"), { alt });
    picture(image, value.file.url);
    sheet.replaceChildren(image);
    notes.show(value.notes);
    root.dataset.drawn = value.text;
    tell();
    emit("figure-drawn");
  }

  follow("figure-status", (said) => statusLine(status, said ?? {}));
  on("figure", tell);
  watch("value", draw);
  draw();
  tell();
}
