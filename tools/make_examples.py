"""The right, the wrong and the misleading example of the About tab and of the pages: `python -m tools.make_examples`.

Their pictures and numbers are stored with the key of what was computed; run this again whenever the embedded model, the
sample herd or the maths of PAIR-X change, which a test tells.
"""

from __future__ import annotations

import io
import json

import cv2
import numpy as np
from PIL import Image

from pairx import viz
from pairx.datasets.herd import Herd, load_herd
from pairx.files import whole
from pairx.ui.about.examples import EXAMPLES, FOLDER, PAIRS, request_of
from pairx.ui.app import open_app_state

LONGEST = 1400  # px of a picture
OUTLINE = (255, 0, 160)


def main() -> None:
    """Write pairx/assets/examples."""
    FOLDER.mkdir(exist_ok=True)
    herd = load_herd()
    app_state, _, _ = open_app_state()
    numbers = {}
    for name in PAIRS:
        request = request_of(app_state, name)
        pair = app_state.pair(request)
        found = app_state.explain(request, pair)
        keep(name, Image.open(io.BytesIO(viz.draw(found, pair).png(200))))
        numbers[name] = {
            "key": app_state.key(request),
            "similarity": round(found.similarity, 4),
            "raising": found.matches.raising,
            "lowering": found.matches.lowering,
        }
        print(f"{name}: {request.photo0.id} and {request.photo1.id}, {numbers[name]}")
    keep("differing", side_by_side([marked(herd, image_id) for image_id in PAIRS["misleading"]]))
    with whole(EXAMPLES) as path:
        path.write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")


def marked(herd: Herd, image_id: str) -> np.ndarray:
    """A picture of the herd in which the coat's differences from the twin's are outlined."""
    image = np.array(Image.open(herd.path(image_id)).convert("RGB"))
    differing = cv2.dilate(herd.twin_difference(image_id).astype(np.uint8), np.ones((7, 7), np.uint8))
    outlines, _ = cv2.findContours(differing, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(image, outlines, -1, OUTLINE, 2, cv2.LINE_AA)


def side_by_side(images: list[np.ndarray]) -> Image.Image:
    """Images of the first one's height beside each other."""
    height = images[0].shape[0]
    scaled = [cv2.resize(one, (round(one.shape[1] * height / one.shape[0]), height)) for one in images]
    gap = np.full((height, 8, 3), 255, np.uint8)
    return Image.fromarray(np.hstack([scaled[0], gap, scaled[1]]))


def keep(name: str, image: Image.Image) -> None:
    """Store a picture."""
    image = image.convert("RGB")
    image.thumbnail((LONGEST, LONGEST))
    image.save(FOLDER / f"{name}.webp", quality=82, method=6)


if __name__ == "__main__":
    main()
