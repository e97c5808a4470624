// Selected pairs as pictures, a page at a time.

const ORDERS = [
  ["as listed", null, true],
  ["metric, highest first", (row) => row.value, false],
  ["metric, lowest first", (row) => row.value, true],
  ["similarity, highest first", (row) => row.cosine, false],
  ["similarity, lowest first", (row) => row.cosine, true],
];
const root = element.querySelector(".px-gallery");
root.replaceChildren();
const section = make("section", "px-section", root);
const heading = make("div", "px-section-head", section);
const title = make("h3", "", heading, "Gallery");
const hint = make("p", "px-hint", heading);
const tools = make("div", "px-tools", section);
const label = make("label", "px-order", tools, "Sort by");
const choice = make("select", "", label);
ORDERS.forEach(([text], i) => choice.append(new Option(text, i)));
const pager = new Pager(tools, given.page, "pairs", ask);
const csv = button(tools, "Selected as CSV", "Download the selected pairs as CSV", () => trigger("download", { kind: "csv", numbers: order }));
const grid = make("div", "px-cards", section);

let order = [];
let asked = 0;

function sort() {
  const [, value, upwards] = ORDERS[choice.value];
  order = value ? sorted(explore.numbers(), value, upwards) : explore.numbers();
  pager.turn(0);
}

function ask() {
  const shown = pager.part(order);
  title.textContent = `Gallery (${order.length.toLocaleString("en")} pairs)`;
  hint.textContent = explore.selected ? "The pairs of the view or selection." : "All pairs on show. Draw a box or a lasso in the plot, or choose a view, to see fewer.";
  csv.disabled = !order.length;
  grid.replaceChildren(...shown.map(card));
  asked += 1;
  if (shown.length) trigger("browse", { numbers: shown, ticket: asked, run: explore.scene.run });
}

function card(number) {
  const row = explore.row(number);
  const node = make("button", `px-pair-card ${row.correct ? "px-correct" : "px-incorrect"}`);
  node.type = "button";
  node.dataset.number = number;
  make("span", "px-pair", node);
  const line = make("span", "px-card-line", node);
  verdictMark(line, row.correct);
  make("span", "", line, `${minus(row.cosine.toFixed(2))} · ${brief(row.value)}`);
  make("span", "px-card-names", node, `${row.query} – ${row.gallery}`);
  node.title = `${row.correct ? "Correct" : "Incorrect"}: ${row.query} and ${row.gallery}, cosine ${row.cosine.toFixed(3)}, ${explore.scene.metric} ${brief(row.value)}`;
  node.addEventListener("click", () => explore.choose(number));
  return node;
}

function fill() {
  const { ticket, items = [], note } = props.value ?? {};
  if (ticket !== asked) return;
  if (note) hint.textContent = note;
  for (const { number, files } of items) {
    const pair = grid.querySelector(`[data-number="${number}"] .px-pair`);
    pair?.replaceChildren(...files.map((file) => file.url
      ? picture(Object.assign(document.createElement("img"), { alt: "" }), file.url)
      : Object.assign(make("span", "px-missing", null, "missing"), { title: file.problem })));
  }
  mark();
}

function mark() {
  for (const node of grid.children) node.setAttribute("aria-pressed", String(Number(node.dataset.number) === explore.chosen));
}

choice.addEventListener("change", sort);
shared.bus.addEventListener("selection", sort);
shared.bus.addEventListener("chosen", mark);
watch("value", fill);
if (explore.scene) sort();
