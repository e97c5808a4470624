// The picture of an explanation: similarity, two stages, table of matches, downloads. Look changes never reach the server.

const say = (name, detail) => shared.bus.dispatchEvent(new CustomEvent(name, { detail }));
const root = element.querySelector(".px-viewer");
const view = new LinkedView();
let scene = null;
let chosen = null;
let hovered = null;
let maps = [[], []];
let canvases = [];
let heats = [];

function section(title, hint) {
  const node = make("section", "px-section", body);
  const head = make("div", "px-section-head", node);
  make("h3", "", head, title);
  make("p", "px-hint", head, hint);
  return node;
}

const { notice, body } = shell(root, "The picture of this pair is being prepared.");
const story = make("p", "px-story", body);
const verdict = make("div", "px-verdict", body);
const score = make("div", "px-score", verdict);
const scoreNumber = make("span", "px-score-number", score);
make("span", "px-score-label", score, "cosine similarity");
const meaning = new Meaning(make("div", "px-words", verdict));

const zoom = new ZoomTools(body, "Picture", view, moved);
const tools = zoom.node;
holdButton(tools);
const free = button(tools, "Show all matches (Esc)", "Show all matches again", () => choose(null));
const link = new ViewLink(root, given.names, () => {
  const { lines, colors, opacity, palette } = shared.look;
  return { ...scene.link, lines, colors, opacity, palette, ...(chosen === null ? {} : { match: chosen }) };
});
link.button(tools);
make("span", "px-hint px-gesture", tools, "Ctrl + wheel or pinch zooms, drag moves all pictures");

const upper = section("Matches", "Each line joins two places that the model finds alike; dashed blue ones lower the similarity. The glow is what a place adds to it, or in blue takes from it.");
const lines = new Stage(upper, view, "Both photographs with relevance and match lines", true, { over, pick, moved });
const scales = make("div", "px-scales", upper);
const lower = section("Pixels behind the matches", "Each colour marks the pixels that one match rests on. Equal colours belong together.");
const pixels = new Stage(lower, view, "Both photographs with the pixels behind each match", false, { over, pick, moved });
pixels.node.classList.add("px-faded");
const colorNote = make("p", "px-hint px-color-note", lower);

const points = new PointView(
  section("Point to point", "Click a place in one photograph: the other shows what each of its places adds to the similarity together with it, at the chosen layer (activation decomposition, Zhu et al.)."),
  view, moved, (asked) => trigger("point", { key: scene.key, ...asked }),
);

const numbers = section("Numbers", "Arrow keys move through the matches, Enter keeps one, Escape frees it. Double-click zooms to it.");
const table = new MatchTable(numbers, { over, pick, zoom: (mark) => { choose(mark.rank); view.focus(mark.points, 4); moved(); } });
const files = make("div", "px-tools px-files", numbers);
make("span", "px-hint", files, "Download what you see:");
for (const [kind, text] of [["png", "Figure PNG"], ["svg", "SVG"], ["pdf", "PDF"], ["npz", "Raw values NPZ"]]) {
  button(files, text, `Download ${text}`, () => trigger("download", { kind, look: lookNow(), key: scene.key })).dataset.kind = kind;
}

const bright = () => hovered ?? chosen;
const lookNow = () => ({ ...shared.look, isolate: chosen === null ? null : chosen - 1 });

let drawn = 0;
function paint() {
  if (!scene || drawn) return;
  drawn = requestAnimationFrame(() => { drawn = 0; paintNow(); });
}

function paintNow() {
  const rank = bright();
  const look = shared.look;
  const traced = Math.min(look.colors, maps[0].length);
  const palette = scene.palettes[look.palette][traced];
  const styles = markStyles(scene, scene.marks, palette, traced, 1.8, look.lines);
  lines.paint(styles, rank);
  pixels.paint(styles.map((style) => ({ ...style, drawn: false })), rank);
  const painted = styles.slice(0, traced).map(({ color }) => color);
  const strengths = painted.map((_, i) => (rank === null || rank === scene.marks[i].rank ? 1 : scene.faint));
  canvases.forEach((canvas, i) => {
    blend(canvas, maps[i].slice(0, traced), painted, strengths);
    canvas.style.opacity = look.opacity;
  });
  for (const heat of heats) if (heat) heat.style.opacity = look.opacity;
  root.style.setProperty("--px-heat", look.opacity);
  free.disabled = chosen === null;
  table.paint(styles, rank, chosen, (index) => styles[index].drawn || index < traced);
  const last = traced ? scene.marks[traced - 1].rank : 0;
  colorNote.textContent = rank > last ? `Match ${rank} is not traced to pixels: only the first ${traced} are.` : "";
}

function over(rank) {
  if (hovered === rank) return;
  hovered = rank;
  paint();
}

function pick(rank) {
  choose(rank === chosen ? null : rank);
}

function choose(rank) {
  chosen = rank;
  hovered = null;
  paint();
  say("changed");
}

function moved() {
  zoom.tell();
  lines.move();
  pixels.move();
  points.stage.move();
  root.style.setProperty("--px-unzoom", 1 / view.zoom);
}

