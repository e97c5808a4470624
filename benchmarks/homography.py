"""Is the transform between two photographs right, how often is there one, and what does it cost?

    python -m benchmarks.homography [--features sift xfeat aliked disk] [--pairs 60] [--sets evd herd nyala]

Data: the wide-baseline pairs of $PAIRX_DATA/evd with their true homographies; pairs of the sample herd, one flank of
one individual, and pairs of two individuals that are no twins; the same of $PAIRX_DATA/nyala, whose truth nobody knows.

Per local features and transform: the share of pairs with a transform (found) and with a usable one (status "ok"), the
median number of its inliers, and where the truth is known the shares whose corner error and whose point error are under
5 % of image 1's diagonal (corners, points), and the median point error of those with a transform, in percent of that
diagonal (median). Of pairs of two individuals, the share with a usable one and its inliers (different): there is no
truth about those, and what passes comes from the pose, the body or the background.

Corner error: the mean distance, in image 1, between the corners of a frame of image 0 under the estimate and under the
truth. Point error: the median distance between where true correspondences lie and where the estimate takes them. On
evd the frame is image 0, and the correspondences are what image 1 shows of it. An animal is neither flat nor stiff, so
on the herd no homography is true: its correspondences are the parts of the animal that both pictures show, the frame is
the box around them, and the truth is the homography that fits them best (least median). Homographies that fit the
animal alike still part at that box's corners, so there the points say more than the corners. Two rows show what the
numbers mean: "resize only" stretches image 0 over image 1 without any matching; "best fit" is the truth.

Seconds are of one processor's time a pair: features of both photographs, matching, the three estimates.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import torch

from pairx import geometry, images
from pairx.datasets import Herd, load_dataset, load_herd

WITHIN = 0.05
STEP = 6  # px between the animal's points that are followed
HALF = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # evd counts from the first pixel's centre


@dataclass(frozen=True)
class Truth:
    """matrix: the true homography, or the best. frame: (4, 2) corners in image 0. points0, points1: (N, 2) true
    correspondences. size0, size1: (width, height).
    """

    matrix: np.ndarray
    frame: np.ndarray
    points0: np.ndarray
    points1: np.ndarray
    size0: tuple[int, int]
    size1: tuple[int, int]

    def corner_error(self, matrix: np.ndarray) -> float:
        """As a part of image 1's diagonal."""
        off = geometry.project(self.frame, matrix) - geometry.project(self.frame, self.matrix)
        return float(np.linalg.norm(off, axis=1).mean() / np.hypot(*self.size1))

    def point_error(self, matrix: np.ndarray) -> float:
        """Median over the true correspondences, as a part of image 1's diagonal."""
        off = geometry.project(self.points0, matrix) - self.points1
        return float(np.median(np.linalg.norm(off, axis=1)) / np.hypot(*self.size1))


@dataclass(frozen=True)
class Pair:
    """Two files, and what is known of them."""

    a: Path
    b: Path
    truth: Truth | None = None


class Matcher:
    """Local features of one kind, kept by file, and the processor time that each step took."""

    def __init__(self, features: str) -> None:
        self.kind = features
        self._seconds: dict[str, list[float]] = {"features": [], "matching": [], "estimates": []}
        self._features = lru_cache(None)(self._find)

    def alignments(self, pair: Pair) -> list[geometry.Alignment]:
        """One for each of geometry.TRANSFORMS."""
        sides = self._features(pair.a), self._features(pair.b)
        local = self._timed("matching", geometry.local_matches, *sides)
        return self._timed("estimates", lambda: [geometry.follow(local, *sides, name) for name in geometry.TRANSFORMS])

    @property
    def seconds(self) -> float:
        """Of a pair whose photographs are both new, on average so far."""
        features, matching, estimates = (np.mean(found) for found in self._seconds.values())
        return float(2 * features + matching + estimates)

    def _find(self, path: Path) -> geometry.LocalFeatures:
        image = images.decode(path)
        return self._timed("features", geometry.local_features, image, self.kind)

    def _timed(self, what: str, function: Callable, *arguments: Any) -> Any:
        start = time.process_time()
        result = function(*arguments)
        self._seconds[what].append(time.process_time() - start)
        return result


