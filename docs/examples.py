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
from pairx.datasets import Herd, load_herd
from pairx.evaluation.reference import similarity_sentence
from pairx.methods import cards

PICTURES = Path(__file__).parent / "pictures"
PAIRS = {
    "right": ("inka-1", "inka-2"),
    "wrong": ("domino-3", "inka-2"),
    "misleading": ("duma-2", "tano-3"),
}
LONGEST = 1400  # px of a picture
OUTLINE = (255, 0, 160)
POINT = (0.84, 0.28)  # of the first photograph of the pair "right": the animal's nose


def main() -> None:
    """Write docs/pictures/*.jpg."""
    PICTURES.mkdir(exist_ok=True)
    model, herd = pairx.load_model("reid-lite0"), load_herd()
    for name, (a, b) in PAIRS.items():
        pair = pairx.load_pair(herd.path(a), herd.path(b))
        found = pairx.explain(model, pair)
        keep(name, pairx.viz.draw(found, pair).png(200))
        print(f"{name}: {a} and {b}, similarity {found.similarity:.3f}. {similarity_sentence(model, found.similarity)}")
        print(f"  {found.matches.raising} of {len(found.matches)} matches raise it, {found.matches.lowering} lower it")
    keep("differing", side_by_side([marked(herd, image_id) for image_id in PAIRS["misleading"]]))
    pair = pairx.load_pair(*(herd.path(image_id) for image_id in PAIRS["right"]))
    known = cards()
    fast = [name for name, card in known.items() if not card.slow]
    keep("methods", pairx.viz.draw_grid(pairx.compare(model, pair, fast), pair, known).png(200))
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


def marked(herd: Herd, image_id: str) -> np.ndarray:
    """A picture of the herd in which the coat's differences from the twin's are outlined."""
    image = np.array(Image.open(herd.path(image_id)).convert("RGB"))
    differing = cv2.dilate(herd.twin_difference(image_id).astype(np.uint8), np.ones((7, 7), np.uint8))
    outlines, _ = cv2.findContours(differing, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(image, outlines, -1, OUTLINE, 2, cv2.LINE_AA)


def side_by_side(images: list[np.ndarray]) -> bytes:
    """Images of the first one's height beside each other, a PNG file."""
    height = images[0].shape[0]
    scaled = [cv2.resize(one, (round(one.shape[1] * height / one.shape[0]), height)) for one in images]
    gap = np.full((height, 8, 3), 255, np.uint8)
    file = io.BytesIO()
    Image.fromarray(np.hstack([scaled[0], gap, scaled[1]])).save(file, "PNG")
    return file.getvalue()


def keep(name: str, png: bytes) -> None:
    """Write a picture as JPEG."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.thumbnail((LONGEST, LONGEST))
    image.save(PICTURES / f"{name}.jpg", quality=85, optimize=True)


if __name__ == "__main__":
    main()
