// The plot of the Explore tab with its tools and downloads.

import { button, make } from "../../page/dom.js";
import { fetched } from "../../page/fetching.js";
import { on } from "../../page/state.js";
import { shell } from "../../page/toolbar.js";
import { Address } from "./address.js";
import { kept } from "./kept.js";
import { loadPlotly, PairPlot } from "./plot.js";
import { selection } from "./selection.js";

/** @import { Doubt, RunScene, ScatterPlotPart, Show } from "../../page/payloads.js" */

/** @param {ScatterPlotPart} part */
export function mount({ element, props, given, trigger, watch }) {
  /** @type {HTMLElement} */
  const root = element.querySelector(".px-explore");
  const { notice, body } = shell(root, "The run is being opened.");
  const doubt = make("div", "px-doubt", body); // what speaks against the metric, and what to look at instead
  doubt.setAttribute("role", "note");
  const tools = make("div", "px-tools", body);
  tools.setAttribute("role", "toolbar");
  tools.setAttribute("aria-label", "Plot");
  /** @type {Record<string, HTMLButtonElement>} */
  const modes = {};
  const MODES = [
    ["zoom", "Zoom", "Drag zooms into the plot"],
    ["select", "Box", "Drag a box around pairs to select them"],
    ["lasso", "Lasso", "Draw around pairs to select them"],
  ];
  for (const [mode, text, label] of MODES) modes[mode] = button(tools, text, label, () => setMode(mode));
  button(tools, "Whole plot", "Show the whole plot", () => plot?.whole());
  button(tools, "Select none", "Show all pairs again", () => selection.look("all"));
  const address = new Address(root, given.names, (query) => trigger("back", { query }));
  address.link.button(tools);
  const canvas = make("div", "px-plot", body);
  canvas.setAttribute("role", "img");
  const bare = make("div", "px-bare", body); // in the plot's place where it has no point
  const files = make("div", "px-tools px-files", body);
  make("span", "px-hint", files, "Download:");
  const KINDS = [
    ["csv", "CSV", "The pairs on show as a table"],
    ["parquet", "Parquet", "The pairs on show as a table"],
    ["png", "PNG", "The plot as it is seen, as a picture"],
    ["svg", "SVG", "The plot as it is seen, as vectors"],
    ["pdf", "PDF", "The plot as it is seen, for a paper"],
    ["html", "HTML", "The plot as a page that needs nothing else"],
  ];
  for (const [kind, text, label] of KINDS)
    button(files, text, `Download ${text}: ${label}`, () => save(kind)).dataset.kind = kind;

  /** @type {PairPlot} */
  let plot = null;

  function setMode(mode) {
    plot?.drag(mode);
    for (const [name, node] of Object.entries(modes)) node.setAttribute("aria-pressed", String(name === mode));
  }

  function save(kind) {
    trigger("download", { kind, numbers: selection.selected, ranges: plot.ranges() });
  }

  /** @param {RunScene} scene */
  function tellBare({ number, value }) {
    if (!number.length) bare.textContent = "No pair is left. Take a filter away to see some.";
    else
      bare.textContent = value.some((one) => one !== null)
        ? ""
        : "None of these pairs has this metric. The table lists them.";
    bare.hidden = !bare.textContent;
    canvas.hidden = !bare.hidden;
  }

  /** @param {Doubt} found */
  function tellDoubt({ text = "", turns = [], grey = false }) {
    doubt.replaceChildren();
    doubt.hidden = !text;
    canvas.classList.toggle("px-grey", grey);
    make("p", "", doubt, text);
    for (const { to, label } of turns) button(doubt, label, label, () => trigger("turn", { to })).dataset.to = to;
  }

  let asked = 0;
  /** @type {string | null} */
  let key = null;
  /** @type {Partial<Show>} */
  let wanted = {}; // the view and the pair that a link asks for, and a note on it, until they are drawn
  async function load() {
    const { scene: file, show, note = "" } = props.value ?? /** @type {ScatterPlotPart["props"]["value"]} */ ({});
    if (!file) {
      notice.textContent = note;
      key = null;
      return;
    }
    wanted = show ?? wanted;
    const ticket = ++asked;
    try {
      const [answer, plotly] = await Promise.all([fetched(file.url), loadPlotly(given.plotly)]);
      /** @type {RunScene} */
      const scene = await answer.json();
      if (ticket !== asked) return;
      if (scene.key === key && scene.key === selection.scene?.key) {
        address.returning = false;
        return;
      }
      key = scene.key;
      root.classList.add("px-ready");
      plot ??= new PairPlot(canvas, plotly, {
        click: (number) => selection.choose(number),
        select: (chosen) => (chosen ? selection.select(chosen) : selection.look("all")),
      });
      scene.figure.key = key;
      tellBare(scene);
      tellDoubt(scene.doubt);
      await plot.draw(scene.figure);
      if (ticket !== asked) return;
      canvas.setAttribute(
        "aria-label",
        `${scene.metric} against cosine similarity, ${scene.number.length} pairs. The table below lists them.`,
      );
      const layer = selection.scene?.layer;
      const { view, number, selected } = wanted;
      notice.textContent = wanted.note ?? "";
      wanted = {};
      selection.show(scene, view);
      if (selected?.length) selection.select(selected);
      const first =
        number ??
        selection.chosen ??
        ((view || selected?.length) && selection.numbers()[0]) ??
        scene.views.find((view) => view.id !== "all" && view.numbers.length)?.numbers[0] ??
        scene.number[0];
      if (first !== undefined && (selection.chosen !== first || layer !== scene.layer)) selection.choose(first, "page");
      else plot.mark(selection.chosen);
      address.returning = false;
    } catch (error) {
      if (ticket !== asked) return;
      console.error(error);
      notice.textContent = "The run could not be shown. Open it again.";
    }
  }

  on("selection", () => plot?.select(selection.selected));
  on("chosen", () => {
    plot?.mark(selection.chosen);
    const { run, layer } = selection.scene;
    if (!kept.get(selection.chosen))
      trigger("choose", { number: selection.chosen, ticket: selection.ticket, run, layer });
  });
  setMode("zoom");
  watch("value", load);
  new ResizeObserver(() => plot?.fit()).observe(canvas);
  new MutationObserver(() => plot?.fit()).observe(document.body, { attributeFilter: ["class"] });
  load();
}
