// What every picture of the page begins with: a notice, a line for the empty page, a body, a toolbar that zooms, a link.

function shell(root, blank) {
  root.replaceChildren();
  const notice = make("div", "px-notice", root);
  notice.setAttribute("role", "status");
  make("div", "px-blank", root, blank);
  return { notice, body: make("div", "px-body", root) };
}

// Whether a key is for a field in which a person writes.
function typing(event) {
  return event.target.closest?.("input:not([type=range], [type=radio], [type=checkbox]), textarea, select, [contenteditable=true]");
}

// While H or a button is held, nothing lies over any photograph of the page. Nothing else changes, so that nothing moves.
shared.hold ??= (() => {
  const hold = (on) => {
    document.body.classList.toggle("px-held", on);
    for (const node of document.querySelectorAll(".px-hold")) node.setAttribute("aria-pressed", String(on));
  };
  const isH = (event) => event.key === "h" || event.key === "H";
  document.addEventListener("keydown", (event) => {
    if (isH(event) && !(event.ctrlKey || event.metaKey || event.altKey || typing(event))) hold(true);
  });
  document.addEventListener("keyup", (event) => isH(event) && hold(false));
  window.addEventListener("blur", () => hold(false));
  return hold;
})();

function holdButton(parent) {
  const node = button(parent, "Hide overlays (hold H)", "Hide overlays (hold H): the bare photographs as long as it is held");
  node.classList.add("px-hold");
  node.addEventListener("pointerdown", (event) => { node.setPointerCapture(event.pointerId); shared.hold(true); });
  for (const name of ["pointerup", "pointercancel", "blur", "keyup"]) node.addEventListener(name, () => shared.hold(false));
  node.addEventListener("contextmenu", (event) => event.preventDefault());
  node.addEventListener("keydown", (event) => (event.key === " " || event.key === "Enter") && shared.hold(true));
}

// moved: called after the zoom changed; it calls `tell` in its turn.
class ZoomTools {
  constructor(parent, label, view, moved) {
    this.view = view;
    this.moved = moved;
    this.node = make("div", "px-tools", parent);
    this.node.setAttribute("role", "toolbar");
    this.node.setAttribute("aria-label", label);
    this.out = button(this.node, "−", "Zoom out", () => this.by(1 / 1.5));
    this.label = button(this.node, "100 %", "Show the whole photographs", () => this.reset());
    this.in = button(this.node, "+", "Zoom in", () => this.by(1.5));
  }

  by(factor) {
    this.view.zoomTo(this.view.zoom * factor);
    this.moved();
  }

  reset() {
    this.view.reset();
    this.moved();
  }

  tell() {
    this.label.textContent = `${Math.round(100 * this.view.zoom)} %`;
    this.out.disabled = this.view.zoom <= 1;
    this.in.disabled = this.view.zoom >= 16;
  }
}

// The link to exactly what a part shows: in the address bar while the part is on show, and from a button.
class ViewLink {
  // query(): the link's parameters. copied(): what the button says then.
  constructor(root, names, query, copied = () => "Link copied") {
    Object.assign(this, { root, names, query, copied });
    this.own = false; // whether the person made or was sent this view; the page as it opens is nobody's
    new ResizeObserver(() => this.write()).observe(root); // its tab was chosen
  }

  button(parent) {
    this.node = button(parent, "Copy link", "Copy a link to exactly this view", () => this.copy());
  }

  href(query) {
    const url = new URL(window.location.href);
    for (const name of this.names) url.searchParams.delete(name);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url.href;
  }

  changed() {
    this.own = true;
    this.write();
  }

  write() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      if (!this.root.clientWidth || !(this.own || shared.addressed)) return;
      shared.addressed = true;
      history.replaceState(history.state, "", this.href(this.own ? this.query() : {}));
    }, 250);
  }

  async copy() {
    const href = this.href(this.query());
    let done = true;
    try {
      await navigator.clipboard.writeText(href);
    } catch {
      const field = make("textarea", "px-unseen", this.root, href);
      field.select();
      done = document.execCommand("copy");
      field.remove();
    }
    this.changed();
    this.node.textContent = done ? this.copied() : "Copy it from the address bar";
    setTimeout(() => { this.node.textContent = "Copy link"; }, 2000);
  }
}
