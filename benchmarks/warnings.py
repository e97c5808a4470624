"""How often each warning is right, where the truth is known.

    python -m benchmarks.warnings [--photographs 160] [--pairs 30] [--only mirror strange]

A row a warning and a set of pairs: how many pairs, for how many of them it is true, how often it was given; the share
of those that is right (precision), of the true ones that was found (recall), of the others that was
warned of wrongly, and the area under the curve of its number, .5 being chance; each with its 95 % interval (Wilson's;
of the area from 300 resamplings of the first photographs). What is true:

- mirror: of a photograph and its ten nearest, those that show another flank.
- strange: photographs of the other data set, those of the own one reduced to 16 px and back, and noise.
- copy: cut, resized and saved again, against pairs of one flank of one individual and against the nearest photographs.
- background, outside: two sample animals of one species and flank painted into one landscape, against into two.
- background, at the end: of nyala's nearest and of one individual's pairs, those of one encounter.

nyala is read from PAIRX_DATA; of it, individuals that reid-lite0 has not seen.
"""

from __future__ import annotations

import argparse
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from scipy.stats import rankdata

from pairx import images
from pairx.datasets import Dataset, Herd, load_dataset, load_herd
from pairx.models import EmbeddingModel, load_model
from pairx.warnings import WARNINGS, Case, Neighbourhood, Photograph
from tools.train_embedder import leave_out

NEAREST = 10
Z = 1.96


@dataclass
class Set:
    """Photographs of a data set as the warnings see them. units: their embeddings (N, D) of length 1."""

    name: str
    photographs: list[Photograph]
    facts: dict[str, np.ndarray]
    units: np.ndarray

    @property
    def nearest(self) -> np.ndarray:
        """(N, NEAREST) numbers of each one's most similar others."""
        cosines = self.units @ self.units.T
        np.fill_diagonal(cosines, -np.inf)
        return np.argsort(-cosines, axis=1)[:, :NEAREST]


@dataclass
class Found:
    """Numbers of pairs with their truth. groups: of each pair, what it is resampled by."""

    numbers: list[float]
    true: list[bool]
    groups: list[int]


def read(name: str, dataset: Dataset, model: EmbeddingModel, rows: np.ndarray) -> Set:
    """Some rows of a data set."""
    table = dataset.table.iloc[rows]
    photographs = [Photograph(model, dataset.load(row)[0], dataset.table["image_id"][row]) for row in rows]
    units = np.array([one.embedding / np.linalg.norm(one.embedding) for one in photographs])
    facts = {column: table[column].to_numpy() for column in ("identity", "orientation", "encounter")}
    return Set(name, photographs, facts, units)


def mirror(known: Set) -> Found:
    """A photograph and its nearest."""
    found, flank = Found([], [], []), known.facts["orientation"]
    for i, others in enumerate(known.nearest):
        for j in others:
            case = Case(known.photographs[i], known.photographs[j])
            add(found, "mirror", case, flank[i] != flank[j], i)
    return found


def strange(known: Set, other: Set) -> Found:
    """Each photograph among the others of its set, and strangers among them."""
    found, around = Found([], [], []), Neighbourhood.of(known.units)
    assert around is not None
    model, rng = known.photographs[0].model, np.random.default_rng(0)
    few = known.photographs[:20]
    spoiled = [images.resize(images.resize(one.image, (16, 16)), one.image.shape[:2]) for one in few]
    noise = [rng.integers(0, 256, one.image.shape, np.uint8) for one in few]
    strangers = [*other.photographs, *(Photograph(model, image, "spoiled") for image in (*spoiled, *noise))]
    for number, one in enumerate((*known.photographs, *strangers)):
        found.numbers.append(around.farther_than(one.embedding))
        found.true.append(number >= len(known.photographs))
        found.groups.append(number)
    return found


def copy(known: Set, count: int) -> Found:
    """Copies of photographs, and pairs that are none."""
    found, rng = Found([], [], []), np.random.default_rng(0)
    identity, flank = known.facts["identity"], known.facts["orientation"]
    for i in range(min(count, len(known.photographs))):
        one = known.photographs[i]
        for image in copies(one.image, rng):
            add(found, "copy", Case(one, Photograph(one.model, image, "copy")), True, i)
        same = np.flatnonzero((identity == identity[i]) & (flank == flank[i]) & (np.arange(len(identity)) != i))
        for j in {*same[:2].tolist(), *known.nearest[i, :2].tolist()}:
            add(found, "copy", Case(one, known.photographs[j]), False, i)
    return found