def evd_pairs(folder: Path) -> list[Pair]:
    """All pairs with their true homographies."""
    found = []
    for path in sorted(folder.glob("*_H.txt")):
        a, b = (path.with_name(path.name.replace("_H.txt", f"_{number}.jpg")) for number in (1, 2))
        sizes = [images.decode(one).shape[1::-1] for one in (a, b)]
        matrix = HALF @ np.loadtxt(path) @ np.linalg.inv(HALF)
        points = np.random.default_rng(0).uniform(0, sizes[0], (500, 2))
        mapped = geometry.project(points, matrix)
        seen = ((mapped >= 0) & (mapped < sizes[1])).all(1)
        found.append(Pair(a, b, Truth(matrix, _corners((0, 0), sizes[0]), points[seen], mapped[seen], *sizes)))
    return found


def herd_pair(herd: Herd, first: str, second: str) -> Pair:
    """Two pictures of one flank of one individual, with the truth about the animal's part that both show."""
    mask = herd.mask(first)
    rows, columns = np.nonzero(mask)
    kept = (rows % STEP == 0) & (columns % STEP == 0)
    points0 = np.column_stack([columns[kept], rows[kept]]) + 0.5
    points1, visible = herd.correspondence(first, second, points0)
    points0, points1 = points0[visible], points1[visible]
    best, _ = cv2.findHomography(points0, points1, cv2.LMEDS)
    frame = _corners(points0.min(0), points0.max(0))
    sizes = mask.shape[::-1], herd.mask(second).shape[::-1]
    return Pair(herd.path(first), herd.path(second), Truth(best, frame, points0, points1, *sizes))


def same_flank(table: pd.DataFrame, most: int) -> list[tuple[int, int]]:
    """Row numbers of up to `most` pairs of one individual and flank, drawn with a seed."""
    groups = table.reset_index(drop=True).groupby(["identity", "orientation"]).groups.values()
    found = [(a, b) for rows in groups for number, a in enumerate(rows) for b in rows[number + 1 :]]
    order = np.random.default_rng(0).permutation(len(found))[:most]
    return [found[index] for index in sorted(order)]


