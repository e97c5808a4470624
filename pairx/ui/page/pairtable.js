// The pairs on show as a table: sorted by any column, a page at a time; choosing a row opens the pair.

const PAGE_ROWS = 50;
const COLUMNS = [
  ["Pair", (row) => row.query],
  ["Individuals", (row) => row.owners.join("\u0000")],
  ["Correct", (row) => Number(row.correct)],
  ["Cosine", (row) => row.cosine],
  ["Metric", (row) => row.value],
  ["Matches", (row) => row.matches],
  ["Inliers", (row) => row.inliers],
  ["Homography", (row) => row.status],
];
const root = element.querySelector(".px-pairtable");
root.replaceChildren();
const section = make("section", "px-section", root);
const heading = make("div", "px-section-head", section);
const title = make("h3", "", heading, "Pairs");
make("p", "px-hint", heading, "Arrow keys move through the rows, Enter opens one. The heads sort.");
const scroller = make("div", "px-scroller", section);
const table = make("table", "px-table", scroller);
const heads = make("tr", "", make("thead", "", table));
const lines = make("tbody", "", table);
const pager = make("div", "px-tools", section);
const earlier = button(pager, "‹", "Earlier rows", () => turn(-1));
const place = make("span", "px-hint", pager);
const later = button(pager, "›", "Later rows", () => turn(1));

let order = []; // numbers as sorted
let page = 0;
let sorting = null; // [column, upwards], or null for the view's own order

const buttons = COLUMNS.map(([name], column) => {
  const head = make("th", "", heads);
  head.scope = "col";
  const node = make("button", "px-sort", head, name);
  node.type = "button";
  node.addEventListener("click", () => {
    sorting = [column, sorting?.[0] === column ? !sorting[1] : column < 2];
    sort();
  });
  return node;
});

function sort() {
  order = [...explore.numbers()];
  if (sorting) {
    const [column, upwards] = sorting;
    const value = COLUMNS[column][1];
    const keys = new Map(order.map((number) => [number, value(explore.row(number))]));
    order.sort((a, b) => {
      const [x, y] = [keys.get(a), keys.get(b)];
      if (x === null || y === null) return (x === null) - (y === null); // what has no value comes last
      return (x < y ? -1 : x > y ? 1 : 0) * (upwards ? 1 : -1);
    });
  }
  page = 0;
  draw();
}

function draw() {
  heads.querySelectorAll("th").forEach((head, i) => {
    const how = sorting?.[0] === i ? (sorting[1] ? "ascending" : "descending") : "none";
    head.setAttribute("aria-sort", how);
  });
  buttons[4].textContent = explore.scene.metric;
  const pages = Math.max(1, Math.ceil(order.length / PAGE_ROWS));
  page = clamp(page, 0, pages - 1);
  const shown = order.slice(page * PAGE_ROWS, (page + 1) * PAGE_ROWS);
  lines.replaceChildren(...shown.map(line));
  if (!shown.length) make("td", "px-hint", make("tr", "", lines), "No pair fits.").colSpan = COLUMNS.length;
  earlier.disabled = page === 0;
  later.disabled = page >= pages - 1;
  const first = page * PAGE_ROWS + 1;
  place.textContent = order.length ? `${first} to ${first + shown.length - 1} of ${order.length.toLocaleString("en")}` : "";
  pager.hidden = pages === 1;
  mark();
}

function line(number, index) {
  const row = explore.row(number);
  const node = make("tr", "px-row");
  node.dataset.number = number;
  node.tabIndex = index ? -1 : 0;
  const name = make("th", "", node, `${row.query} – ${row.gallery}`);
  name.scope = "row";
  make("td", "", node, row.owners[0] === row.owners[1] ? row.owners[0] : row.owners.join(" – "));
  const verdict = make("td", "", node);
  verdictMark(verdict, row.correct);
  make("span", "", verdict, row.correct ? " correct" : " incorrect");
  for (const text of [minus(row.cosine.toFixed(3)), brief(row.value), row.matches, row.inliers, row.status]) make("td", "", node, String(text));
  node.addEventListener("click", () => explore.choose(number));
  return node;
}

function mark() {
  for (const node of lines.children) {
    const chosen = Number(node.dataset.number) === explore.chosen;
    node.setAttribute("aria-selected", String(chosen));
    node.classList.toggle("px-bright", chosen);
  }
}

function turn(by) {
  page += by;
  draw();
  scroller.scrollTop = 0;
}

lines.addEventListener("keydown", (event) => {
  const node = event.target.closest(".px-row");
  const by = { ArrowDown: 1, ArrowUp: -1, Home: -1e6, End: 1e6 }[event.key];
  if (by) {
    const rows = [...lines.children];
    const next = rows[clamp(rows.indexOf(node) + by, 0, rows.length - 1)];
    for (const one of rows) one.tabIndex = one === next ? 0 : -1;
    next.focus();
  } else if (event.key === "Enter" || event.key === " ") explore.choose(Number(node.dataset.number));
  else return;
  event.preventDefault();
});

function reveal() {
  const at = order.indexOf(explore.chosen);
  if (at >= 0 && Math.floor(at / PAGE_ROWS) !== page) {
    page = Math.floor(at / PAGE_ROWS);
    draw();
  } else mark();
  const node = lines.querySelector("[aria-selected=true]");
  if (!node) return;
  const [box, frame] = [node.getBoundingClientRect(), scroller.getBoundingClientRect()];
  const above = frame.top + heads.offsetHeight - box.top;
  const below = box.bottom - frame.bottom + 1;
  if (above > 0) scroller.scrollTop -= above;
  else if (below > 0) scroller.scrollTop += below;
}

shared.bus.addEventListener("selection", () => {
  const view = explore.scene.views.find((one) => one.id === explore.view);
  title.textContent = `${view ? view.title : "Selected pairs"} (${explore.numbers().length.toLocaleString("en")})`;
  sorting = null;
  sort();
});
shared.bus.addEventListener("chosen", reveal);
if (explore.scene) sort();