def copies(image: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Saved again; half as large; 70 % of each side; all of that, lighter and flatter."""
    whole = Image.fromarray(image)
    w, h = (round(0.7 * side) for side in whole.size)
    x, y = (int(rng.integers(side - part + 1)) for side, part in zip(whole.size, (w, h), strict=True))
    part = whole.crop((x, y, x + w, y + h))
    pale = Image.fromarray((np.asarray(part.resize((round(0.6 * w), round(0.6 * h)))) * 0.8 + 20).astype(np.uint8))
    half = np.asarray(whole.resize((whole.width // 2, whole.height // 2)))
    return [saved(whole, 30), half, np.asarray(part), saved(pale, 50)]


def saved(image: Image.Image, quality: int) -> np.ndarray:
    """As a JPEG gives it back."""
    file = io.BytesIO()
    image.save(file, "jpeg", quality=quality)
    return np.asarray(Image.open(file))


def landscapes(herd: Herd, model: EmbeddingModel, count: int, masks: bool) -> list[tuple[Case, bool, int]]:
    """Pairs of one species and flank, half of one individual, painted into one landscape (true) and into two."""
    table, rng, found = herd.table, np.random.default_rng(0), []
    while len(found) < 2 * count:
        first = table.iloc[int(rng.integers(len(table)))]
        kin = table[(table["species"] == first["species"]) & (table["orientation"] == first["orientation"])]
        same = kin["identity"] == first["identity"]
        kin = kin[(same if rng.random() < 0.5 else ~same) & (kin["image_id"] != first["image_id"])]
        if kin.empty:
            continue
        ids = first["image_id"], rng.choice(kin["image_id"])
        places = rng.choice(table["image_id"][~table["image_id"].isin(ids)], 2, replace=False)
        for shared in (True, False):
            where = (places[0], places[0 if shared else 1])
            one, two = (painted(herd, model, *what, masks) for what in zip(ids, where, strict=True))
            found.append((Case(one, two), shared, len(found) // 2))
    return found


def painted(herd: Herd, model: EmbeddingModel, image_id: str, place: str, masks: bool) -> Photograph:
    """An animal of the herd in the landscape of another picture, out of which that one's animal is painted."""
    image, animal, scene = images.decode(herd.path(image_id)), herd.mask(image_id), images.decode(herd.path(place))
    gone = cv2.dilate(herd.mask(place).astype(np.uint8), np.ones((15, 15), np.uint8))
    half = (scene.shape[1] // 2, scene.shape[0] // 2)
    small, hole = cv2.resize(scene, half), cv2.resize(gone, half, interpolation=cv2.INTER_NEAREST)
    filled = cv2.resize(cv2.inpaint(small, hole, 5, cv2.INPAINT_TELEA), scene.shape[1::-1])
    empty = cv2.resize(np.where(gone[..., None] > 0, filled, scene), image.shape[1::-1])
    return Photograph(model, np.where(animal[..., None], image, empty), image_id, animal if masks else None)


def encounters(known: Set, count: int) -> Found:
    """Of nearest and of one individual's photographs: is it one encounter?"""
    found, same = Found([], [], []), known.facts
    for i in range(min(count, len(known.photographs))):
        own = np.flatnonzero((same["identity"] == same["identity"][i]) & (np.arange(len(known.units)) != i))
        for j in {*own.tolist(), *known.nearest[i, :2].tolist()}:
            case = Case(known.photographs[i], known.photographs[j])
            add(found, "background", case, same["encounter"][i] == same["encounter"][j], i)
    return found


def add(found: Found, name: str, case: Case, true: bool, group: int) -> None:
    """One more pair, where its number can be known."""
    number = WARNINGS[name].measure(case)
    if number is not None:
        found.numbers.append(number)
        found.true.append(bool(true))
        found.groups.append(group)


def wilson(hits: int, total: int) -> str:
    """A share with its 95 % interval."""
    if not total:
        return "-"
    share, z = hits / total, Z**2 / total
    middle, half = (share + z / 2) / (1 + z), Z * np.sqrt(share * (1 - share) / total + z / total / 4) / (1 + z)
    return f"{share:.2f} ({max(0, middle - half):.2f} to {min(1, middle + half):.2f})"


def area(numbers: np.ndarray, true: np.ndarray) -> float:
    """How often a true pair has a higher number than another, 0 to 1."""
    ones = int(true.sum())
    ranks = rankdata(numbers)
    return float((ranks[true].sum() - ones * (ones + 1) / 2) / (ones * (len(true) - ones)))


def area_with_interval(found: Found) -> str:
    """The area and its 95 % interval, over the groups."""
    numbers, true, groups = (np.array(one) for one in (found.numbers, found.true, found.groups))
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    rng, drawn = np.random.default_rng(0), []
    for _ in range(300):
        rows = np.concatenate([members[i] for i in rng.integers(len(members), size=len(members))])
        if 0 < true[rows].sum() < len(rows):
            drawn.append(area(numbers[rows], true[rows]))
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{area(numbers, true):.2f} ({low:.2f} to {high:.2f})"


def report(name: str, where: str, found: Found) -> None:
    """Print one row."""
    warned, true = np.array(found.numbers) >= WARNINGS[name].threshold, np.array(found.true)
    right = int((warned & true).sum())
    wrong, others = int((warned & ~true).sum()), int((~true).sum())
    shares = [wilson(right, int(warned.sum())), wilson(right, int(true.sum())), wilson(wrong, others)]
    counts = f"{len(true):>7}{int(true.sum()):>6}{int(warned.sum()):>8}"
    told = "".join(f"{share:>22}" for share in (*shares, area_with_interval(found)))
    print(f"{name:12}{where:30}{counts}{told}", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=int, default=160, help="of nyala (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=30, help="photographs or pairs that are copied or painted")
    parser.add_argument("--only", nargs="+", default=list(WARNINGS), metavar="WARNING")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    model, herd, dataset = load_model("reid-lite0"), load_herd(), load_dataset("sample")
    sets = [read("herd", dataset, model, np.arange(len(dataset)))]
    folder = Path(os.environ.get("PAIRX_DATA", "")) / "nyala"
    if folder.is_dir():
        nyala = load_dataset(folder)
        unseen = leave_out(nyala.table)[1].index.to_numpy()
        sets.append(read("nyala", nyala, model, unseen[: arguments.photographs]))
    else:
        print("nyala is left out: PAIRX_DATA names no folder that has it")
    heads = ("precision", "recall", "warned wrongly", "area under the curve")
    print(f"{'warning':12}{'pairs':30}{'pairs':>7}{'true':>6}{'warned':>8}" + "".join(f"{head:>22}" for head in heads))
    for name, where, measure in measurements(sets, herd, arguments.pairs):
        if name in arguments.only:
            report(name, where, measure())


def measurements(sets: Sequence[Set], herd: Herd, count: int) -> list[tuple[str, str, Callable[[], Found]]]:
    """The rows of the table: warning, pairs, and what measures them."""
    rows: list[tuple[str, str, Callable[[], Found]]] = []
    for one in sets:
        rows.append(("copy", one.name, partial(copy, one, count)))
        rows.append(("mirror", one.name, partial(mirror, one)))
    for one, other in zip(sets, sets[::-1], strict=True):
        if one is not other:
            rows.append(("strange", f"{one.name}; {other.name} is strange", partial(strange, one, other)))
    model = sets[0].photographs[0].model
    for name, masks in (("background", True), ("background", False), ("outside", True)):
        how = "landscapes, masks known" if masks else "landscapes, no masks"
        rows.append((name, how, partial(painted_pairs, name, herd, model, count, masks)))
    if len(sets) > 1:
        rows.append(("background", "nyala, encounters, no masks", partial(encounters, sets[1], count)))
    return rows


def painted_pairs(name: str, herd: Herd, model: EmbeddingModel, count: int, masks: bool) -> Found:
    """The numbers of pairs in landscapes."""
    found = Found([], [], [])
    for case, shared, group in landscapes(herd, model, count, masks):
        add(found, name, case, shared, group)
    return found


if __name__ == "__main__":
    main()
