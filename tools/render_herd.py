"""Renders the sample herd, or a herd of other individuals to train on.

python -m tools.render_herd                                       makes pairx/assets/herd
python -m tools.render_herd --out DIR --seed 7 --individuals 100 --views 6 --longest 384
"""

from __future__ import annotations

import argparse
import io
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from PIL import Image

from pairx.datasets.herd import FOLDER
from tools.herd.body import STEP, Body, build_body
from tools.herd.camera import aim
from tools.herd.coat import Coat
from tools.herd.pose import move, strike
from tools.herd.render import render
from tools.herd.species import SPECIES

SAMPLE_SEED, SAMPLE_VIEWS, LONGEST, LARGEST_FILE = 20, 4, 512, 35_000
LIGHT_NAMES = ("noon", "morning", "morning", "evening", "overcast", "dusk")


@dataclass(frozen=True)
class Individual:
    """number: its place in the herd, which seeds it. twin: the place of the animal whose coat it alters."""

    number: int
    name: str
    species: str
    twin: int | None = None

    @property
    def origin(self) -> int:
        """Where its coat, build and better known flank come from: itself or its twin."""
        return self.number if self.twin is None else self.twin


@dataclass(frozen=True)
class Shot:
    """A view of an individual: its row in metadata.csv and what the correspondence needs.

    bones: (B, 3, 4) from rest to the camera's frame. lens: focal length and principal point. covered: (H, W) bool.
    """

    row: dict[str, str]
    bones: np.ndarray
    lens: np.ndarray
    covered: np.ndarray


