"""What a model should give, worked out without `pairx`."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image
from timm.data import create_transform, resolve_model_data_config
from torch import nn

IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def model_input(image: np.ndarray, size: int, mean: tuple[float, ...], std: tuple[float, ...]) -> torch.Tensor:
    """(H, W, 3) uint8 to (1, 3, size, size) float32: squashed, 0..1, normalised."""
    squashed = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR), np.float32)
    normalised = (squashed / np.float32(255) - np.array(mean, np.float32)) / np.array(std, np.float32)
    return torch.from_numpy(normalised.transpose(2, 0, 1)[None].copy())


def timms_input(module: nn.Module, image: np.ndarray, size: int) -> torch.Tensor:
    """(H, W, 3) uint8 to (1, 3, size, size) float32, by the transform that timm makes for one of its networks."""
    transform = create_transform(**resolve_model_data_config(module) | {"input_size": (3, size, size)})
    return transform(Image.fromarray(image))[None]


def timms_embedding(module: nn.Module, image: np.ndarray, size: int) -> np.ndarray:
    """(D,) of one image by one of timm's networks, with timm's transform."""
    with torch.no_grad():
        return module.eval()(timms_input(module, image, size))[0].numpy()


def embedding(module: nn.Module, image: np.ndarray, size: int, mean: tuple, std: tuple) -> np.ndarray:
    """(D,) of one image."""
    with torch.no_grad():
        return module.eval()(model_input(image, size, mean, std))[0].numpy()


def assert_close(found: np.ndarray, expected: np.ndarray, tolerance: float = 1e-5) -> None:
    """Within a tolerance relative to the largest expected value, which is not zero."""
    largest = float(np.abs(expected).max())
    assert largest > 0
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * largest)
