// The plot of the Explore tab with its tools and downloads.

const root = element.querySelector(".px-explore");
const { notice, body } = shell(root, "The run is being opened.");
const doubt = make("div", "px-doubt", body); // what speaks against the metric, and what to look at instead
doubt.setAttribute("role", "note");
const tools = make("div", "px-tools", body);
tools.setAttribute("role", "toolbar");
tools.setAttribute("aria-label", "Plot");
const modes = {};
const MODES = [["zoom", "Zoom", "Drag zooms into the plot"], ["select", "Box", "Drag a box around pairs to select them"], ["lasso", "Lasso", "Draw around pairs to select them"]];
for (const [mode, text, label] of MODES) modes[mode] = button(tools, text, label, () => setMode(mode));
button(tools, "Whole plot", "Show the whole plot", () => plot?.whole());
button(tools, "Select none", "Show all pairs again", () => explore.look("all"));
const link = new ViewLink(root, given.names, () => {
  const pair = explore.chosen === null ? {} : explore.row(explore.chosen);
  const shown = { pairs: explore.view === "all" ? null : explore.view, query: pair.query, gallery: pair.gallery };
  return Object.fromEntries(Object.entries({ ...explore.scene.link, ...shown }).filter(([, value]) => value));
}, () => (explore.view ? "Link copied" : "Link copied, without the selection"));
link.button(tools);
const canvas = make("div", "px-plot", body);
canvas.setAttribute("role", "img");
const bare = make("div", "px-bare", body); // in the plot's place where it has no point
const files = make("div", "px-tools px-files", body);
make("span", "px-hint", files, "Download:");
const KINDS = [["csv", "CSV", "The pairs on show as a table"], ["parquet", "Parquet", "The pairs on show as a table"],
  ["svg", "SVG", "The plot as vectors"], ["png", "PNG", "The plot as a picture"], ["html", "HTML", "The plot as a page that needs nothing else"]];
for (const [kind, text, label] of KINDS) button(files, text, `Download ${text}: ${label}`, () => save(kind)).dataset.kind = kind;

let plot = null;

function setMode(mode) {
  plot?.drag(mode);
  for (const [name, node] of Object.entries(modes)) node.setAttribute("aria-pressed", String(name === mode));
}

function save(kind) {
  if (kind === "svg" || kind === "png") plot?.save(kind, `pairx_${explore.scene.run}_${explore.scene.layer}`.replaceAll(" ", "-"));
  else trigger("download", { kind, numbers: kind === "html" ? null : explore.selected });
}

function tellBare({ number, value }) {
  if (!number.length) bare.textContent = "No pair is left. Take a filter away to see some.";
  else bare.textContent = value.some((one) => one !== null) ? "" : "None of these pairs has this metric. The table lists them.";
  bare.hidden = !bare.textContent;
  canvas.hidden = !bare.hidden;
}

function tellDoubt({ text = "", turns = [], grey = false }) {
  doubt.replaceChildren();
  doubt.hidden = !text;
  canvas.classList.toggle("px-grey", grey);
  make("p", "", doubt, text);
  for (const { to, label } of turns) button(doubt, label, label, () => trigger("turn", { to })).dataset.to = to;
}

let asked = 0;
let key = null;
let wanted = {}; // the view and the pair that a link asks for, and a note on it, until they are drawn
async function load() {
  const { scene: file, show, note = "" } = props.value ?? {};
  if (!file) {
    notice.textContent = note;
    key = null;
    return;
  }
  wanted = show ?? wanted;
  const ticket = ++asked;
  try {
    const [answer, plotly] = await Promise.all([fetched(file.url), loadPlotly(given.plotly)]);
    const scene = await answer.json();
    if (ticket !== asked || (scene.key === key && scene.key === explore.scene?.key)) return;
    key = scene.key;
    root.classList.add("px-ready");
    plot ??= new PairPlot(canvas, plotly, {
      click: (number) => explore.choose(number),
      select: (chosen) => chosen ? explore.select(chosen) : explore.look("all"),
    });
    scene.figure.key = key;
    tellBare(scene);
    tellDoubt(scene.doubt);
    await plot.draw(scene.figure);
    if (ticket !== asked) return;
    canvas.setAttribute("aria-label", `${scene.metric} against cosine similarity, ${scene.number.length} pairs. The table below lists them.`);
    const layer = explore.scene?.layer;
    const { view, number } = wanted;
    notice.textContent = wanted.note ?? "";
    wanted = {};
    explore.show(scene, view);
    const first = number ?? explore.chosen ?? (view && explore.numbers()[0]) ?? scene.views.find((view) => view.id !== "all" && view.numbers.length)?.numbers[0] ?? scene.number[0];
    if (first !== undefined && (explore.chosen !== first || layer !== scene.layer)) explore.choose(first);
    else plot.mark(explore.chosen);
  } catch (error) {
    if (ticket !== asked) return;
    console.error(error);
    notice.textContent = "The run could not be shown. Open it again.";
  }
}

for (const name of ["rows", "selection", "chosen"]) shared.bus.addEventListener(name, () => link.changed());
shared.bus.addEventListener("selection", () => plot?.select(explore.selected));
shared.bus.addEventListener("chosen", () => {
  plot?.mark(explore.chosen);
  const { run, layer } = explore.scene;
  trigger("choose", { number: explore.chosen, ticket: explore.ticket, run, layer });
});
setMode("zoom");
watch("value", load);
new ResizeObserver(() => plot?.fit()).observe(canvas);
new MutationObserver(() => plot?.fit()).observe(document.body, { attributeFilter: ["class"] });
load();
