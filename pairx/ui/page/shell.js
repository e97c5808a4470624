// What every picture of the page begins with: a notice, a line for the empty page, a body, a toolbar that zooms.

function shell(root, blank) {
  root.replaceChildren();
  const notice = make("div", "px-notice", root);
  notice.setAttribute("role", "status");
  make("div", "px-blank", root, blank);
  return { notice, body: make("div", "px-body", root) };
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