def main() -> None:
    args = _arguments()
    herd = _training_herd(args.individuals) if args.individuals else sample_herd()
    args.out.mkdir(parents=True, exist_ok=True)
    jobs = [(individual, args.seed, args.views, args.longest, args.out, bool(args.individuals)) for individual in herd]
    with ProcessPoolExecutor(args.jobs, mp_context=get_context("spawn")) as pool:
        chunk = -(-len(jobs) // (2 * args.jobs))  # neighbours are of one species, and a process makes a species once
        shots = [shot for group in pool.map(_photograph_all, jobs, chunksize=chunk) for shot in group]
    twins = {} if args.individuals else _twin_names(herd)
    rows = [shot.row | {"twin": twins.get(shot.row["identity"], "")} for shot in shots]
    pd.DataFrame(rows).to_csv(args.out / "metadata.csv", index=False)
    if not args.individuals:
        store_truth(args.out, herd, shots, args.seed)


def sample_herd() -> list[Individual]:
    """The individuals that ship; the last of each species is a twin of the first."""
    herd: list[Individual] = []
    for species, about in SPECIES.items():
        first = len(herd)
        for i, name in enumerate(about.names):
            herd.append(Individual(len(herd), name, species, first if i == len(about.names) - 1 else None))
    return herd


def _training_herd(individuals: int) -> list[Individual]:
    species = sorted(list(SPECIES)[i % len(SPECIES)] for i in range(individuals))
    return [Individual(i, f"{name}-{i:03d}", name) for i, name in enumerate(species)]


def _twin_names(herd: list[Individual]) -> dict[str, str]:
    pairs = [(one.name, herd[one.twin].name) for one in herd if one.twin is not None]
    return dict(pairs) | {b: a for a, b in pairs}


@cache
def species_body(species: str) -> Body:
    """A species' body; made once a process."""
    return build_body(SPECIES[species].plan())


@cache
def _loom(species: str) -> object:
    return SPECIES[species].loom(species_body(species))


def make_coat(individual: Individual, seed: int) -> tuple[Coat, np.ndarray]:
    """An individual's coat, and the balls (M, 4) in which it differs from its twin's (none without a twin)."""
    coat = SPECIES[individual.species].coat(_loom(individual.species), np.random.default_rng([seed, individual.origin]))
    if individual.twin is None:
        return coat, np.zeros((0, 4))
    return coat.twin(np.random.default_rng([seed, individual.number]))


def photograph(individual: Individual, coat: Coat, seed: int, view: int, views: int, longest: int):
    """A picture of a view, its camera, bones (B, 3, 4) in the world and orientation."""
    about, body = SPECIES[individual.species], species_body(individual.species)
    build = 1 + 0.03 * np.random.default_rng([seed, individual.origin, 1]).standard_normal(3)
    flank = (1, -1)[individual.origin % 2]
    rng = np.random.default_rng([seed, individual.number, view, 2])
    side = flank if view < -(-3 * views // 4) else -flank
    kind = about.kinds[(view + individual.number) % len(about.kinds)]
    light = LIGHT_NAMES[(view + 2 * individual.number) % len(LIGHT_NAMES)]
    biome = about.biomes[(view + individual.number // 2) % len(about.biomes)]
    bones = strike(body, about.habit, kind, rng, build)
    fill = rng.choice([0.80, 0.88, 0.93, 1.05])
    shift = rng.uniform(-0.3, 0.3, 2) if fill < 1 else np.array([0.6 * side, 0.6])  # a crop keeps the head
    camera = aim(
        move(body, bones),
        side,
        yaw=rng.uniform(-0.6, 0.6),
        pitch=rng.uniform(-0.004, 0.06),
        roll=0.02 * rng.standard_normal(),
        longest=longest,
        fill=fill,
        shift=shift,
        aspects=about.aspects,
    )
    return render(body, coat, bones, camera, light, biome, rng), camera, bones, "left" if side > 0 else "right"


def _photograph_all(job: tuple[Individual, int, int, int, Path, bool]) -> list[Shot]:
    individual, seed, views, longest, out, training = job
    cv2.setNumThreads(1)
    coat, _ = make_coat(individual, seed)
    shots = []
    for view in range(views):
        picture, camera, bones, orientation = photograph(individual, coat, seed, view, views, longest)
        image_id = f"{individual.name.lower()}-{view + 1}"
        path = f"{image_id}.jpg"
        (out / path).write_bytes(_jpeg(picture.image, LARGEST_FILE if not training else 60_000))
        row = {
            "image_id": image_id,
            "path": path,
            "identity": individual.name,
            "orientation": orientation,
            "encounter": f"{individual.name.lower()}-e{view + 1}",
            "split": "train" if training else "test",
            "species": individual.species,
        }
        lens = np.array([camera.focal, *camera.centre])
        shots.append(Shot(row, to_camera(bones, camera.rotation, camera.position), lens, picture.covered))
    return shots


def to_camera(bones: np.ndarray, rotation: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Bones (B, 3, 4) to the world made into bones to a camera's frame: x right, y down, z ahead."""
    moved = bones.copy()
    moved[:, :, 3] -= position
    return np.einsum("ij,bjk->bik", rotation, moved)


def _jpeg(image: np.ndarray, largest: int) -> bytes:
    """The best quality, up to 88, that fits into so many bytes."""
    for quality in range(88, 40, -3):
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=quality, optimize=True, progressive=True)
        if buffer.tell() <= largest:
            break
    return buffer.getvalue()


def store_truth(out: Path, herd: list[Individual], shots: list[Shot], seed: int) -> None:
    """bodies.npz, views.npz and twins.csv: all that pairx.datasets.herd needs to map one view to another."""
    bodies = {}
    for species in sorted({one.species for one in herd}):
        body = species_body(species)
        low = body.vertices.min(0)
        bodies |= {
            f"{species}.low": low,
            f"{species}.vertices": np.rint((body.vertices - low) / STEP).astype(np.uint16),
            f"{species}.faces": body.faces.astype(np.uint16),
            f"{species}.bones": body.bones.astype(np.uint8),
            f"{species}.weights": np.rint(255 * body.weights).astype(np.uint8),
        }
    np.savez_compressed(out / "bodies.npz", **bodies)
    bones = np.zeros((len(shots), max(len(shot.bones) for shot in shots), 3, 4), np.float32)
    for i, shot in enumerate(shots):
        bones[i, : len(shot.bones)] = shot.bones
    bits = [np.packbits(shot.covered) for shot in shots]
    np.savez_compressed(
        out / "views.npz",
        image_id=np.array([shot.row["image_id"] for shot in shots]),
        bones=bones,
        lens=np.array([shot.lens for shot in shots]),
        size=np.array([shot.covered.shape[::-1] for shot in shots]),
        covered=np.concatenate(bits),
        covered_end=np.cumsum([len(b) for b in bits]),
    )
    marks = [
        {"identity": one.name, "twin": herd[one.twin].name, "x": x, "y": y, "z": z, "radius": radius}
        for one in herd
        if one.twin is not None
        for x, y, z, radius in np.round(make_coat(one, seed)[1], 4)
    ]
    pd.DataFrame(marks).to_csv(out / "twins.csv", index=False)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=FOLDER, help="where to write; default pairx/assets/herd")
    parser.add_argument("--seed", type=int, default=SAMPLE_SEED)
    parser.add_argument("--individuals", type=int, default=0, help="how many others to train on; 0: the sample herd")
    parser.add_argument("--views", type=int, default=SAMPLE_VIEWS, help="pictures of each individual")
    parser.add_argument("--longest", type=int, default=LONGEST, help="longest side, pixels")
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


if __name__ == "__main__":
    main()
