// What the parts of the Explore tab share: the run's rows on show, which of them are selected, and the chosen pair. Each
// change is told on the bus: "rows", "selection", "chosen".

const explore = (shared.explore ??= {
  scene: null,
  at: new Map(), // number of a pair -> its place in the scene's columns
  view: null, // the ready-made view that the selection is, or null
  selected: null, // numbers in the order of the view, or null for all
  chosen: null,
  ticket: 0,
  tell(name) {
    shared.bus.dispatchEvent(new CustomEvent(name));
  },
  // view: the ready-made view to show; without one, that of before, or what was selected by hand and is still there.
  show(scene, view) {
    const same = this.scene?.run === scene.run;
    const drawn = same && this.view === null ? this.selected : null;
    this.scene = scene;
    this.at = new Map(scene.number.map((number, i) => [number, i]));
    const kept = drawn?.filter((number) => this.at.has(number));
    if (!same || !this.at.has(this.chosen)) this.chosen = null;
    this.tell("rows");
    if (!view && kept?.length) this.select(kept);
    else this.look(view ?? (same && this.view ? this.view : scene.views[0].id));
  },
  look(id) {
    const view = this.scene.views.find((one) => one.id === id) ?? this.scene.views[0];
    this.select(view.id === "all" ? null : view.numbers, view.id);
  },
  select(numbers, view = null) {
    this.selected = numbers;
    this.view = view;
    this.tell("selection");
  },
  choose(number) {
    if (!this.at.has(number)) return;
    this.chosen = number;
    this.ticket += 1;
    this.tell("chosen");
  },
  // The numbers on show, in the order of the view.
  numbers() {
    return this.selected ?? this.scene?.views[0].numbers ?? [];
  },
  row(number) {
    const i = this.at.get(number);
    const { query_id, gallery_id, query_identity, gallery_identity, correct, cosine, value, status } = this.scene;
    return {
      number, query: query_id[i], gallery: gallery_id[i], owners: [query_identity[i], gallery_identity[i]],
      correct: Boolean(correct[i]), cosine: cosine[i], value: value[i], status: status[i],
      matches: this.scene.n_matches[i], inliers: this.scene.homography_inliers[i],
    };
  },
});

// Numbers sorted by a value of their rows; what has none comes last.
function sorted(numbers, value, upwards) {
  const keys = new Map(numbers.map((number) => [number, value(explore.row(number))]));
  return [...numbers].sort((a, b) => {
    const [x, y] = [keys.get(a), keys.get(b)];
    if (x === null || y === null) return (x === null) - (y === null);
    return (x < y ? -1 : x > y ? 1 : 0) * (upwards ? 1 : -1);
  });
}

// Turns the pages of a long list.
class Pager {
  // turned(): another page is to be shown.
  constructor(parent, size, what, turned) {
    Object.assign(this, { size, turned, page: 0 });
    this.earlier = button(parent, "‹", `Earlier ${what}`, () => this.turn(this.page - 1));
    this.place = make("span", "px-hint", parent);
    this.later = button(parent, "›", `Later ${what}`, () => this.turn(this.page + 1));
  }

  turn(page) {
    this.page = page;
    this.turned();
  }

  // What of the list is on this page.
  part(list) {
    const last = Math.max(0, Math.ceil(list.length / this.size) - 1);
    this.page = clamp(this.page, 0, last);
    const first = this.page * this.size;
    const shown = list.slice(first, first + this.size);
    this.earlier.disabled = this.page === 0;
    this.later.disabled = this.page === last;
    this.place.textContent = shown.length ? `${first + 1} to ${first + shown.length} of ${list.length.toLocaleString("en")}` : "";
    return shown;
  }
}

const minus = (text) => text.replace("-", "−");
const brief = (value) => (value === null || value === undefined ? "–" : minus(Number(value.toPrecision(3)).toString()));

// Whether a pair is correct, as a mark with a colour and a shape.
function verdictMark(parent, correct) {
  const node = make("span", `px-mark-of ${correct ? "px-correct" : "px-incorrect"}`, parent, correct ? "●" : "✕");
  node.setAttribute("aria-hidden", "true");
  return node;
}
