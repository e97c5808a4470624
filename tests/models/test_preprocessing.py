"""Preprocessing: equal to timm's transforms and to OpenCV, and its extent says where each pixel came from."""

import cv2
import numpy as np
import pytest
import timm
import torch
from PIL import Image
from timm.data import create_transform

from pairx.models import Preprocessing, load_model
from pairx.testing import smooth_noise
from pairx.types import InputError

MEAN, STD = (0.4, 0.5, 0.6), (0.2, 0.3, 0.4)
MODES = {"squash": "squash", "crop": "center", "pad": "border"}


@pytest.mark.parametrize("shape", [(61, 97), (97, 61), (64, 64), (15, 40)])
@pytest.mark.parametrize("size", [(32, 32), (48, 24), (17, 30)])
@pytest.mark.parametrize("resize", MODES)
@pytest.mark.parametrize(("interpolation", "crop_pct"), [("bilinear", 1.0), ("bicubic", 0.875), ("bicubic", 1.1)])
def test_equals_timm(
    shape: tuple[int, int], size: tuple[int, int], resize: str, interpolation: str, crop_pct: float
) -> None:
    image = smooth_noise(3, *shape)
    about = {"interpolation": interpolation, "crop_pct": crop_pct}
    transform = create_transform((3, *size), mean=MEAN, std=STD, crop_mode=MODES[resize], **about)
    found = Preprocessing(size, MEAN, STD, resize=resize, **about)(image)
    torch.testing.assert_close(found, transform(Image.fromarray(image)), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("interpolation", "flag"), [("bilinear", cv2.INTER_LINEAR), ("bicubic", cv2.INTER_CUBIC)])
def test_without_antialias_equals_opencv(interpolation: str, flag: int) -> None:
    image = smooth_noise(4, 90, 70)
    found = Preprocessing((20, 30), MEAN, STD, interpolation, antialias=False).framed(image)
    assert np.array_equal(found, cv2.resize(image, (30, 20), interpolation=flag))


@pytest.mark.parametrize("resize", MODES)
@pytest.mark.parametrize("size", [(40, 40), (60, 30), (30, 61)])
@pytest.mark.parametrize("crop_pct", [1.0, 0.8])
def test_a_pixel_comes_from_where_the_extent_says(resize: str, size: tuple[int, int], crop_pct: float) -> None:
    width, height = 240, 150
    ramp = np.zeros((height, width, 3), np.uint8)
    ramp[..., 0] = np.arange(width)
    ramp[..., 1] = np.arange(height)[:, None]
    about = Preprocessing(size, MEAN, STD, resize=resize, crop_pct=crop_pct)
    x, y, w, h = about.extent(width, height)
    rows, columns = np.mgrid[: size[0], : size[1]] + 0.5
    at_x, at_y = x + columns * w / size[1], y + rows * h / size[0]
    inner = (at_x > 8) & (at_x < width - 8) & (at_y > 8) & (at_y < height - 8)
    framed = about.framed(ramp).astype(float)
    assert inner.sum() > 300
    assert np.abs(framed[..., 0] - (at_x - 0.5))[inner].max() <= 0.51
    assert np.abs(framed[..., 1] - (at_y - 0.5))[inner].max() <= 0.51


def test_extents() -> None:
    assert Preprocessing((10, 10), MEAN, STD).extent(40, 20) == (0, 0, 40, 20)
    assert Preprocessing((10, 10), MEAN, STD, resize="crop").extent(40, 20) == (10, 0, 20, 20)
    assert Preprocessing((10, 10), MEAN, STD, resize="pad").extent(40, 20) == (0, -8, 40, 40)


@pytest.mark.parametrize("wrong", [{"resize": "fit"}, {"interpolation": "area"}, {"size": 4}, {"crop_pct": 0}])
def test_wrong_choices_are_refused(wrong: dict) -> None:
    with pytest.raises(InputError):
        Preprocessing(**{"size": (4, 4), "mean": MEAN, "std": STD, **wrong})


TIMMS = [
    ("resnet18", (224, 224), {"resize": "crop", "crop_pct": 0.95, "interpolation": "bicubic"}),
    ("vit_tiny_patch16_224", (224, 224), {"resize": "crop", "crop_pct": 0.9, "interpolation": "bicubic"}),
    ("mobilenetv3_small_050", (224, 224), {"resize": "crop", "crop_pct": 0.875, "interpolation": "bicubic"}),
    ("vit_medium_patch16_gap_384", (384, 384), {"resize": "squash", "crop_pct": 0.95, "interpolation": "bicubic"}),
    ("tf_efficientnet_lite0", (256, 128), {"resize": "crop", "crop_pct": 0.875, "interpolation": "bicubic"}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size", "about"), TIMMS)
def test_timms_models_embed_as_timm_does(name: str, size: tuple[int, int], about: dict) -> None:
    own = timm.get_pretrained_cfg(name).input_size[1:] == size
    model = load_model(f"timm:{name}", pretrained=False, size=None if own else size, device="cpu")
    config = timm.data.resolve_model_data_config(model.module) | {"input_size": (3, *size)}
    assert {key: getattr(model.preprocessing, key) for key in about} == about and model.size == size
    transform = timm.data.create_transform(**config)
    image = smooth_noise(3, 300, 410)
    with torch.no_grad():
        expected = model.module(transform(Image.fromarray(image))[None])[0].numpy()
    assert np.abs(model.embed([image])[0] - expected).max() <= 1e-5 * np.abs(expected).max()


def test_another_resize_takes_the_whole_photograph_or_its_largest_part() -> None:
    model = load_model("timm:resnet10t", pretrained=False, size=(64, 32), resize="pad", device="cpu")
    assert (model.size, model.preprocessing.resize, model.preprocessing.crop_pct) == ((64, 32), "pad", 1)
    assert load_model("reid-lite0").preprocessing.resize == "squash", "registered models keep their way"
    with pytest.raises(InputError, match="no resize 'fit'"):
        load_model("timm:resnet10t", pretrained=False, size=64, resize="fit", device="cpu")


def test_the_extent_is_where_timms_pixels_come_from() -> None:
    """Of a ramp image, whose values say where they are, timm's transform shows those of the extent."""
    ramp = np.zeros((200, 250, 3), np.uint8)
    ramp[..., 0], ramp[..., 1] = np.arange(250), np.arange(200)[:, None]
    for mode, resize in (("squash", "squash"), ("center", "crop"), ("border", "pad")):
        for size, crop_pct in (((80, 80), 1.0), ((96, 48), 0.8)):
            transform = timm.data.create_transform(
                (3, *size), interpolation="bilinear", mean=(0, 0, 0), std=(1, 1, 1), crop_pct=crop_pct, crop_mode=mode
            )
            shown = 255 * transform(Image.fromarray(ramp)).numpy()
            x, y, w, h = Preprocessing(size, MEAN, STD, resize=resize, crop_pct=crop_pct).extent(250, 200)
            columns = x + (np.arange(size[1]) + 0.5) / size[1] * w - 0.5
            rows = y + (np.arange(size[0]) + 0.5) / size[0] * h - 0.5
            across, down = (columns > 4) & (columns < 245), (rows > 4) & (rows < 195)
            assert across.sum() > 5 and down.sum() > 5
            assert np.abs(shown[0][np.ix_(down, across)] - columns[across]).max() <= 1
            assert np.abs(shown[1][np.ix_(down, across)] - rows[down][:, None]).max() <= 1
