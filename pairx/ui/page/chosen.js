// The pair, model and layer that the form holds.

const box = element.querySelector(".px-chosen");

function draw() {
  const [first, second, model, layer] = shared.values ?? [];
  box.replaceChildren();
  const photos = make("div", "px-pair", box);
  [first, second].forEach((photo, i) => {
    const name = `Photograph ${"AB"[i]}`;
    if (photo?.url) Object.assign(make("img", "", photos), { src: photo.url, alt: name, title: photo.orig_name ?? name });
    else make("span", "px-missing", photos, `${name} is missing`);
  });
  if (model) make("p", "px-hint", box, `${model} · ${layer}`);
}

shared.bus.addEventListener("form", draw);
draw();