def different(table: pd.DataFrame, right: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """As many pairs of the same photographs, of two individuals that are no twins."""
    identity = table["identity"].to_numpy()
    twin = table["twin"].to_numpy() if "twin" in table else np.full(len(table), "")
    rng, found = np.random.default_rng(1), []
    others = [second for _, second in right]
    for first, _ in right:
        apart = [row for row in others if identity[row] not in (identity[first], twin[first])]
        found.append((first, int(rng.choice(apart))))
    return found


def score(pairs: list[Pair], matcher: Matcher) -> pd.DataFrame:
    """A row a pair and transform: found, usable, and of a known truth corners, points, median."""
    return pd.DataFrame(
        [
            _row(transform, found, pair.truth)
            for pair in pairs
            for transform, found in zip(geometry.TRANSFORMS, matcher.alignments(pair), strict=True)
        ]
    )


def _row(transform: str, found: geometry.Alignment, truth: Truth | None) -> dict[str, Any]:
    usable = found.status == geometry.OK
    row = {"transform": transform, "found": found.matrix is not None, "usable": usable}
    row["inliers"] = found.inliers if usable else np.nan
    if truth is None:
        return row
    errors = (np.inf, np.nan) if found.matrix is None else _errors(truth, found.matrix)
    return row | {"corners": errors[0] < WITHIN, "points": errors[1] < WITHIN, "median": errors[1]}


def _errors(truth: Truth, matrix: np.ndarray) -> tuple[float, float]:
    return truth.corner_error(matrix), truth.point_error(matrix)


def _corners(low: Any, high: Any) -> np.ndarray:
    (left, top), (right, bottom) = low, high
    return np.array([(left, top), (right, top), (right, bottom), (left, bottom)], float)


def report(title: str, pairs: list[Pair], others: list[Pair], matchers: list[Matcher]) -> None:
    """Print the table of one set of pairs, and beside it what becomes of pairs of two individuals."""
    truths = [pair.truth for pair in pairs if pair.truth is not None]
    print(f"\n{title}: {len(pairs)} pairs" + (f", and {len(others)} of two individuals" if others else ""))
    known = f"{'corners':>9}{'points':>8}{'median':>8}" if truths else ""
    apart = f"{'different: usable':>19}{'inliers':>9}" if others else ""
    head = f"{'features':10}{'transform':12}{'found':>8}{'usable':>8}{'inliers':>9}"
    print(f"{head}{known}{apart}{'seconds':>9}{'x SIFT':>8}", flush=True)
    base = None
    for matcher in matchers:
        table, wrong = score(pairs, matcher), score(others, matcher)
        base = base or matcher.seconds
        ratio = f"{matcher.seconds / base:.1f}" if matchers[0].kind == "sift" else "-"
        for transform, rows in table.groupby("transform", sort=False):
            line = f"{matcher.kind:10}{transform:12}{rows['found'].mean():>8.0%}{_usable(rows, 8)}"
            if truths:
                line += f"{rows['corners'].mean():>9.0%}{rows['points'].mean():>8.0%}"
                line += f"{_percent(rows['median'].median()):>8}"
            if others:
                line += _usable(wrong[wrong["transform"] == transform], 19)
            print(line + f"{matcher.seconds:>9.2f}{ratio:>8}", flush=True)
    if truths:
        _say("resize only", truths, lambda truth: geometry.resize_only(truth.size0, truth.size1))
        _say("best fit", truths, lambda truth: truth.matrix)


def _usable(rows: pd.DataFrame, width: int) -> str:
    inliers = rows["inliers"].median()
    return f"{rows['usable'].mean():>{width}.0%}{'-' if np.isnan(inliers) else f'{inliers:.0f}':>9}"


def _say(name: str, truths: list[Truth], matrix: Callable[[Truth], np.ndarray]) -> None:
    errors = np.array([_errors(truth, matrix(truth)) for truth in truths])
    corners, points = (errors < WITHIN).mean(0)
    print(f"{name:47}{corners:>9.0%}{points:>8.0%}{_percent(np.median(errors[:, 1])):>8}")


def _percent(share: float) -> str:
    return "-" if np.isnan(share) else f"{share:.1%}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", nargs="+", default=list(geometry.MATCHERS), choices=list(geometry.MATCHERS))
    parser.add_argument("--pairs", type=int, default=60, help="of each kind, of the herd and of nyala")
    parser.add_argument("--sets", nargs="+", default=["evd", "herd", "nyala"], choices=["evd", "herd", "nyala"])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    data = os.environ.get("PAIRX_DATA")
    for name in arguments.sets:
        matchers, folder = [Matcher(features) for features in arguments.features], Path(data or "") / name
        if name != "herd" and not (data and folder.is_dir()):
            print(f"\n{name}: left out, as " + (f"there is no {folder}" if data else "PAIRX_DATA is unset"))
        elif name == "evd":
            report("evd", evd_pairs(folder), [], matchers)
        else:
            herd = load_herd()
            table = herd.table if name == "herd" else load_dataset(folder).table
            right = same_flank(table, arguments.pairs)
            paths, ids = [Path(path) for path in table["path"]], table["image_id"].tolist()
            pairs = [herd_pair(herd, ids[a], ids[b]) if name == "herd" else Pair(paths[a], paths[b]) for a, b in right]
            wrong = [Pair(paths[a], paths[b]) for a, b in different(table, right)]
            report(f"{name}, one flank of one individual", pairs, wrong, matchers)


if __name__ == "__main__":
    main()
