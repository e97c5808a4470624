// One method's panel on the board: what it drew or why it cannot, its card, and the answers of its tensor.

class Panel {
  // on: {moved(), enlarge(panel), measure(names), download(kind, name)}
  constructor(parent, { title, name }, photos, view, inquiry, on) {
    this.name = name;
    this.photos = photos;
    this.on = on;
    this.node = make("article", "px-panel px-waiting", parent);
    this.node.setAttribute("aria-label", title);
    const head = make("header", "px-panel-head", this.node);
    make("h3", "", head, title).title = title;
    this.seconds = make("span", "px-hint", head);
    this.larger = button(head, "Enlarge", `Enlarge ${title}`, () => on.enlarge(this));
    this.larger.hidden = true;
    this.stage = new Stage(this.node, view, `${title}: both photographs`, true, {
      over() {},
      pick: () => this.scene && !this.large && on.enlarge(this),
      moved: on.moved,
    });
    this.stage.stackBelow = 0;
    this.stage.show(photos, [null, null], []);
    this.note = make("p", "px-note", this.node, "Waiting");
    this.notes = new Notes(this.node);
    this.inquiry = inquiry;
    this.asked = false;
  }

  get large() {
    return this.node.classList.contains("px-large");
  }

  async ask({ file, tensor }) {
    this.asked = true;
    try {
      const answer = await fetched(file.url);
      this.tensorFile = tensor;
      this.fill(await answer.json());
      return this.scene;
    } catch {
      this.note.textContent = "This panel could not be fetched. Press Compare again.";
      return null;
    }
  }

  fill(scene) {
    this.node.classList.remove("px-waiting");
    if (scene.reason) {
      this.node.classList.add("px-refused");
      this.stage.node.replaceChildren(make("p", "px-reason", null, `Cannot run: ${scene.reason}`));
      this.stage.photos = null;
      this.note.textContent = "";
    } else {
      this.scene = scene;
      this.larger.hidden = false;
      this.seconds.textContent = [scene.signed ? "" : "sign by convention", scene.background, scene.seconds].filter(Boolean).join(" · ");
      const covers = scene.heat.map((src) => src && Object.assign(make("img", "px-overlay"), { src, alt: "", draggable: false }));
      this.stage.show(this.photos, covers, scene.marks, scene.extents);
      this.stage.tell(scene.banner);
      this.stage.paint(scene.marks.map((mark) => ({ ...mark, width: 0.8 * mark.width, drawn: true })), null);
      this.note.textContent = this.note.title = scene.note;
      this.notes.show(scene.notes);
      if (scene.tensor) this.hearken();
    }
    this.card(scene.card, !scene.reason);
  }

  card(rows, measurable) {
    const card = make("details", "px-card", this.node);
    make("summary", "", card, "About this method");
    this.rows = make("dl", "", card);
    for (const row of rows) this.row(row);
    if (!measurable) return;
    for (const [kind, text] of [["png", "Figure PNG"], ["npz", "Raw values NPZ"]]) {
      button(card, text, `Download ${text} of this panel`, () => this.on.download(kind, this.name)).dataset.kind = kind;
    }
    this.measuring = button(card, "Measure faithfulness", "Measure faithfulness: blur what the map rates highest and see what the similarity loses", () => this.on.measure([this.name]));
  }

  row([name, text, meaning]) {
    make("dt", "", this.rows, name);
    const value = make("dd", "", this.rows, text);
    if (meaning) make("span", "px-hint", value, ` ${meaning}`);
  }

  // told: {line, rows} of the panel's faithfulness.
  measured(told) {
    if (!told || this.told) return;
    this.told = told;
    this.note.after(make("p", "px-note px-measured", null, told.line));
    for (const { name, value, meaning } of told.rows) this.row([name, value, meaning]);
    this.measuring.remove();
  }

  // The panel can say where a place has its partner.
  hearken() {
    this.larger.textContent = "Enlarge and point";
    this.pointer = new Pointer(this.stage, this.inquiry, [0, 1].map((i) => this.scene.tensor.shape.slice(2 * i, 2 * i + 2)));
    this.pointer.attach();
    const tools = make("div", "px-tools px-asking-tools", this.node);
    this.modes = new AskingModes(tools, this.inquiry, () => this.inquiry.changed());
    this.free = button(tools, "Whole map (Esc)", "Show what the method says of the whole photographs", () => this.inquiry.free());
    this.said = make("span", "px-hint px-said", tools);
    this.said.setAttribute("aria-live", "polite");
    this.note.before(tools);
  }

  enlarge(on) {
    this.node.classList.toggle("px-large", on);
    this.larger.textContent = on ? "Close (Esc)" : this.pointer ? "Enlarge and point" : "Enlarge";
    this.stage.stackBelow = on ? 560 : 0;
    this.larger.setAttribute("aria-expanded", String(on));
    this.pointer?.enable(on);
    this.stage.layout();
    if (on) this.reply();
  }

  async tensor() {
    this.fetched ??= fetched(this.tensorFile.url)
      .then((answer) => answer.arrayBuffer())
      .then((bytes) => new EvidenceTensor(new Int16Array(bytes), this.scene.tensor));
    return this.fetched;
  }

  // Answers the inquiry as it stands once the tensor is there.
  async reply() {
    if (!this.pointer) return;
    this.modes.tell();
    this.stage.node.classList.toggle("px-boxing", this.inquiry.boxing && this.large);
    this.free.disabled = !this.inquiry.now;
    this.said.textContent = this.inquiry.boxing ? "Drag a box over a part of either photograph." : "Point at a place in either photograph; a click or Enter keeps it.";
    if (!this.inquiry.now) return this.pointer.draw(null, null);
    let tensor;
    try {
      tensor = await this.tensor();
    } catch {
      this.fetched = null;
      this.said.textContent = "The pairs of places could not be fetched. Press Compare again.";
      return;
    }
    const { now } = this.inquiry;
    if (!now) return;
    const place = this.stage.extents[now.side].within(now.place);
    if (!place) {
      this.pointer.draw(now, null);
      this.said.textContent = UNSEEN_PLACE;
      return;
    }
    const answer = tensor.partners(now.side, place);
    this.table ??= colorTable(this.scene.colors);
    this.pointer.draw(now, answer, this.table);
    if (this.large) this.say(now, answer);
  }

  say({ side, place }, answer) {
    const { value, point } = strongest(answer, this.stage.extents[1 - side]);
    const pixels = ([x, y], i) => `${Math.round(x * this.photos[i].width)}, ${Math.round(y * this.photos[i].height)}`;
    const [a, b] = ["AB"[side], "AB"[1 - side]];
    const what = isPoint(place) ? `The place at ${pixels(place, side)} in ${a}` : `The box in ${a}`;
    const outlined = isPoint(place) ? "" : outlineWords(side);
    this.said.textContent = `${what} has its strongest partner, ringed, at ${pixels(point, 1 - side)} in ${b}: ${figures(value)}. Full colour is ±${figures(answer.scale)}.${outlined}`;
  }
}
