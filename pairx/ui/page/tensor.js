// Second-order evidence in the browser, by the arithmetic of pairx.core.correspondence: a place is a box [x0, y0, x1, y1] in
// fractions of its photograph, and a point is a box without area.

// Weights of n cells at a place along one axis: linear between the cells' centres.
function between(at, n) {
  const place = clamp(at * n - 0.5, 0, n - 1);
  return Float64Array.from({ length: n }, (_, i) => Math.max(0, 1 - Math.abs(place - i)));
}

// Parts of n cells that lie between two places along one axis.
function within(low, high, n) {
  return Float64Array.from({ length: n }, (_, i) => Math.max(0, Math.min((i + 1) / n, high) - Math.max(i / n, low)));
}

const isPoint = ([x0, y0, x1, y1]) => x0 === x1 && y0 === y1;

function weightsOf(place, [h, w]) {
  const [x0, y0, x1, y1] = place;
  const [rows, columns] = isPoint(place) ? [between(y0, h), between(x0, w)] : [within(y0, y1, h), within(x0, x1, w)];
  const sum = rows.reduce((a, b) => a + b) * columns.reduce((a, b) => a + b);
  const weights = new Float64Array(h * w);
  for (let i = 0; i < h; i++) for (let j = 0; j < w; j++) weights[i * w + j] = (rows[i] * columns[j]) / sum;
  return weights;
}

class EvidenceTensor {
  // values: whole numbers of (h0, w0, h1, w1). step: what 1 stands for. scale: the |value| painted in full colour.
  constructor(values, { shape, step, scale }) {
    this.values = values;
    this.grids = [shape.slice(0, 2), shape.slice(2)];
    this.step = step;
    this.scale = scale;
  }

  // The evidence of the other photograph's cells together with a place of photograph `side`.
  partners(side, place) {
    const weights = weightsOf(place, this.grids[side]);
    const grid = this.grids[1 - side];
    const others = grid[0] * grid[1];
    const cells = new Float32Array(others);
    weights.forEach((weight, own) => {
      if (!weight) return;
      const factor = weight * this.step;
      if (side === 0) for (let k = 0, at = own * others; k < others; k++) cells[k] += factor * this.values[at + k];
      else for (let k = 0; k < others; k++) cells[k] += factor * this.values[k * weights.length + own];
    });
    // A place without a partner stays pale: its noise is not lifted to full colour.
    const most = cells.reduce((best, value) => Math.max(best, Math.abs(value)), 0);
    return { cells, grid, scale: Math.max(most, this.scale / 3) };
  }
}

// The strongest cell of a map over an extent whose centre lies in the photograph, and not in its padding; point: there.
function strongest({ cells, grid: [h, w] }, extent) {
  const found = { value: -Infinity, point: [0.5, 0.5] };
  cells.forEach((value, k) => {
    const point = extent.out([((k % w) + 0.5) / w, (Math.floor(k / w) + 0.5) / h]);
    if (value > found.value && point.every((one) => one >= 0 && one <= 1)) Object.assign(found, { value, point });
  });
  return found;
}

// A map at `fine` pixels a cell, bilinear between the cells' centres.
function magnified({ cells, grid: [h, w] }, fine) {
  const axis = (n) => Array.from({ length: n * fine }, (_, i) => {
    const place = clamp((i + 0.5) / fine - 0.5, 0, n - 1);
    const low = Math.min(Math.floor(place), Math.max(0, n - 2));
    return [low, Math.min(low + 1, n - 1), place - low];
  });
  const columns = axis(w);
  const values = new Float32Array(h * w * fine * fine);
  axis(h).forEach(([top, bottom, down], i) => columns.forEach(([left, right, across], j) => {
    const above = cells[top * w + left] * (1 - across) + cells[top * w + right] * across;
    const below = cells[bottom * w + left] * (1 - across) + cells[bottom * w + right] * across;
    values[i * w * fine + j] = above * (1 - down) + below * down;
  }));
  return { values, height: h * fine, width: w * fine };
}

// The legend's colours "#rrggbbaa" from -1 to 1 as 511 pixels.
function colorTable(colors) {
  const known = colors.map((color) => [1, 3, 5, 7].map((at) => parseInt(color.slice(at, at + 2), 16)));
  const bytes = Array.from({ length: 511 }, (_, i) => {
    const place = (i / 510) * (known.length - 1);
    const low = Math.min(Math.floor(place), known.length - 2);
    return known[low].map((value, channel) => Math.round(value + (known[low + 1][channel] - value) * (place - low)));
  });
  return new Uint32Array(Uint8Array.from(bytes.flat()).buffer);
}

function paintSigned(canvas, { values, height, width }, scale, table) {
  Object.assign(canvas, { height, width });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  const pixels = new Uint32Array(picture.data.buffer);
  values.forEach((value, i) => { pixels[i] = table[Math.round(255 * clamp(scale ? value / scale : 0, -1, 1)) + 255]; });
  context.putImageData(picture, 0, 0);
}

// The outline, as an SVG path in pixels, of the `count` highest values.
function outline({ values, height, width }, count) {
  const order = Float32Array.from(values).sort();
  const least = order[Math.max(0, order.length - Math.max(1, Math.round(count)))];
  const inside = (i, j) => i >= 0 && j >= 0 && i < height && j < width && values[i * width + j] >= least;
  const parts = [];
  for (let i = 0; i <= height; i++) for (let j = 0; j <= width; j++) {
    if (inside(i, j) !== inside(i - 1, j)) parts.push(`M${j} ${i}h1`);
    if (inside(i, j) !== inside(i, j - 1)) parts.push(`M${j} ${i}v1`);
  }
  return parts.join("");
}

// A number in two figures, such as 0.00013 or 8.6e−6.
function figures(value) {
  const small = value !== 0 && Math.abs(value) < 0.0001;
  return (small ? value.toExponential(1) : value.toPrecision(2)).replaceAll("-", "−");
}

// What the outline around the partners of a box says.
const outlineWords = (side) => ` Outlined: as large a part of ${"BA"[side]} as the box is of ${"AB"[side]}, where the evidence is strongest.`;
