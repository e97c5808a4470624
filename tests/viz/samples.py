"""Explanations with known answers, small and without a model."""

from __future__ import annotations

import numpy as np

from pairx.types import Explanation, ImagePair, Matches, View


def pair(size0: tuple[int, int] = (96, 64), size1: tuple[int, int] = (60, 90)) -> ImagePair:
    """Two photographs of (width, height): a slope and waves, which compress fast."""
    images = []
    for width, height in (size0, size1):
        y, x = np.mgrid[:height, :width]
        channels = [255 * x / width, 255 * y / height, 127 + 100 * np.sin(9 * x / width + 5 * y / height)]
        images.append(np.stack(channels, axis=-1).astype(np.uint8))
    return ImagePair(*images, "first.jpg", "second.jpg", View.whole(*size0), View.whole(*size1))


def explanation(over: ImagePair, n: int = 6, painted: int = 4, cells: int = 8, seed: int = 0) -> Explanation:
    """n matches of falling relevance, the first `painted` with a blob in each image."""
    rng = np.random.default_rng(seed)
    cells0, cells1 = rng.integers(0, cells, (2, n, 2))
    keypoints = [
        (cell[:, ::-1] + 0.5) / cells * image.shape[1::-1]
        for cell, image in ((cells0, over.image0), (cells1, over.image1))
    ]
    matches = Matches(cells0, cells1, *keypoints, np.arange(n, 0, -1) * 1e-4, rng.random(n))
    maps = rng.normal(size=(2, cells, cells)).astype(np.float32)
    pixels = [np.stack([_blob(cell, cells) for cell in side[:painted]]) for side in (cells0, cells1)]
    settings = {"model": "reid-lite0", "layer": "blocks.3", "stride": 16, "start": "activation"}
    return Explanation("pair-x", 0.8123, *maps, matches, *pixels, settings=settings)


def swapped(one: Explanation) -> Explanation:
    """The same explanation of the exchanged pair."""
    m = one.matches
    matches = Matches(m.cells1, m.cells0, m.keypoints1, m.keypoints0, m.relevance, m.distance)
    return Explanation(
        one.method, one.similarity, one.map1, one.map0, matches, one.pixel_maps1, one.pixel_maps0, settings=one.settings
    )


def _blob(cell: np.ndarray, cells: int, size: int = 64) -> np.ndarray:
    row, column = (cell + 0.5) / cells * size - 0.5
    y, x = np.mgrid[:size, :size]
    return np.exp(-((y - row) ** 2 + (x - column) ** 2) / 50).astype(np.float32)
