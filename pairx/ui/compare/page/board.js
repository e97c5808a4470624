// The board of the Compare tab: one panel a method, which fills when its file comes. All share zoom, opacity and inquiry.

import { button, make } from "../../page/dom.js";
import { LinkedView } from "../../page/geometry.js";
import { onEscape } from "../../page/keys.js";
import { minus } from "../../page/numbers.js";
import { Query } from "../../page/pointing.js";
import { follow, on, state } from "../../page/state.js";
import { holdButton, shell, ZoomTools } from "../../page/toolbar.js";
import { Panel } from "./panel.js";

/** @import { BoardPart, StatusValue } from "../../page/payloads.js" */

/** @param {BoardPart} part */
export function mount({ element, props, given, trigger, watch }) {
  /** @type {HTMLElement} */
  const root = element.querySelector(".px-board");
  const view = new LinkedView();
  const query = new Query(() => {
    waiting ??= requestAnimationFrame(() => {
      waiting = null;
      for (const panel of panels) panel.reply();
    });
  });
  /** @type {number | null} */
  let waiting = null;
  /** @type {string | null} */
  let run = null;
  /** @type {string[]} */
  let form = null;
  /** @type {Panel[]} */
  let panels = [];

  const { notice, body } = shell(root, "Choose methods and press Compare. Each of them fills one panel here.");
  const heading = make("p", "px-story", body);
  const similarity = make("strong", "", heading);
  const about = make("span", "", heading);
  const zoom = new ZoomTools(body, "All panels", view, moved);
  holdButton(zoom.node);
  const slider = make("label", "px-opacity", zoom.node, "Opacity");
  const opacity = Object.assign(make("input", "", slider), {
    type: "range",
    min: "0",
    max: "100",
    value: String(Math.round(100 * given.opacity)),
  });
  opacity.addEventListener("input", () => root.style.setProperty("--px-heat", String(Number(opacity.value) / 100)));
  const faithful = button(
    zoom.node,
    "Measure faithfulness of all",
    "Measure faithfulness of all: blur what each map rates highest and see what the similarity loses",
    () => measure(panels.filter(({ scene, faithfulness }) => scene && !faithfulness).map(({ name }) => name)),
  );
  make("span", "px-hint px-gesture", zoom.node, "Ctrl + wheel or pinch zooms, drag moves all panels");
  const key = make("div", "px-key", body);
  const scale = make("div", "px-scale", key);
  const against = make("span", "", scale, "against the match");
  const ramp = make("span", "px-ramp", scale);
  const supports = make("span", "", scale, "for the match");
  make("span", "px-hint", scale, "each panel has its own scale").title =
    "Both photographs of a panel share it; stronger values are painted as the ends";
  const files = make("div", "px-tools px-files", key);
  make("span", "px-hint", files, "Download:");
  for (const [kind, text] of [
    ["png", "Figure PNG"],
    ["pdf", "Figure PDF"],
    ["zip", "Raw values ZIP"],
  ]) {
    button(files, text, `Download ${text} of all panels`, () => download(kind)).dataset.kind = kind;
  }
  const grid = make("div", "px-panels", body);

  function moved() {
    root.style.setProperty("--px-unzoom", String(1 / view.zoom));
    for (const { stage } of panels) stage.move();
    zoom.tell();
  }

  function enlarge(panel) {
    const on = !panel.large;
    if (!on) query.free();
    for (const one of panels) if (one.large || one === panel) one.enlarge(on && one === panel);
    if (on) panel.node.scrollIntoView({ behavior: "smooth", block: "nearest" });
    else panel.larger.focus({ preventScroll: true });
  }

  /** @param {string} kind
   * @param {string} [name] */
  function download(kind, name) {
    trigger("download", { kind, name, opacity: Number(opacity.value) / 100 });
  }

  function measure(names) {
    if (names.length) trigger("measure", { run, names });
  }

  // The first comparison comes by itself and leaves the page where it is.
  let pressed = false;
  document.addEventListener("click", ({ target }) => {
    pressed ||= target instanceof Element && target.closest("#px-compare") !== null;
  });
  onEscape(root, () => {
    const large = panels.find((panel) => panel.large);
    if (query.now) query.free();
    else if (large) enlarge(large);
  });

  async function ask(panel, files) {
    const ofRun = run;
    const scene = await panel.ask(files);
    if (!scene || ofRun !== run) return;
    tell();
    similarity.textContent = `Similarity ${minus(scene.similarity.toFixed(2))}`;
    if (scene.colors.length) ramp.style.backgroundImage = `linear-gradient(90deg, ${scene.colors.join(", ")})`;
  }

  function draw() {
    const value = props.value;
    if (!value?.panels) return;
    if (value.run !== run) {
      run = value.run;
      form = value.form;
      const photos = value.photos.map((photo) => ({ ...photo, src: photo.file.url }));
      similarity.textContent = "";
      about.textContent = `${photos.map(({ name }) => name).join(" and ")} · ${value.about}`;
      [against.textContent, supports.textContent] = value.ends;
      view.reset();
      query.now = null;
      query.kept = false;
      root.classList.add("px-ready");
      grid.replaceChildren();
      panels = value.panels.map(
        (panel) => new Panel(grid, panel, photos, view, query, { moved, enlarge, measure, download }),
      );
      moved();
      tell();
      if (pressed && window.innerWidth < 900) root.scrollIntoView({ behavior: "smooth", block: "start" });
      pressed = false;
    }
    value.panels.forEach((files, i) => {
      if (files.file && !panels[i].asked) ask(panels[i], files);
      else if (!files.file && value.over) panels[i].note.textContent = "Stopped before this method was through.";
    });
  }

  // Says what runs, what went wrong, or that the form holds another pair, model or background than the board.
  /** @type {StatusValue} */
  let status = {};
  function tell() {
    const now = form && state.formNow && JSON.stringify([...state.formNow.slice(0, form.length - 1), state.background]);
    const stale = Boolean(now && JSON.stringify(form) !== now);
    root.classList.toggle("px-stale", stale);
    faithful.disabled = stale || Boolean(status.busy);
    for (const { measuring } of panels) if (measuring) measuring.disabled = faithful.disabled;
    const share = status.total ? ` (${Math.round((100 * status.done) / status.total)} %)` : "";
    if (status.busy || status.error) notice.textContent = `${status.text}${share}`;
    else
      notice.textContent = stale
        ? "The pair, model, layer or background changed. Press Compare to bring the panels up to date."
        : "";
  }

  on("form", tell);
  follow("compare-status", (detail) => {
    status = detail;
    tell();
  });
  on("measured", (detail) => {
    if (detail?.run === run) for (const panel of panels) panel.measured(detail.found[panel.name]);
  });
  watch("value", draw);
  new ResizeObserver(() => panels.forEach(({ stage }) => stage.layout())).observe(root);
  draw();
}
