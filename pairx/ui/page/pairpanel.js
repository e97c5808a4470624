// The chosen pair: photographs and scores at once, then PAIR-X over and under them.

const root = element.querySelector(".px-pairpanel");
const view = new LinkedView();
const { body } = shell(root, "Choose a point of the plot or a row of the table: its pair opens here.");
const verdict = make("div", "px-pair-verdict", body);
const zoom = new ZoomTools(body, "Chosen pair", view, moved);
const tools = zoom.node;
tools.prepend(
  button(tools, "‹", "The pair before, as listed", () => step(-1)),
  button(tools, "›", "The next pair, as listed", () => step(1)),
);
holdButton(tools);
const link = make("a", "px-button px-link", tools, "Open in Explain");
link.target = "_blank";
link.title = "The same pair in the tab Explain, in a new window, with all that can be set there";
const upper = new Stage(body, view, "The chosen photographs with match lines", true, { over() {}, pick() {}, moved });
const note = make("div", "px-pair-note", body);
const told = make("span", "", note);
const halt = button(note, "Stop", "Stop explaining this pair", stop);
const bar = make("div", "px-progress", body);
const part = make("span", "", bar);
const caption = make("p", "px-hint", body, "Pixels behind the strongest matches: equal colours belong together.");
const lower = new Stage(body, view, "The chosen photographs with the pixels behind each match", false, { over() {}, pick() {}, moved });
lower.node.classList.add("px-faded");
const notes = new Notes(body);
const scores = make("table", "px-table px-scores", body);

let shown = 0; // the ticket whose pair is on show
let explained = 0; // the ticket whose scene is on show

function moved() {
  zoom.tell();
  upper.move();
  lower.move();
}

function step(by) {
  const numbers = explore.numbers();
  const at = numbers.indexOf(explore.chosen);
  const next = at < 0 ? numbers[0] : numbers[clamp(at + by, 0, numbers.length - 1)];
  if (next !== undefined && next !== explore.chosen) explore.choose(next);
}

function stop() {
  explore.ticket += 1;
  trigger("halt", { ticket: explore.ticket });
  tell({ note: "Stopped. Choose the pair again to explain it." });
}

// No pair is left to show: none is explained any longer.
function close() {
  explore.ticket += 1;
  trigger("halt", { ticket: explore.ticket });
  root.classList.remove("px-ready");
  delete root.dataset.number;
  delete root.dataset.explained;
}

function tell({ note: text = "", busy = false, error = false, done = 0, total = 0 }) {
  told.textContent = text;
  note.classList.toggle("px-error", error);
  note.setAttribute("role", error ? "alert" : "status");
  note.hidden = !text;
  halt.hidden = !busy;
  bar.hidden = !busy;
  part.style.width = `${total ? (100 * done) / total : 0}%`;
}

function showPair(pair) {
  root.classList.toggle("px-is-correct", pair.correct);
  root.classList.toggle("px-is-incorrect", !pair.correct);
  verdict.replaceChildren();
  verdictMark(verdict, pair.correct);
  make("strong", "", verdict, pair.correct ? "Correct pair" : "Incorrect pair");
  make("span", "px-owners", verdict, pair.owners);
  view.reset();
  const photos = pair.photos.map((photo) => ({ ...photo, src: photo.file.url }));
  upper.node.hidden = !photos.length;
  if (photos.length) upper.show(photos, [null, null], []);
  upper.tell();
  lower.node.hidden = caption.hidden = link.hidden = notes.node.hidden = true;
  scores.replaceChildren();
  const heads = make("tr", "", make("thead", "", scores));
  for (const text of ["", "This pair", "Resize only"]) make("th", "", heads, text).scope = "col";
  const lines = make("tbody", "", scores);
  for (const [name, value, control] of pair.scores) {
    const line = make("tr", "", lines);
    make("th", "", line, name).scope = "row";
    for (const text of [value, control]) make("td", "", line, text);
  }
  root.classList.add("px-ready");
  root.dataset.number = pair.number;
  delete root.dataset.explained;
  moved();
}

async function showScene(value) {
  const scene = await (await fetched(value.scene.url)).json();
  const maps = await Promise.all(scene.alphas.map((sources) => Promise.all(sources.map(readAlpha))));
  if (value.ticket !== explore.ticket) return;
  const traced = maps[0].length;
  const palette = Object.values(scene.palettes)[0][traced];
  const photos = value.pair.photos.map((photo) => ({ ...photo, src: photo.file.url }));
  const heats = scene.heat.map((src) => src && Object.assign(make("img", "px-overlay"), { src, alt: "", draggable: false }));
  const marks = scene.marks.filter((mark) => mark.at <= 20);
  const styles = markStyles(scene, marks, palette, traced, 1.4, 20);
  root.style.setProperty("--px-gray", scene.fade[0]);
  root.style.setProperty("--px-photo", 1 - scene.fade[1]);
  upper.show(photos, heats, marks, scene.extents);
  upper.paint(styles, null);
  upper.tell(scene.banner);
  lower.tell(scene.paint_banner);
  const canvases = maps.map((layers) => {
    const canvas = make("canvas", "px-overlay");
    blend(canvas, layers, styles.slice(0, traced).map(({ color }) => color), layers.map(() => 1));
    return canvas;
  });
  lower.node.hidden = caption.hidden = link.hidden = false;
  notes.show(scene.notes);
  notes.node.hidden = !scene.notes.length;
  link.href = value.link;
  lower.show(photos, canvases, [], scene.extents);
  root.dataset.explained = value.pair.number;
  moved();
}

async function draw() {
  const value = props.value;
  if (!value || value.ticket !== explore.ticket) return; // of an earlier click
  root.classList.remove("px-stale");
  if (value.pair && shown !== value.ticket) showPair(value.pair);
  if (value.pair) shown = value.ticket;
  else root.classList.add("px-ready", "px-stale");
  tell(value);
  if (!value.scene || explained === value.ticket) return;
  explained = value.ticket;
  try {
    await showScene(value);
  } catch {
    tell({ note: "The explanation could not be fetched. Choose the pair again.", error: true });
  }
}

shared.bus.addEventListener("rows", () => explore.scene.number.length || close());
shared.bus.addEventListener("chosen", () => root.classList.add("px-stale"));
tell({});
watch("value", draw);
new ResizeObserver(() => { upper.layout(); lower.layout(); }).observe(root);
draw();
