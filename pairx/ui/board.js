// The board of the Compare tab: one panel a method, which fills when its file comes. Zoom and opacity are shared by all.

const root = element.querySelector(".px-board");
const view = new LinkedView();
let run = null;
let form = null;
let photos = [];
let panels = [];

root.replaceChildren();
const notice = make("div", "px-notice", root);
notice.setAttribute("role", "status");
make("div", "px-blank", root, "Choose methods and press Compare. Each of them fills one panel here.");
const body = make("div", "px-body", root);
const heading = make("p", "px-story", body);
const similarity = make("strong", "", heading);
const about = make("span", "", heading);
const tools = make("div", "px-tools", body);
tools.setAttribute("role", "toolbar");
tools.setAttribute("aria-label", "All panels");
button(tools, "−", "Zoom out", () => zoomBy(1 / 1.5));
const zoomLabel = button(tools, "100 %", "Show the whole photographs", () => { view.reset(); moved(); });
button(tools, "+", "Zoom in", () => zoomBy(1.5));
const slider = make("label", "px-opacity", tools, "Opacity");
const opacity = Object.assign(make("input", "", slider), { type: "range", min: 0, max: 100, value: 75 });
opacity.addEventListener("input", () => root.style.setProperty("--px-heat", opacity.value / 100));
make("span", "px-hint px-gesture", tools, "Ctrl + wheel or pinch zooms, drag moves all panels");
const key = make("div", "px-key", body);
const scale = make("div", "px-scale", key);
make("span", "", scale, "against the match");
const ramp = make("span", "px-ramp", scale);
make("span", "", scale, "for the match");
make("span", "px-hint", scale, "each panel has its own scale").title = "Both photographs of a panel share it; stronger values are painted as the ends";
const files = make("div", "px-tools px-files", key);
make("span", "px-hint", files, "Download:");
for (const [kind, text] of [["png", "Figure PNG"], ["pdf", "Figure PDF"], ["zip", "Raw values ZIP"]]) {
  const act = () => trigger("download", { kind, opacity: opacity.value / 100 });
  button(files, text, `Download ${text} of all panels`, act).dataset.kind = kind;
}
const grid = make("div", "px-panels", body);

function moved() {
  for (const { stage } of panels) stage.move();
  zoomLabel.textContent = `${Math.round(100 * view.zoom)} %`;
}

function zoomBy(factor) {
  view.zoomTo(view.zoom * factor);
  moved();
}

function newPanel({ title }) {
  const node = make("article", "px-panel px-waiting", grid);
  node.setAttribute("aria-label", title);
  const head = make("header", "px-panel-head", node);
  make("h3", "", head, title).title = title;
  const seconds = make("span", "px-hint", head);
  const stage = new Stage(node, view, `${title}: both photographs`, true, { over() {}, pick() {}, moved });
  stage.stackBelow = 0;
  stage.show(photos, [null, null], []);
  const note = make("p", "px-note", node, "Waiting");
  return { node, seconds, stage, note, asked: false };
}

function addCard(node, rows) {
  const card = make("details", "px-card", node);
  make("summary", "", card, "About this method");
  const list = make("dl", "", card);
  for (const [name, text] of rows) {
    make("dt", "", list, name);
    make("dd", "", list, text);
  }
}

function fill(panel, scene) {
  const { node, seconds, stage, note } = panel;
  node.classList.remove("px-waiting");
  if (scene.reason) {
    node.classList.add("px-refused");
    stage.node.replaceChildren(make("p", "px-reason", null, `Cannot run: ${scene.reason}`));
    stage.photos = null;
    note.textContent = "";
  } else {
    seconds.textContent = scene.signed ? scene.seconds : `sign by convention · ${scene.seconds}`;
    const covers = scene.heat.map((src) => src && Object.assign(make("img", "px-overlay"), { src, alt: "", draggable: false }));
    stage.show(photos, covers, scene.marks);
    stage.paint(scene.marks.map((mark) => ({ ...mark, width: 0.8 * mark.width, drawn: true })), null);
    note.textContent = note.title = scene.note;
    similarity.textContent = `Similarity ${scene.similarity.toFixed(2).replace("-", "−")}`;
    if (scene.colors.length) ramp.style.backgroundImage = `linear-gradient(90deg, ${scene.colors.join(", ")})`;
  }
  addCard(node, scene.card);
}

async function ask(panel, url, ofRun) {
  panel.asked = true;
  try {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(answer.status);
    const scene = await answer.json();
    if (ofRun === run) fill(panel, scene);
  } catch {
    if (ofRun === run) panel.note.textContent = "This panel could not be fetched. Press Compare again.";
  }
}

function draw() {
  const value = props.value;
  if (!value?.panels) return;
  if (value.run !== run) {
    run = value.run;
    form = JSON.stringify(value.form);
    photos = value.photos.map((photo) => ({ ...photo, src: photo.file.url }));
    similarity.textContent = "";
    about.textContent = `${photos.map(({ name }) => name).join(" and ")} · ${value.about}`;
    view.reset();
    root.classList.add("px-ready");
    grid.replaceChildren();
    panels = value.panels.map(newPanel);
    moved();
    tell();
    if (window.innerWidth < 900) root.scrollIntoView({ behavior: "smooth", block: "start" });
  }
  value.panels.forEach(({ file }, i) => {
    if (file && !panels[i].asked) ask(panels[i], file.url, run);
    else if (!file && value.over) panels[i].note.textContent = "Stopped before this method was through.";
  });
}

// Says what runs, what went wrong, or that the form holds another pair or model than the board.
let status = {};
function tell() {
  const stale = Boolean(form && shared.formNow && form !== JSON.stringify(shared.formNow.slice(0, 4)));
  root.classList.toggle("px-stale", stale);
  const share = status.total ? ` (${Math.round((100 * status.done) / status.total)} %)` : "";
  if (status.busy || status.error) notice.textContent = `${status.text}${share}`;
  else notice.textContent = stale ? "The pair, model or layer changed. Press Compare to bring the panels up to date." : "";
}

shared.bus.addEventListener("form", tell);
shared.bus.addEventListener("compare-status", ({ detail }) => {
  status = detail;
  tell();
});
watch("value", draw);
new ResizeObserver(() => panels.forEach(({ stage }) => stage.layout())).observe(root);
draw();