root.addEventListener("keydown", (event) => {
  const row = event.target.closest(".px-row");
  const stage = event.target.closest(".px-stage");
  if (!scene || !(row || stage) || event.ctrlKey || event.metaKey || event.altKey) return;
  const by = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1, Home: -999, End: 999 }[event.key];
  if (by) {
    const next = table.step(bright(), by);
    if (row) next?.focus();
    else if (next) choose(Number(next.dataset.rank));
  } else if (row && (event.key === "Enter" || event.key === " ")) pick(Number(row.dataset.rank));
  else if (stage && "+=-0".includes(event.key)) event.key === "0" ? zoom.reset() : zoom.by(event.key === "-" ? 1 / 1.5 : 1.5);
  else return;
  event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (!root.isConnected || event.key !== "Escape" || event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
  points.inquiry.free();
  if (chosen !== null || hovered !== null) choose(null);
});

shared.bus.addEventListener("changed", () => scene && link.changed());
shared.bus.addEventListener("look", () => {
  const most = Math.max(shared.look.lines, shared.look.colors);
  if (!scene?.marks.some((mark) => mark.rank === chosen && mark.at <= most)) chosen = null;
  paint();
  say("changed");
});

// Where the form differs from what the picture was made of, the picture says so.
shared.bus.addEventListener("form", compare);
let running = {};
let fetching = false; // a run is over for the person once its picture is there
shared.bus.addEventListener("status", ({ detail }) => {
  running = detail;
  compare();
  if (detail.error && linked && !scene) {
    linked = false;
    load();
  }
});
function compare() {
  const stale = Boolean(scene && shared.formNow && JSON.stringify(scene.form) !== JSON.stringify(shared.formNow));
  const now = fetching && !running.busy ? { busy: true, text: "Fetching the picture" } : running;
  root.classList.toggle("px-stale", stale || Boolean(scene && now.busy));
  const share = now.total ? ` (${Math.round((100 * now.done) / now.total)} %)` : "";
  if (now.busy) notice.textContent = `${now.text}${share}`;
  else if (now.error) notice.textContent = now.text;
  else notice.textContent = stale ? "The settings changed. Press Explain to bring the picture up to date." : "";
  document.querySelector("#px-explain")?.classList.toggle("px-wanted", stale && !now.busy);
}

function show(next, nextMaps, value) {
  const first = scene === null;
  const same = scene?.key === next.key;
  scene = next;
  maps = nextMaps;
  if (value.look) Object.assign(shared.look, value.look);
  if (!(shared.look.palette in scene.palettes)) shared.look.palette = Object.keys(scene.palettes)[0];
  root.style.setProperty("--px-gray", scene.fade[0]);
  root.style.setProperty("--px-photo", 1 - scene.fade[1]);
  if (!same) {
    view.reset();
    chosen = scene.marks.some((mark) => mark.rank === value.match) ? value.match : null;
    hovered = null;
  }
  story.textContent = scene.story;
  scoreNumber.textContent = scene.similarity.toFixed(2).replace("-", "−");
  meaning.show(scene);
  heats = scene.heat.map((src) => src && Object.assign(make("img", "px-overlay"), { src, alt: "", draggable: false }));
  canvases = [0, 1].map(() => make("canvas", "px-overlay"));
  lines.show(scene.photos, heats, scene.marks, scene.extents);
  lines.tell(scene.banner);
  pixels.tell(scene.paint_banner);
  pixels.show(scene.photos, canvases, scene.marks, scene.extents);
  points.show(scene);
  table.fill(scene);
  scales.replaceChildren();
  for (const scale of scene.scales) {
    const node = make("div", "px-scale", scales);
    make("span", "", node, scale.low);
    make("span", "px-ramp", node).style.backgroundImage = `linear-gradient(90deg, ${scale.colors.join(", ")})`;
    make("span", "", node, scale.high);
    make("span", "px-hint", node, scale.title);
  }
  root.classList.add("px-ready");
  say("scene", { lines: Math.max(0, ...scene.marks.map((mark) => mark.at)), colors: maps[0].length, palettes: Object.keys(scene.palettes), sample: scene.sample });
  moved();
  paint();
  compare();
  say(value.quiet ? "quiet" : "changed");
  if (!first && !same && window.innerWidth < 768) root.scrollIntoView({ behavior: "smooth", block: "start" });
  requestAnimationFrame(layout);
}

function layout() {
  for (const stage of [lines, pixels, points.stage]) stage.layout();
}

shared.bus.addEventListener("point", ({ detail }) => points.answered(detail));

let asked = 0;
let linked = new URLSearchParams(window.location.search).has("a");
async function load() {
  const value = props.value;
  // A link shows its own picture or says why it cannot; the opening pair is no answer to it.
  if (!value?.scene || (linked && value.quiet)) return;
  const ticket = ++asked;
  fetching = true;
  compare();
  try {
    const next = await (await fetched(value.scene.url)).json();
    const nextMaps = await Promise.all(next.alphas.map((sources) => Promise.all(sources.map(readAlpha))));
    if (ticket !== asked) return;
    fetching = false;
    show(next, nextMaps, value);
  } catch {
    if (ticket !== asked) return;
    fetching = false;
    running = { error: true, text: "The picture could not be fetched. Press Explain again." };
    compare();
  }
}

watch("value", load);
new ResizeObserver(layout).observe(root);
load();
