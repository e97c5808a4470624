// Two photographs side by side under one SVG. Stages share one view, so zoom and pan stay linked over all of them.

const SVG = "http://www.w3.org/2000/svg";

function makeSvg(tag, attributes, parent) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  parent.append(node);
  return node;
}

function button(parent, text, label, act) {
  const node = make("button", "px-button", parent, text);
  node.type = "button";
  node.title = label;
  node.setAttribute("aria-label", label);
  if (act) node.addEventListener("click", act);
  return node;
}

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

// What the hatched parts of a photograph are, and what is said to those who ask about them.
const UNSEEN = "hatched: not seen by the model";
const UNSEEN_PLACE = "The model does not see this place: it lies in the part of the photograph that is cut off. Choose another.";

// What the model sees of a photograph, [x, y, w, h] in fractions of its width and height; a padded one lies within.
class Extent {
  constructor([x, y, w, h]) {
    Object.assign(this, { x, y, w, h });
  }

  get hides() {
    const { x, y, w, h } = this;
    return x > 0 || y > 0 || x + w < 1 || y + h < 1;
  }

  // A place [x0, y0, x1, y1] of the photograph in fractions of the extent, a box cut to it; null where nothing of it is seen.
  within([x0, y0, x1, y1]) {
    const inside = [(x0 - this.x) / this.w, (y0 - this.y) / this.h, (x1 - this.x) / this.w, (y1 - this.y) / this.h];
    const cut = inside.map((value) => clamp(value, 0, 1));
    const seen = x0 === x1 && y0 === y1 ? inside.every((value, i) => value === cut[i]) : cut[0] < cut[2] && cut[1] < cut[3];
    return seen ? cut : null;
  }

  // A point of the extent, in fractions of it, to fractions of the photograph.
  out([u, v]) {
    return [this.x + u * this.w, this.y + v * this.h];
  }
}

const WHOLE = new Extent([0, 0, 1, 1]);

// What part of each photograph is seen: one zoom, and a centre for each, in fractions of its size.
class LinkedView {
  constructor() {
    this.reset();
  }

  reset() {
    this.zoom = 1;
    this.centers = [[0.5, 0.5], [0.5, 0.5]];
  }

  settle() {
    const margin = 0.5 / this.zoom;
    this.centers = this.centers.map((center) => center.map((value) => clamp(value, margin, 1 - margin)));
  }

  // u, v: the place in the frame, in fractions, that stays where it is.
  zoomTo(zoom, u = 0.5, v = 0.5) {
    const next = clamp(zoom, 1, 16);
    const gain = 1 / this.zoom - 1 / next;
    this.centers = this.centers.map(([x, y]) => [x + (u - 0.5) * gain, y + (v - 0.5) * gain]);
    this.zoom = next;
    this.settle();
  }

  pan(du, dv) {
    this.centers = this.centers.map(([x, y]) => [x - du / this.zoom, y - dv / this.zoom]);
    this.settle();
  }

  focus(points, zoom) {
    this.zoom = zoom;
    this.centers = points.map((point) => [...point]);
    this.settle();
  }

  // A point of photograph i to a place in its frame, both in fractions.
  place(i, [x, y]) {
    return [(x - this.centers[i][0]) * this.zoom + 0.5, (y - this.centers[i][1]) * this.zoom + 0.5];
  }

  // The way back.
  at(i, [u, v]) {
    return [(u - 0.5) / this.zoom + this.centers[i][0], (v - 0.5) / this.zoom + this.centers[i][1]];
  }
}

class Stage {
  // on: {over(rank|null), pick(rank|null), moved()}
  constructor(parent, view, label, joined, on) {
    this.view = view;
    this.joined = joined;
    this.on = on;
    this.node = make("div", "px-stage", parent);
    this.node.tabIndex = 0;
    this.node.setAttribute("role", "group");
    this.node.setAttribute("aria-label", label);
    this.frames = [0, 1].map(() => {
      const figure = make("figure", "px-figure", this.node);
      const frame = make("div", "px-frame", figure);
      return { figure, frame, world: make("div", "px-world", frame), caption: make("figcaption", "px-name", figure) };
    });
    this.svg = makeSvg("svg", { class: "px-lines", "aria-hidden": "true" }, this.node);
    this.marks = [];
    this.extents = [WHOLE, WHOLE];
    this.stackBelow = 560;
    this.listen();
  }

