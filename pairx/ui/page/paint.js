// The colour maps: one opacity map a match, blended exactly as the printed figure blends them (pairx.viz.maps.blend).

async function readAlpha(src) {
  const image = new Image();
  image.src = src;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.naturalWidth, height: image.naturalHeight });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const alpha = new Float32Array(data.length / 4);
  for (let i = 0; i < alpha.length; i++) alpha[i] = data[4 * i] / 255;
  return { width: canvas.width, height: canvas.height, alpha };
}

// How marks are drawn that a look shows with so many lines; the first `traced` have a colour of the palette and a map.
function markStyles(scene, marks, palette, traced, scale, lines) {
  return marks.map((mark, i) => {
    const strong = i < traced || mark.against;
    return {
      color: mark.against ? scene.against : palette[i] ?? scene.neutral,
      casing: scene.casings[strong ? 0 : 1],
      width: scale * (strong ? mark.width : Math.min(mark.width, 0.6)),
      drawn: mark.at <= lines,
      against: mark.against,
    };
  });
}

const toRgb = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));

// maps: opacities of k matches. colors: "#rrggbb" of each. strengths: 0 to 1 of each.
function blend(canvas, maps, colors, strengths) {
  if (!maps.length) {
    canvas.width = canvas.height = 1;
    return;
  }
  const { width, height } = maps[0];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  const size = width * height;
  const red = new Float32Array(size);
  const green = new Float32Array(size);
  const blue = new Float32Array(size);
  const total = new Float32Array(size);
  const most = new Float32Array(size);
  maps.forEach(({ alpha }, k) => {
    const [r, g, b] = toRgb(colors[k]);
    const strength = strengths[k];
    for (let i = 0; i < size; i++) {
      const opacity = alpha[i] * strength;
      if (opacity === 0) continue;
      const weight = opacity * opacity;
      red[i] += weight * r;
      green[i] += weight * g;
      blue[i] += weight * b;
      total[i] += weight;
      if (opacity > most[i]) most[i] = opacity;
    }
  });
  const { data } = picture;
  for (let i = 0; i < size; i++) {
    if (!total[i]) continue;
    data[4 * i] = red[i] / total[i] + 0.5;
    data[4 * i + 1] = green[i] / total[i] + 0.5;
    data[4 * i + 2] = blue[i] / total[i] + 0.5;
    data[4 * i + 3] = 255 * most[i] + 0.5;
  }
  context.putImageData(picture, 0, 0);
}
