"""Makes the pictures of the pages from the sample herd, and prints what they show.

python -m docs.examples
"""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

import pairx
from pairx.core.correspondence import at_point, partners, strongest
from pairx.datasets import load_herd
from pairx.methods import cards
from pairx.ui.about.examples import PAIRS
from tools.make_examples import side_by_side

PICTURES = Path(__file__).parent / "pictures"
LONGEST = 1400  # px of a picture
POINT = (0.84, 0.28)  # of the first photograph of the pair "right": the animal's nose


def main() -> None:
    """Write docs/pictures/*.jpg."""
    PICTURES.mkdir(exist_ok=True)
    model, herd = pairx.load_model("reid-lite0"), load_herd()
    pair = pairx.load_pair(*(herd.path(image_id) for image_id in PAIRS["right"]))
    known = cards()
    fast = [name for name, card in known.items() if not card.slow]
    keep("methods", Image.open(io.BytesIO(pairx.viz.draw_grid(pairx.compare(model, pair, fast), pair, known).png(200))))
    point_out(model, pair)


def point_out(model: pairx.EmbeddingModel, pair: pairx.ImagePair) -> None:
    """The picture of one place's partners in the other photograph."""
    tensor = pairx.explain(model, pair, "point-to-point").tensor
    cells = partners(tensor, at_point(POINT, tensor.shape[:2]))
    images = [ringed(pair.image0, POINT), ringed(heated(pair.image1, cells), strongest(cells))]
    keep("point", side_by_side(images))
    print(f"point: {POINT} of {pair.id0} has its strongest partner at {np.round(strongest(cells), 2)} of {pair.id1}")


def heated(image: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """An image (H, W, 3) under a map (h, w): red raises, blue lowers."""
    values = cv2.resize(cells / np.abs(cells).max(), image.shape[1::-1])[..., None]
    colour = np.where(values > 0, (214, 39, 40), (31, 90, 200))
    share = 0.75 * np.abs(values)
    return (image * (1 - share) + colour * share).astype(np.uint8)


def ringed(image: np.ndarray, point: tuple[float, float]) -> np.ndarray:
    """An image with a ring about a point, fractions of its width and height."""
    centre = tuple(round(part * side) for part, side in zip(point, image.shape[1::-1], strict=True))
    for colour, width in (((255, 255, 255), 5), ((0, 0, 0), 2)):
        image = cv2.circle(image.copy(), centre, 12, colour, width, cv2.LINE_AA)
    return image


def keep(name: str, image: Image.Image) -> None:
    """Write a picture as JPEG."""
    image = image.convert("RGB")
    image.thumbnail((LONGEST, LONGEST))
    image.save(PICTURES / f"{name}.jpg", quality=85, optimize=True)


if __name__ == "__main__":
    main()