  // What the picture itself has to say, or nothing.
  tell(banner = "") {
    this.banner ??= make("p", "px-banner", this.node);
    this.banner.textContent = banner;
    this.banner.hidden = !banner;
  }

  // photos: [{src, width, height, name}] x 2. covers: what lies over each photograph's extent, or null. extents: what the
  // model sees of each, [x, y, w, h] in fractions, or null for all of it.
  show(photos, covers, marks, extents = [null, null]) {
    this.photos = photos;
    this.extents = extents.map((extent) => (extent ? new Extent(extent) : WHOLE));
    this.frames.forEach(({ world, caption }, i) => {
      world.replaceChildren();
      const photo = make("img", "px-photo", world);
      photo.alt = `Photograph ${"AB"[i]}: ${photos[i].name}`;
      photo.draggable = false;
      picture(photo, photos[i].src);
      caption.textContent = `${"AB"[i]}  ${photos[i].name}`;
      caption.title = photos[i].name;
      const { x, y, w, h, hides } = this.extents[i];
      Object.entries({ x, y, w, h }).forEach(([side, value]) => world.style.setProperty(`--px-${side}`, `${100 * value}%`));
      if (covers[i]) world.append(covers[i]);
      if (!hides) return;
      const corners = [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0], [x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]];
      make("div", "px-beyond", world).style.clipPath = `polygon(evenodd, ${corners.map((corner) => corner.map((value) => `${100 * value}%`).join(" ")).join(", ")})`;
      caption.append(` · ${UNSEEN}`);
    });
    this.svg.replaceChildren();
    this.marks = marks.map((mark) => {
      const group = makeSvg("g", { "data-rank": mark.rank, class: "px-mark" }, this.svg);
      const line = this.joined && {
        halo: makeSvg("line", { class: "px-halo" }, group),
        line: makeSvg("line", { class: "px-line" }, group),
        hit: makeSvg("line", { class: "px-hit" }, group),
      };
      const dots = [0, 1].map(() => makeSvg("circle", { class: "px-dot", r: 5 }, group));
      return { mark, group, line, dots };
    });
    this.layout();
  }

  // Equal height side by side; on a narrow screen one above the other where that shows more.
  layout() {
    if (!this.photos) return;
    const width = this.node.clientWidth;
    if (!width) return;
    const gap = width < 560 ? 8 : 16;
    const aspects = this.photos.map((photo) => photo.width / photo.height);
    const tallest = Math.max(240, Math.min(window.innerHeight * 0.72, 760));
    const beside = Math.min((width - gap) / (aspects[0] + aspects[1]), tallest);
    const stacked = width < this.stackBelow && beside < 200;
    this.node.classList.toggle("px-stacked", stacked);
    this.node.style.gap = `${gap}px`;
    this.frames.forEach(({ figure, frame }, i) => {
      const size = stacked ? [width, Math.min(width / aspects[i], tallest)] : [beside * aspects[i], beside];
      if (stacked) size[0] = size[1] * aspects[i];
      figure.style.width = `${size[0]}px`;
      frame.style.height = `${size[1]}px`;
    });
    const own = this.node.getBoundingClientRect();
    this.boxes = this.frames.map(({ frame }) => {
      const box = frame.getBoundingClientRect();
      return { x: box.x - own.x, y: box.y - own.y, width: box.width, height: box.height };
    });
    this.move();
  }

  move() {
    if (!this.boxes) return;
    this.frames.forEach(({ world }, i) => {
      const { width, height } = this.boxes[i];
      const [left, top] = this.view.place(i, [0, 0]);
      world.style.transform = `translate(${left * width}px, ${top * height}px) scale(${this.view.zoom})`;
    });
    const across = this.view.zoom > 1;
    this.node.classList.toggle("px-zoomed", across);
    for (const { mark, line, dots } of this.marks) {
      const ends = mark.points.map((point, i) => {
        const [u, v] = this.view.place(i, point);
        const { x, y, width, height } = this.boxes[i];
        return { x: x + u * width, y: y + v * height, seen: u >= 0 && u <= 1 && v >= 0 && v <= 1 };
      });
      dots.forEach((dot, i) => {
        dot.setAttribute("cx", ends[i].x);
        dot.setAttribute("cy", ends[i].y);
        dot.style.display = ends[i].seen ? "" : "none";
        // Half of a pair whose other half lies outside: a ring, and no line into nowhere.
        dot.classList.toggle("px-alone", !ends[1 - i].seen);
      });
      if (!line) continue;
      for (const part of Object.values(line)) {
        part.setAttribute("x1", ends[0].x);
        part.setAttribute("y1", ends[0].y);
        part.setAttribute("x2", ends[1].x);
        part.setAttribute("y2", ends[1].y);
        part.style.display = ends[0].seen && ends[1].seen ? "" : "none";
      }
    }
  }

  // styles: {color, casing, width, drawn, against} of each mark. bright: the rank that alone stays bright, or null.
  paint(styles, bright) {
    this.marks.forEach(({ mark, group, line }, index) => {
      const { color, casing, width, drawn, against } = styles[index];
      group.style.display = drawn || mark.rank === bright ? "" : "none";
      group.classList.toggle("px-bright", mark.rank === bright);
      group.classList.toggle("px-against", Boolean(against));
      group.classList.toggle("px-dim", bright !== null && mark.rank !== bright);
      group.style.setProperty("--mark", color);
      group.style.setProperty("--casing", casing);
      if (!line) return;
      line.line.style.strokeWidth = width;
      line.halo.style.strokeWidth = width + 1.6;
    });
    // Later marks lie over earlier ones: the most relevant on top, a bright one above all.
    for (const { group } of [...this.marks].reverse()) this.svg.append(group);
    const chosen = this.marks.find(({ mark }) => mark.rank === bright);
    if (chosen) this.svg.append(chosen.group);
  }

  rankAt(target) {
    const group = target.closest?.(".px-mark");
    return group ? Number(group.dataset.rank) : null;
  }

  frameAt(event) {
    return this.frames.find(({ frame }) => {
      const box = frame.getBoundingClientRect();
      return event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    });
  }

  spot(event) {
    const box = (this.frameAt(event) ?? this.frames[0]).frame.getBoundingClientRect();
    return { u: (event.clientX - box.left) / box.width, v: (event.clientY - box.top) / box.height, box };
  }

  listen() {
    const fingers = new Map();
    let dragged = false;
    let spread = 0;
    const distance = () => {
      const [a, b] = [...fingers.values()];
      return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    };
    const release = (event) => {
      if (!fingers.delete(event.pointerId)) return;
      spread = 0;
      if (event.type === "pointerup" && !dragged && fingers.size === 0) this.on.pick(this.rankAt(event.target));
      if (fingers.size === 0) dragged = false;
    };
    this.node.addEventListener("pointerdown", (event) => {
      if (event.button > 0 || (!this.frameAt(event) && this.rankAt(event.target) === null)) return;
      fingers.set(event.pointerId, event);
      if (fingers.size === 2) spread = distance();
    });
    this.node.addEventListener("pointermove", (event) => {
      const last = fingers.get(event.pointerId);
      if (!last) return;
      const dx = event.clientX - last.clientX;
      const dy = event.clientY - last.clientY;
      if (!dragged && fingers.size === 1 && Math.hypot(dx, dy) < 5) return;
      if (!dragged) this.node.setPointerCapture?.(event.pointerId);
      dragged = true;
      fingers.set(event.pointerId, event);
      const { u, v, box } = this.spot(event);
      if (fingers.size === 1) this.view.pan(dx / box.width, dy / box.height);
      else if (spread) {
        const now = distance();
        this.view.zoomTo(this.view.zoom * (now / spread), u, v);
        spread = now;
      }
      this.on.moved();
    });
    this.node.addEventListener("pointerup", release);
    this.node.addEventListener("pointercancel", release);
    this.node.addEventListener("pointerover", (event) => {
      if (event.pointerType !== "touch") this.on.over(this.rankAt(event.target));
    });
    this.node.addEventListener("pointerleave", () => this.on.over(null));
    this.node.addEventListener("wheel", (event) => {
      // A page that cannot be scrolled past its pictures is a trap: the bare wheel zooms only once the person has started to.
      const engaged = event.ctrlKey || event.metaKey || this.view.zoom > 1 || this.node.contains(document.activeElement);
      if (!this.frameAt(event) || !engaged || (this.view.zoom === 1 && event.deltaY > 0 && !event.ctrlKey)) return;
      event.preventDefault();
      const { u, v } = this.spot(event);
      this.view.zoomTo(this.view.zoom * Math.exp(-clamp(event.deltaY, -120, 120) / 300), u, v);
      this.on.moved();
    }, { passive: false });
  }
}
