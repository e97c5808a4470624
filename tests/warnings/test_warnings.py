"""Warnings by known answers: copies, still cameras, mirrored animals, strangers; and what nobody can answer."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

import pairx
from pairx import images
from pairx.datasets import load_herd
from pairx.testing import smooth_noise, tiny_model
from pairx.types import SAME, ImagePair, InputError, Step, View, finished
from pairx.warnings import WARNINGS, Case, Neighbourhood, Photograph, pair_warnings, warn_steps

HERD = load_herd()


def picture(image_id: str) -> np.ndarray:
    return images.decode(HERD.path(image_id))


def photograph(image: np.ndarray, name: str = "one", **known) -> Photograph:
    return Photograph(tiny_model(), image, name, **known)


def saved(image: np.ndarray, quality: int = 40) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "jpeg", quality=quality)
    return np.asarray(Image.open(file))


def number(name: str, first: Photograph, second: Photograph) -> float | None:
    return WARNINGS[name].measure(Case(first, second))


def unit(*numbers: float) -> np.ndarray:
    vector = np.array(numbers, np.float32)
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image,
        lambda image: saved(image),
        lambda image: images.resize(image, (image.shape[0] // 2, image.shape[1] // 2)),
        lambda image: image[30:-60, 50:-20],
        lambda image: (image * 0.7 + 30).astype(np.uint8),
    ],
    ids=["the same", "saved again", "half as large", "cut", "paler"],
)
def test_a_copy_is_told_and_another_photograph_of_the_animal_is_not(change) -> None:
    first = photograph(picture("zuri-1"))
    copied = number("copy", first, photograph(change(picture("zuri-1"))))
    assert copied is not None and 0.9 < copied <= 1
    other = number("copy", first, photograph(picture("zuri-2")))
    assert other is not None and other < WARNINGS["copy"].threshold - 0.1


def test_pictures_without_details_are_no_copies_of_each_other() -> None:
    flat, tiny = np.full((60, 80, 3), 128, np.uint8), np.zeros((1, 1, 3), np.uint8)
    for one, other in ((flat, flat + 1), (flat, tiny), (tiny, tiny + 9)):
        assert number("copy", photograph(one), photograph(other)) == 0
        assert number("background", photograph(one), photograph(other)) == 0
    assert number("copy", photograph(flat), photograph(flat.copy())) == 1


def scene(image_id: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """An animal of the herd before a made-up landscape, and its mask."""
    image, mask = picture(image_id), HERD.mask(image_id)
    height, width = mask.shape
    land = images.resize(np.random.default_rng(seed).integers(0, 256, (40, 50, 3), np.uint8), (400, 500))
    return np.where(mask[..., None], image, images.resize(land, (height, width))), mask


@pytest.mark.parametrize("masked", [True, False], ids=["masks", "no masks"])
def test_one_landscape_behind_two_animals_is_told_and_two_are_not(masked: bool) -> None:
    (one, mask0), (same, mask1), (other, _) = scene("zuri-1", 1), scene("rowan-1", 1), scene("rowan-1", 2)
    known = [{"animal": mask} if masked else {} for mask in (mask0, mask1)]
    first = photograph(one, **known[0])
    shared = number("background", first, photograph(same, **known[1]))
    apart = number("background", first, photograph(other, **known[1]))
    assert shared >= 3 * WARNINGS["background"].threshold and apart < WARNINGS["background"].threshold / 2
    assert number("background", first, photograph(one, **known[0])) is None  # a copy: that is told instead


def test_with_masks_details_on_the_animals_do_not_count() -> None:
    image, mask = scene("zuri-1", 1)
    other, _ = scene("zuri-1", 2)  # the same animal, pixel for pixel, elsewhere
    known = [photograph(one, animal=mask) for one in (image, other)]
    assert number("background", *known) < WARNINGS["background"].threshold
    assert number("background", photograph(image), photograph(other)) >= WARNINGS["background"].threshold


def test_without_the_animals_only_the_backgrounds_are_compared() -> None:
    (one, mask0), (other, mask1) = scene("zuri-1", 1), scene("rowan-1", 1)
    model = tiny_model()
    painted = [np.where(mask[..., None], image[~mask].mean(0).round().astype(np.uint8), image) for image, mask in
               ((one, mask0), (other, mask1))]  # fmt: skip
    e, f = (vector / np.linalg.norm(vector) for vector in model.embed(painted).astype(float))
    found = number("outside", photograph(one, animal=mask0), photograph(other, animal=mask1))
    assert found == pytest.approx(e @ f, abs=1e-6)
    assert number("outside", photograph(one, animal=mask0), photograph(other)) is None
    whole = np.ones(one.shape[:2], bool)
    assert number("outside", photograph(one, animal=whole), photograph(other, animal=mask1)) is None


def test_what_is_as_similar_when_mirrored_gains_nothing_and_the_mirrored_one_does() -> None:
    image = smooth_noise(1, 40, 60)
    mirrored = np.ascontiguousarray(image[:, ::-1])
    even = np.concatenate([image, mirrored], 1)
    assert number("mirror", photograph(image), photograph(even)) == pytest.approx(0, abs=1e-6)
    gain = number("mirror", photograph(image), photograph(mirrored))
    assert gain > 0 and number("mirror", photograph(image), photograph(image.copy())) == pytest.approx(-gain, abs=1e-5)


def test_a_stranger_is_farther_from_its_nearest_than_all_others_are() -> None:
    rng = np.random.default_rng(0)
    crowd = np.array([unit(10, *rng.normal(size=7)) for _ in range(100)])
    around = Neighbourhood.of(crowd)
    assert around.farther_than(unit(-10, *rng.normal(size=7))) == 1
    assert around.farther_than(10 * crowd[around.nearness.argmax()]) < 1
    inside = [around.farther_than(one) for one in crowd]  # itself is not its own neighbour
    assert np.mean(inside) == pytest.approx(0.5, abs=0.02) and max(inside) == 0.99
    half = Neighbourhood.of(crowd.astype(np.float16))
    assert np.abs(half.nearness - around.nearness).max() < 1e-3
    assert Neighbourhood.of(crowd[:20]) is None


def test_the_stranger_of_the_two_is_named() -> None:
    crowd = np.array([unit(10, *np.random.default_rng(n).normal(size=4)) for n in range(60)])
    around = Neighbourhood.of(crowd)
    known, odd = (photograph(smooth_noise(n), name, around=around) for n, name in ((0, "known"), (1, "odd")))
    known.__dict__["embedding"], odd.__dict__["embedding"] = crowd[0], unit(-10, 0, 0, 0, 1)
    for pair in ((known, odd), (odd, known)):
        found = {one.name: one for one in finished(warn_steps(*pair))}
        assert found["strange"].words.startswith("odd is unlike all others") and found["strange"].number == 1


def test_encounters_are_told_where_both_are_known() -> None:
    image, other = smooth_noise(1), smooth_noise(2)
    for mine, yours, expected in (("7", "7", 1), ("7", "8", 0), ("", "", None), ("7", "", None)):
        assert number("encounter", photograph(image, encounter=mine), photograph(other, encounter=yours)) == expected


def pair_of(first: np.ndarray, second: np.ndarray) -> ImagePair:
    views = [View.whole(image.shape[1], image.shape[0]) for image in (first, second)]
    return ImagePair(first, second, "a", "b", *views)


def test_all_of_a_pair_in_plain_lines_with_their_numbers() -> None:
    image = smooth_noise(1, 120, 160)
    found = pairx.pair_warnings(tiny_model(), pair_of(image, image.copy()), encounters=("7", "7"))
    assert [one.name for one in found] == ["copy", "encounter"]
    for one in found:
        assert one.number >= one.threshold and "\n" not in one.words and one.words.endswith(".")
    assert found[0].words == SAME and "encounter 7" in found[1].words
    (near,) = pairx.pair_warnings(tiny_model(), pair_of(picture("zuri-1"), saved(picture("zuri-1"))))
    assert "one picture" in near.words and f"{near.number:.2f}" in near.words


def test_a_poor_photograph_is_told_by_its_name_as_where_it_is_read() -> None:
    flat = np.full((40, 500, 3), 90, np.uint8)
    (found,) = pairx.pair_warnings(tiny_model(), pair_of(smooth_noise(1, 120, 160), flat))
    assert found.name == "poor" and found.number == 3
    assert found.words == " ".join(f"b: {flaw}" for flaw in images.flaws(flat))


def test_each_check_is_a_step_so_that_it_can_be_stopped() -> None:
    steps = warn_steps(photograph(smooth_noise(1)), photograph(smooth_noise(2)))
    first = next(steps)
    assert isinstance(first, Step) and first.total == len(WARNINGS)
    steps.close()


@pytest.mark.parametrize("shape", [(5, 5), (48, 64, 3), (0, 0)])
def test_a_mask_of_another_size_is_refused_in_one_line(shape: tuple[int, ...]) -> None:
    pair = pair_of(smooth_noise(1), smooth_noise(2))
    with pytest.raises(InputError, match="a: the mask has the shape") as error:
        pair_warnings(tiny_model(), pair, animals=(np.ones(shape, bool), None))
    assert "\n" not in str(error.value)
