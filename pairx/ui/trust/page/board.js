// The Trust tab: a judgement as a table, sorted by what a person trusts, and beside it what was chosen there.

import { button, make } from "../../page/dom.js";
import { onBack, ViewLink } from "../../page/link.js";
import { follow, on } from "../../page/state.js";
import { shell } from "../../page/toolbar.js";
import { Detail } from "./detail.js";
import { inAddress, judgedCriteria, sortedMethods, sortingFrom, turned } from "./sorting.js";
import { JudgedTable } from "./table.js";

/** @import { TrustBoardPart, TrustRow } from "../../page/payloads.js" */

const INTRO =
  "A map that is wrong looks like one that is right. Here each method was measured, beside controls that know nothing: where it is no better than a control, it says no more.";

/** @param {TrustBoardPart} part */
export function mount({ element, props, given, trigger, watch }) {
  /** @type {HTMLElement} */
  const root = element.querySelector(".px-trust");
  const asked = new URLSearchParams(window.location.search);
  let sorting = sortingFrom(asked.get("by") ?? "");
  let cell = asked.get("cell") ?? ""; // method and criterion of the number whose pairs are on show
  let group = "";
  let drawn = "";
  let ticket = 0;
  /** What Compare asks for, until its judgement is there.
   * @type {{judgement: string, criterion: string} | null} */
  let wanted = null;

  const { notice, body } = shell(root, "Judgements are being read.");
  make("h2", "", body, "Which method to trust");
  make("p", "px-story", body, INTRO);
  const tools = make("div", "px-tools", body);
  const label = make("label", "px-order", tools, "Judged on");
  const judgements = make("select", "", label);
  judgements.addEventListener("change", () => {
    cell = "";
    trigger("choose", { judgement: judgements.value });
  });
  const groups = make("div", "px-groups", tools);
  groups.setAttribute("role", "group");
  groups.setAttribute("aria-label", "Criteria");
  const link = new ViewLink(root, given.names, () => ({
    judged: props.value.chosen,
    ...(sorting.by ? { by: inAddress(sorting) } : {}),
    ...(cell ? { cell } : {}),
  }));
  link.button(tools);
  const about = make("p", "px-hint", body);
  const both = make("div", "px-beside", body);
  const left = make("div", "", both);
  const table = new JudgedTable(left, {
    sort(criterion) {
      sorting = turned(sorting, criterion);
      arrange();
      link.changed(true);
    },
    define,
    method(row) {
      choose("");
      detail.method(row);
      detail.reveal();
      link.changed();
    },
    cell(row, criterion) {
      choose(`${row.method} ${criterion}`);
      open(row, criterion);
      detail.reveal();
      link.changed(true);
    },
  });
  const detail = new Detail(both, given.criteria, define);
  const below = make("div", "px-hint px-left-out", body);

  /** @param {string} criterion */
  function define(criterion) {
    choose("");
    detail.criterion(criterion);
    detail.reveal();
    link.changed();
  }

  /** @param {string} now */
  function choose(now) {
    cell = now;
    const [method, criterion] = now.split(" ");
    table.mark(method, criterion);
  }

  /** @param {TrustRow} row
   * @param {string} criterion */
  function open(row, criterion) {
    ticket += 1;
    detail.number(row, criterion);
    trigger("pairs", { ticket, judgement: props.value.chosen, method: row.method, criterion });
  }

  const rows = () => props.value?.rows ?? [];
  const known = () => judgedCriteria(rows(), given.criteria);

  // The columns of the group on show; the focus stays on the head that was pressed.
  function arrange() {
    const focused = /** @type {HTMLElement} */ (document.activeElement)?.dataset?.criterion;
    const inHead = Boolean(document.activeElement?.closest(".px-trust thead"));
    const { judged } = known();
    const columns = judged.filter((one) => one.group === group);
    table.draw(
      sortedMethods(rows(), sorting, given.criteria),
      rows().filter(({ control }) => control),
      columns,
      sorting,
    );
    choose(cell);
    for (const node of groups.children) node.setAttribute("aria-pressed", String(node.textContent === group));
    const again = focused && inHead ? `thead .px-sort[data-criterion="${focused}"]` : "";
    if (again) /** @type {HTMLElement} */ (table.table.querySelector(again))?.focus();
  }

  /** Shows the group of a criterion, the first where there is none.
   * @param {string} criterion */
  function showGroupOf(criterion) {
    const found = known();
    group = found.judged.find(({ name }) => name === criterion)?.group ?? found.groups[0] ?? "";
  }

  function tellGroups() {
    groups.replaceChildren();
    for (const one of known().groups)
      button(groups, one, one, () => {
        group = one;
        arrange();
      });
  }

  function draw() {
    const value = props.value;
    if (!value || JSON.stringify(value) === drawn) return seek();
    drawn = JSON.stringify(value);
    notice.textContent = value.problem ?? "";
    root.classList.toggle("px-ready", !value.problem);
    if (value.problem) return;
    judgements.replaceChildren(...value.choices.map(({ id, title }) => new Option(title, id)));
    judgements.value = value.chosen;
    about.textContent = `${value.about} Intervals: 95 %, over individuals.`;
    below.replaceChildren(...value.notes.map((note) => make("p", "", null, note)));
    make("code", "", make("p", "", below, "Made by "), value.command);
    const [method, criterion] = cell.split(" ");
    showGroupOf(criterion || sorting.by);
    tellGroups();
    const row = rows().find((one) => one.method === method && one.cells[criterion]);
    if (!row) cell = "";
    arrange();
    if (row) open(row, criterion);
    else detail.clear();
    if (link.own) link.changed();
    seek();
  }

  // What Compare asked for, once its judgement is on show.
  function seek() {
    if (!wanted || props.value?.chosen !== wanted.judgement) return;
    const { criterion } = wanted;
    wanted = null;
    sorting = { by: criterion, worstFirst: false };
    showGroupOf(criterion);
    arrange();
    define(criterion);
    link.changed(true);
  }

  follow("judged", (detail) => {
    wanted = detail;
    if (props.value?.chosen !== wanted.judgement) trigger("choose", { judgement: wanted.judgement });
    else if (drawn) seek();
  });
  on("judged-pairs", (pairs) => {
    if (pairs?.ticket === ticket) detail.pairs(pairs);
  });
  onBack(root, ({ by = "", cell: then = "", judged = "" }) => {
    sorting = sortingFrom(by);
    cell = then;
    drawn = "";
    if (judged && judged !== props.value?.chosen) trigger("choose", { judgement: judged });
    else draw();
  });
  watch("value", draw);
  draw();
}
