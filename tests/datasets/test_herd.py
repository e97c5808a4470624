"""The sample herd: complete, small, and its ground truth true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pairx.datasets.herd import FOLDER, Herd, load_herd
from pairx.types import InputError
from tools.herd.body import Body
from tools.herd.camera import Camera, aim
from tools.herd.coat import Coat, Surface
from tools.herd.pose import move, strike
from tools.herd.render import shade, survey
from tools.herd.scene import BIOMES, make_light
from tools.herd.species import SPECIES
from tools.render_herd import (
    SAMPLE_SEED,
    Individual,
    Shot,
    make_coat,
    sample_herd,
    species_body,
    store_truth,
    to_camera,
)


@pytest.fixture(scope="module")
def herd() -> Herd:
    return load_herd()


def views_of(herd: Herd, identity: str) -> list[str]:
    return herd.table.loc[herd.table["identity"] == identity, "image_id"].tolist()


def first_of_each_species(herd: Herd) -> list[str]:
    return herd.table.groupby("species")["identity"].first().tolist()


def random_points(herd: Herd, image_id: str, number: int = 800) -> np.ndarray:
    """Places inside pixels that show the animal."""
    rng = np.random.default_rng(0)
    rows, columns = np.nonzero(herd.mask(image_id))
    chosen = rng.integers(0, len(rows), number)
    return np.column_stack([columns[chosen], rows[chosen]]) + rng.uniform(0.2, 0.8, (number, 2))


def grey(herd: Herd, image_id: str) -> np.ndarray:
    return np.asarray(Image.open(herd.path(image_id)).convert("L"), float)


def at(image: np.ndarray, points: np.ndarray) -> np.ndarray:
    column, row = np.floor(points).astype(int).T
    return image[row, column]


def test_the_herd_is_complete_and_small(herd: Herd) -> None:
    table = herd.table
    assert set(table.columns) >= {"image_id", "path", "identity", "orientation", "encounter", "split", "twin"}
    assert table["image_id"].is_unique and all(Path(path).is_file() for path in table["path"])
    assert table["identity"].nunique() >= 30 and table["species"].nunique() >= 4
    assert table.groupby("identity")["orientation"].value_counts().groupby("identity").max().min() >= 3
    assert sum(file.stat().st_size for file in FOLDER.rglob("*")) <= 6 * 2**20


def test_pictures_have_the_size_that_their_truth_has(herd: Herd) -> None:
    for image_id in herd.table["image_id"][::9]:
        mask = herd.mask(image_id)
        assert Image.open(herd.path(image_id)).size == mask.shape[::-1]
        assert 0.04 < mask.mean() < 0.8


def test_twins_name_each_other(herd: Herd) -> None:
    twin = dict(zip(herd.table["identity"], herd.table["twin"], strict=True))
    pairs = {name: other for name, other in twin.items() if other}
    assert len(pairs) >= 8
    assert all(twin[other] == name for name, other in pairs.items())


def test_a_view_maps_to_itself(herd: Herd) -> None:
    for identity in first_of_each_species(herd):
        image_id = views_of(herd, identity)[0]
        points = random_points(herd, image_id)
        there, visible = herd.correspondence(image_id, image_id, points)
        on_animal = ~np.isnan(there[:, 0])
        assert on_animal.mean() > 0.95
        assert visible[on_animal].all()
        np.testing.assert_allclose(there[on_animal], points[on_animal], atol=1e-6)


def test_there_and_back_is_the_same_place(herd: Herd) -> None:
    for identity in first_of_each_species(herd):
        one, other = views_of(herd, identity)[:2]
        points = random_points(herd, one)
        there, visible = herd.correspondence(one, other, points)
        back, visible_back = herd.correspondence(other, one, there)
        both = visible & visible_back
        assert both.mean() > 0.3
        apart = np.linalg.norm(back - points, axis=1)[both]
        assert np.mean(apart < 1) > 0.998 and np.median(apart) < 1e-6


def test_coats_agree_where_views_correspond(herd: Herd) -> None:
    for identity in first_of_each_species(herd):
        one, other = views_of(herd, identity)[:2]
        points = random_points(herd, one)
        there, visible = herd.correspondence(one, other, points)
        seen, seen_there = at(grey(herd, one), points[visible]), at(grey(herd, other), there[visible])
        shuffled = np.random.default_rng(1).permutation(seen_there)
        assert np.corrcoef(seen, seen_there)[0, 1] > 0.2 + abs(np.corrcoef(seen, shuffled)[0, 1])


def test_the_other_flank_is_hidden(herd: Herd) -> None:
    views = herd.table[herd.table["identity"] == first_of_each_species(herd)[0]]
    left, right = (views.loc[views["orientation"] == side, "image_id"].iloc[0] for side in ("left", "right"))
    points, rest = random_points(herd, left), herd.rest(left)
    side = at(rest[..., 1], points)
    _, visible = herd.correspondence(left, right, points)
    assert visible[side > 0.15].mean() < 0.05


def test_off_the_animal_is_nan(herd: Herd) -> None:
    one, other = herd.table["image_id"][:2]
    off = np.array([[0.5, 0.5], [-5.0, 10.0], [1e4, 10.0], [np.nan, np.nan]])
    there, visible = herd.correspondence(one, other, off)
    assert np.isnan(there).all() and not visible.any()


def test_what_is_not_there_is_an_input_error(herd: Herd, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nobody-1"):
        herd.path("nobody-1")
    names = first_of_each_species(herd)
    with pytest.raises(InputError, match="one individual"):
        herd.correspondence(views_of(herd, names[0])[0], views_of(herd, names[1])[0], np.zeros((1, 2)))
    with pytest.raises(InputError, match="holds no herd"):
        load_herd(tmp_path)


@pytest.mark.slow
def test_twins_correspond_and_their_marks_can_be_seen(herd: Herd) -> None:
    with_twin = herd.table[herd.table["twin"] != ""]
    for identity, group in with_twin.groupby("identity"):
        shares = [herd.twin_difference(image_id).sum() / herd.mask(image_id).sum() for image_id in group["image_id"]]
        assert max(shares) > 0.002 and max(shares) < 0.35, identity
        theirs = views_of(herd, group["twin"].iloc[0])[0]
        _, visible = herd.correspondence(
            group["image_id"].iloc[0], theirs, random_points(herd, group["image_id"].iloc[0])
        )
        assert visible.any() or group["orientation"].iloc[0] not in theirs


def test_an_animal_without_twin_has_no_difference(herd: Herd) -> None:
    alone = herd.table.loc[herd.table["twin"] == "", "image_id"].iloc[0]
    assert not herd.twin_difference(alone).any()


# --- against the renderer -------------------------------------------------------------------------------------


class Dots:
    """A black skin with a red, a green and a blue dot at given rest positions (3, 3)."""

    def __init__(self, centres: np.ndarray, radius: float) -> None:
        self._centres, self._radius = centres, radius

    def colour(self, surface: Surface) -> np.ndarray:
        away = np.linalg.norm(surface.rest[:, None] - self._centres[None], axis=2)
        return (away < self._radius).astype(float)


def test_the_renderer_puts_dots_where_the_correspondence_says(tmp_path: Path) -> None:
    body, individual = species_body("antelope"), Individual(0, "Dot", "antelope")
    flank = np.flatnonzero((body.vertices[:, 1] > 0.12) & (body.vertices[:, 2] > 0.7))
    dots = Dots(body.vertices[np.random.default_rng(5).choice(flank, 3, replace=False)], 0.014)
    shots, found = [], []
    for view, (kind, yaw) in enumerate((("walk", -0.4), ("graze", 0.1), ("stand", 0.5))):
        bones, camera = pose_and_camera(body, kind, yaw)
        image = picture_of(body, dots, bones, camera)
        found.append(np.array([centre_of(image, channel) for channel in range(3)]))
        row = {"image_id": f"dot-{view}", "path": "", "identity": "Dot", "orientation": "left", "species": "antelope"}
        lens = np.array([camera.focal, *camera.centre])
        covered = np.zeros(image.shape[:2], bool)
        shots.append(Shot(row, to_camera(bones, camera.rotation, camera.position), lens, covered))
    store_truth(tmp_path, [individual], shots, 0)
    pd.DataFrame([shot.row for shot in shots]).assign(twin="").to_csv(tmp_path / "metadata.csv", index=False)
    herd = load_herd(tmp_path)
    for i, j in ((0, 1), (0, 2), (2, 1)):
        there, visible = herd.correspondence(f"dot-{i}", f"dot-{j}", found[i])
        assert visible.all()
        assert np.linalg.norm(there - found[j], axis=1).max() < 1


@pytest.mark.slow
@pytest.mark.parametrize("species", ["giraffe", "antelope", "leopard", "cheetah"])
def test_twins_differ_only_at_their_marks(species: str) -> None:
    individuals = [one for one in sample_herd() if one.species == species]
    body = species_body(species)
    bones, camera = pose_and_camera(body, "stand", 0.0)
    (coat, _), (twin_coat, marks) = (make_coat(individuals[i], SAMPLE_SEED) for i in (0, -1))
    here, there = picture_of(body, coat, bones, camera), picture_of(body, twin_coat, bones, camera)
    surface, mask = survey(body, move(body, bones), camera)
    rest = np.full((*mask.shape, 3), np.inf)
    rest[mask] = surface.rest
    inside = (np.linalg.norm(rest[..., None, :] - marks[:, :3], axis=-1) < marks[:, 3] + 2e-3).any(-1)
    differs = np.abs(here - there).max(-1) > 0.02
    assert differs.sum() > 30
    assert not (differs & ~inside).any()


def pose_and_camera(body: Body, kind: str, yaw: float) -> tuple[np.ndarray, Camera]:
    habit = SPECIES["antelope"].habit
    bones = strike(body, habit, kind, np.random.default_rng(2), np.array([1.02, 0.98, 1.01]))
    camera = aim(move(body, bones), 1, yaw, 0.05, 0.03, 512, 0.9, np.zeros(2), (1.0, 1.333))
    return bones, camera


def picture_of(body: Body, coat: Coat, bones: np.ndarray, camera: Camera) -> np.ndarray:
    """Linear light (H, W, 3) of the animal without surroundings, always under the same light and noise."""
    rng = np.random.default_rng(0)
    return shade(body, coat, move(body, bones), camera, make_light("overcast", camera, rng), BIOMES["plain"], rng)[0]


def centre_of(image: np.ndarray, channel: int) -> np.ndarray:
    """x/y of the middle of the pixels in which a channel stands out."""
    excess = image[..., channel] - image.min(-1)
    rows, columns = np.nonzero(excess > 0.5 * excess.max())
    return np.array([columns.mean(), rows.mean()]) + 0.5
