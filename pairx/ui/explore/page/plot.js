// The scatter itself: plotly's figure as the server made it, in the page's colours, with a selection and a ring.

const plotlyOf = () => /** @type {any} */ (window);

/** @type {Promise<any> | null} */
let loading = null;

/** plotly's own script, loaded once when it is first needed. Gradio brings an older one: ours is kept aside.
 * @param {string} url */
export function loadPlotly(url) {
  return (loading ??= new Promise((resolve, reject) => {
    const before = plotlyOf().Plotly;
    const node = Object.assign(document.createElement("script"), { src: url });
    node.onload = () => {
      resolve(plotlyOf().Plotly);
      if (before) plotlyOf().Plotly = before;
    };
    node.onerror = () => {
      loading = null;
      reject(new Error("plotly"));
    };
    document.head.append(node);
  }));
}

const LEGEND_ROW = 34; // px
const themed = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();

export class PairPlot {
  // on: {click(number), select(numbers | null)}
  /** @param {any} node plotly puts its own state on it
   * @param {any} plotly */
  constructor(node, plotly, on) {
    this.node = node;
    this.plotly = plotly;
    this.on = on;
    this.listening = false;
    this.config = {
      displayModeBar: false,
      plotlyServerURL: "",
      responsive: false,
      doubleClick: "reset",
      scrollZoom: false,
    };
    this.mode = "zoom";
    this.clear();
  }

  clear() {
    /** @type {any} */
    this.figure = null;
    /** @type {Map<number, [number, number]>} */
    this.places = new Map();
    /** @type {number[]} */
    this.dots = [];
    /** @type {number | null} */
    this.ringed = null;
  }

  async draw(figure) {
    this.clear();
    this.figure = figure;
    figure.data.forEach((trace, index) => {
      if (trace.type === "bar") trace.unselected = trace.selected = { marker: { opacity: trace.opacity } };
      if (!trace.customdata) return;
      trace.selected = { marker: { opacity: 0.95 } };
      trace.unselected = { marker: { opacity: 0.07 } };
      this.dots.push(index);
      trace.customdata.forEach((number, i) => this.places.set(number, [this.dots.length - 1, i]));
    });
    await this.plotly.react(this.node, figure.data, this.layout(), this.config);
    if (this.size().height !== this.node.layout.height) await this.plotly.relayout(this.node, this.layout());
    if (this.listening) return;
    this.listening = true;
    this.node.on("plotly_click", ({ points }) => {
      const point = points.find(({ customdata }) => customdata !== undefined);
      if (point) this.on.click(Number(point.customdata));
    });
    this.node.on("plotly_selected", (event) => {
      const chosen = event?.points
        .filter(({ customdata }) => customdata !== undefined)
        .map(({ customdata }) => Number(customdata));
      if (chosen?.length) setTimeout(() => this.on.select(chosen)); // once plotly is through with its own event
    });
    this.node.on("plotly_deselect", () => this.on.select(null));
  }

  layout() {
    const { width, height } = this.size();
    const text = themed("--body-text-color");
    const line = themed("--border-color-primary");
    /** @type {Record<string, object>} */
    const axes = {};
    for (const name of ["xaxis", "yaxis"])
      axes[name] = { ...this.figure.layout[name], gridcolor: line, linecolor: line };
    const font = { ...this.figure.layout.font, color: text, family: getComputedStyle(this.node).fontFamily };
    const hoverlabel = { bgcolor: themed("--background-fill-primary"), bordercolor: line, font: { color: text } };
    const shapes = [...(this.figure.layout.shapes ?? []), ...this.ring()];
    return {
      ...this.figure.layout,
      ...axes,
      font,
      hoverlabel,
      width,
      height,
      shapes,
      dragmode: this.mode,
      uirevision: this.figure.key,
    };
  }

  size() {
    const width = Math.max(240, this.node.clientWidth);
    const height = Math.max(340, Math.min(620, Math.round(width * 0.8), window.innerHeight * 0.72));
    const legend = this.node._fullLayout?.legend?._height ?? 0; // its rows beyond the first take no room from the points
    return { width, height: height + Math.max(0, Math.round(legend) - LEGEND_ROW) };
  }

  place(number) {
    const at = this.places.get(number);
    if (!at) return null;
    const trace = this.node._fullData?.[this.dots[at[0]]];
    return trace && [trace.x[at[1]], trace.y[at[1]]];
  }

  ring() {
    const at = this.ringed === null ? null : this.place(this.ringed);
    if (!at) return [];
    const round = {
      type: "circle",
      xref: "x",
      yref: "y",
      xsizemode: "pixel",
      ysizemode: "pixel",
      xanchor: at[0],
      yanchor: at[1],
    };
    const sized = (size, color, width) => ({
      ...round,
      x0: -size,
      x1: size,
      y0: -size,
      y1: size,
      line: { color, width },
    });
    return [sized(10, themed("--background-fill-primary"), 5), sized(10, themed("--body-text-color"), 2.5)];
  }

  mark(number) {
    this.ringed = number;
    this.restyle({ shapes: [...(this.figure?.layout.shapes ?? []), ...this.ring()] });
  }

  restyle(changes) {
    if (this.figure) this.plotly.relayout(this.node, changes);
  }

  // numbers: of the pairs that stay bright; null is all.
  select(numbers) {
    if (!this.figure) return;
    let bright = this.dots.map(() => null);
    if (numbers) {
      bright = this.dots.map(() => []);
      for (const number of numbers) {
        const at = this.places.get(number);
        if (at) bright[at[0]].push(at[1]);
      }
    }
    this.plotly.update(this.node, { selectedpoints: bright }, { selections: [] }, this.dots);
  }

  drag(mode) {
    this.mode = mode;
    this.restyle({ dragmode: mode });
  }

  whole() {
    this.restyle({ "xaxis.autorange": true, "yaxis.autorange": true });
  }

  fit() {
    if (this.figure && this.node.clientWidth) this.restyle(this.layout());
  }

  /** What of each axis is seen. */
  ranges() {
    const { xaxis, yaxis } = this.node._fullLayout;
    return { x: [...xaxis.range], y: [...yaxis.range] };
  }
}
