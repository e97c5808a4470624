// What is compared: an axis, its choices, and the methods where the axis is another. The server says what is known of it.

import { button, make } from "../../page/dom.js";
import { onBack } from "../../page/link.js";
import { emit, follow, on, state } from "../../page/state.js";
import { Choices } from "./choices.js";
import { asked, chosenFrom, inOrder, withRecent } from "./choosing.js";

/** @import { ChooserAxis, ChooserPart, RunStatus } from "../../page/payloads.js" */

/** How long a person may go on choosing before the board follows, ms. */
const PAUSE = 200;
/** So many pairs are remembered. */
const RECENT = 12;

/** @param {ChooserPart} part */
export function mount({ element, props, given, trigger, watch }) {
  const root = element.querySelector(".px-chooser");
  /** @type {HTMLElement} */
  const tab = element.closest(".px-compare");
  state.compare = chosenFrom(new URLSearchParams(window.location.search));
  const choosing = state.compare;
  /** @type {{id: string, title: string}[]} */
  let recent = [];
  /** @type {RunStatus} */
  let status = {};
  let late = false; // whether something changed while a comparison ran
  /** @type {ReturnType<typeof setTimeout>} */
  let waiting = null;

  make("h2", "", root, "Compare");
  const axes = make("div", "px-axes", root);
  axes.setAttribute("role", "radiogroup");
  axes.setAttribute("aria-label", "Compare");
  const info = make("p", "px-hint", root);
  const by = make("details", "px-by", root);
  const bySummary = make("summary", "", by);
  const presets = make("div", "px-presets", root);
  const list = new Choices(root, (ids) => choose(ids));
  const byList = new Choices(by, (ids) => {
    choosing.methods[choosing.axis] = ids;
    changed();
  });

  const axisNow = () => props.value.axes.find(({ id }) => id === choosing.axis) ?? props.value.axes[0];
  /** @param {ChooserAxis} axis */
  const entriesOf = (axis) => (axis.id === "pairs" ? withRecent(axis.choices, recent) : axis.choices);

  /** @param {string[]} ids */
  function choose(ids) {
    const axis = axisNow();
    // What the list does not show, such as an uploaded pair of a link, stays chosen.
    const others = (choosing.choices[axis.id] ?? []).filter((id) => !list.has(id));
    choosing.choices[axis.id] = [...inOrder(ids, entriesOf(axis)), ...others];
    changed();
  }

  // Asks what is known once the person pauses, and never while a comparison runs: it would take its board.
  function ask() {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      if (!tab.clientWidth) return;
      late = Boolean(status.busy);
      if (!late) trigger("ask", asked(choosing));
    }, PAUSE);
  }

  function changed() {
    draw();
    emit("comparing");
    ask();
  }

  /** @param {ChooserAxis[]} known */
  function drawAxes(known) {
    for (const axis of known) {
      const label = make("label", "px-axis", axes);
      const radio = Object.assign(make("input", "", label), { type: "radio", name: "px-axis", value: axis.id });
      make("span", "", label, axis.title);
      radio.addEventListener("change", () => {
        choosing.axis = axis.id;
        list.find("");
        changed();
      });
    }
  }

  /** @param {ChooserAxis} axis
   * @param {string[]} chosen */
  function drawPresets(axis, chosen) {
    const all = entriesOf(axis).map(({ id }) => id);
    const sets = axis.method ? [{ title: "All", choices: all }] : props.value.presets;
    presets.replaceChildren();
    for (const { title, choices } of [...sets, { title: "None", choices: [] }]) {
      const node = button(presets, title, title, () => {
        choosing.choices[axis.id] = [];
        choose(choices);
      });
      node.setAttribute("aria-pressed", String(String([...choices].sort()) === String([...chosen].sort())));
    }
  }

  function draw() {
    if (!props.value) return;
    if (!axes.childElementCount) drawAxes(props.value.axes);
    const axis = axisNow();
    choosing.axis = tab.dataset.axis = axis.id;
    for (const radio of axes.querySelectorAll("input")) radio.checked = radio.value === axis.id;
    info.textContent = axis.info;
    const entries = entriesOf(axis);
    const chosen = choosing.choices[axis.id] ?? axis.default;
    list.label(axis.title);
    list.fill(entries, chosen);
    drawPresets(axis, chosen);
    by.hidden = !axis.method || axis.methods.length < 2;
    if (!by.hidden) {
      const methods = props.value.axes.find(({ method }) => !method).choices;
      const own = choosing.methods[axis.id]?.length ? choosing.methods[axis.id] : [axis.method];
      byList.label("Methods");
      byList.fill(
        methods.filter(({ id }) => axis.methods.includes(id)),
        own,
      );
      bySummary.textContent = `By ${methods.flatMap(({ id, title }) => (own.includes(id) ? [title] : [])).join(", ")}`;
    }
    wants();
  }

  // Whether a photograph is to be chosen that stands for absent.
  function wants() {
    const axis = axisNow();
    const chosen = choosing.choices[axis.id] ?? axis.default;
    const photo = axis.id === "backgrounds" ? chosen.includes(given.photograph) : state.photographed;
    tab.classList.toggle("px-wants-photo", photo);
  }

  onBack(tab, (query) => {
    Object.assign(choosing, chosenFrom(new URLSearchParams(query)));
    draw();
    ask();
  });
  follow("compare-status", (detail) => {
    status = detail ?? {};
    if (!status.busy && late) ask();
  });
  on("form", () => {
    wants();
    ask();
  });
  follow("scene", ({ pair }) => {
    if (!pair) return;
    recent = [pair, ...recent.filter(({ id }) => id !== pair.id)].slice(0, RECENT);
    if (choosing.axis === "pairs") draw();
  });
  let seen = false;
  new ResizeObserver(() => {
    if (Boolean(tab.clientWidth) !== seen) {
      seen = Boolean(tab.clientWidth);
      if (seen) ask();
    }
  }).observe(tab);
  watch("value", draw);
  draw();
}
