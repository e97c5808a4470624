"""Changes of a photograph that an explanation should not care about, or should follow: noise, compression, a shift, a
turn."""

from __future__ import annotations

import cv2
import numpy as np

from pairx.models import EmbeddingModel

NOISE = 8
"""Standard deviation of the noise, of 255."""
QUALITY = 50
"""Of the JPEG."""
SHIFT = 3
"""Pixels of the model's input, to the right and down."""
TURN = 30.0
"""Degrees, clockwise, as in the example of Zhu et al. (figure 8)."""


def noisy(model: EmbeddingModel, image: np.ndarray) -> np.ndarray:
    """An image (H, W, 3) uint8 with noise in each pixel of the model's input."""
    noise = np.random.default_rng(0).normal(0, NOISE, (*model.size, 3)).astype(np.float32)
    enlarged = cv2.resize(noise, image.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    return (image + enlarged).round().clip(0, 255).astype(np.uint8)


def compressed(model: EmbeddingModel, image: np.ndarray) -> np.ndarray:
    """An image (H, W, 3) uint8, reduced to about the model's input where it is larger, as a JPEG shows it."""
    scale = min(1.0, 1 / min(pixels(model, image)))
    size = tuple(max(1, round(side * scale)) for side in image.shape[1::-1])
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    _, code = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return cv2.cvtColor(np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR)), cv2.COLOR_BGR2RGB)


def pixels(model: EmbeddingModel, image: np.ndarray) -> tuple[float, float]:
    """(x, y) pixels of an image (H, W, 3) to a pixel of the model's input."""
    _, _, width, height = model.preprocessing.extent(image.shape[1], image.shape[0])
    return width / model.size[1], height / model.size[0]


def shift(model: EmbeddingModel, image: np.ndarray) -> tuple[int, int]:
    """(x, y) whole pixels of an image by which it is shifted, about SHIFT of the model's input."""
    x, y = (max(1, round(SHIFT * one)) for one in pixels(model, image))
    return x, y


def shifted(model: EmbeddingModel, image: np.ndarray) -> np.ndarray:
    """An image (H, W, 3) uint8 shifted by `shift`; what comes in mirrors what is there."""
    x, y = shift(model, image)
    return cv2.copyMakeBorder(image, y, 0, x, 0, cv2.BORDER_REFLECT_101)[: image.shape[0], : image.shape[1]]


def turned(image: np.ndarray) -> np.ndarray:
    """An image (H, W, 3) uint8 turned by TURN about its middle; what comes in mirrors what is there."""
    middle = np.array(image.shape[1::-1]) / 2 - 0.5  # of OpenCV's coordinates, whose pixels' centres are whole
    rotation = _rotation()
    matrix = np.column_stack([rotation, middle - rotation @ middle])
    return cv2.warpAffine(image, matrix, image.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)


def turned_points(points: np.ndarray, image: np.ndarray, back: bool = False) -> np.ndarray:
    """Where `turned` puts points (N, 2) x/y of an image, pixels; or where it took them from."""
    middle = np.array(image.shape[1::-1]) / 2
    rotation = _rotation().T if back else _rotation()
    return (points - middle) @ rotation.T + middle


def _rotation() -> np.ndarray:
    cos, sin = np.cos(np.radians(TURN)), np.sin(np.radians(TURN))
    return np.array([[cos, -sin], [sin, cos]])
