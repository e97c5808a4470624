"""How many samples do the sampling methods need, and is the error that they tell of themselves the true one?

    python -m benchmarks.convergence [--methods kernel-shap lime ksam …] [--model reid-lite0] [--size 96] [--pairs 1]
        [--points points.csv] [-o convergence.png]

Explains pairs of the sample herd, two photographs of one flank of one animal, with 1/64 to all of a method's own
number of samples. A row a method: of each number, the error of its map in the map's own length, in brackets the error
that the method tells of itself, then the rank correlation with the map that is taken for the truth; means over pairs.
The map is that of both photographs, of second-order methods the tensor.

Taken for the truth is what the method finds without chance, where it can (all windows, all directions); of a way, and
of ever smaller rectangles, four times its own number of samples; otherwise its own number with another seed, less the
share of the difference that is that run's. As figure 5 of Hamilton et al., on photographs. A small input makes it
quick: how many numbers a method has to find depends on its segments or players, and only of windows and rectangles on
the input's size. --points keeps what was measured, and goes on from there; -o draws it.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr

import pairx
from benchmarks.correspondence import correct_pairs
from pairx.datasets import load_herd
from pairx.methods import card_of, cards, option_names, options_of
from pairx.models import EmbeddingModel
from pairx.types import Explanation, ImagePair, InputError

PARTS = (64, 32, 16, 8, 4, 2, 1)
"""Of a method's own number of samples, one in so many."""
WITHOUT_CHANCE = ("sbsm", "sbsm-second-order", "bilrp", "ig-sam-second-order", "integrated-jacobians")
"""Those that find all there is with enough samples."""
ENOUGH = 1_000_000
SEEDS = (0, 2, 3, 4, 5, 6, 7, 8)
"""Of a method with FEW samples, whose error differs much from seed to seed; the truth may have the seed 1."""
FEW = 500
COLOURS = ("#000000", "#e69f00", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#8c8c8c")
"""Of Okabe and Ito, told apart by people with colour blindness; grey in the place of yellow, which paper swallows."""
MARKS = "osD^vPX*"
NEAR = 1.5
"""Decades of samples between lines whose names might meet."""


@dataclass(frozen=True)
class Point:
    """Of one method with so many samples: the map's error, the error that the method tells (NaN where none), and the
    rank correlation with what is taken for the truth."""

    method: str
    samples: int
    error: float
    told: float
    rank: float


def sampling_methods() -> list[str]:
    """The methods that draw samples, integrate over a way, or refine as long as they may."""
    return [name for name in cards() if "samples" in option_names(name)]


def points(model: EmbeddingModel, pairs: Sequence[ImagePair], method: str) -> Iterator[Point]:
    """A method's points, the fewest samples first; without those where it says that they are too few."""
    own = options_of(method).samples
    truths = [_vector(pairx.explain(model, pair, method, **_truth(method, own))) for pair in pairs]
    seeds = [{"seed": seed} for seed in SEEDS] if own <= FEW and "seed" in option_names(method) else [{}]
    for samples in [own // part for part in PARTS]:
        found = []
        try:
            for pair, truth in zip(pairs, truths, strict=True):
                for seed in seeds:
                    run = pairx.explain(model, pair, method, samples=samples, **seed)
                    found.append(_compared(run, truth, _share(method, samples, own)))
        except InputError:
            continue
        yield Point(method, samples, *np.mean(found, 0).tolist())


def _truth(method: str, own: int) -> dict[str, int]:
    """Options of the run that is taken for the truth."""
    if method in WITHOUT_CHANCE:
        return {"samples": ENOUGH}
    return {"seed": 1} if "seed" in option_names(method) else {"samples": 4 * own}


def _share(method: str, samples: int, own: int) -> float:
    """Which part of the squared difference to that run is due to these samples, and not to its own."""
    independent = method not in WITHOUT_CHANCE and "seed" in option_names(method)
    return own / (own + samples) if independent else 1.0


def _compared(run: Explanation, truth: np.ndarray, share: float) -> tuple[float, float, float]:
    found = _vector(run)
    away = np.sqrt(share) * np.linalg.norm(found - truth) / np.linalg.norm(truth)
    return float(away), _told(run), float(spearmanr(found, truth).statistic)


def _vector(explanation: Explanation) -> np.ndarray:
    """(N,) the numbers of the tensor, or of both maps."""
    if explanation.tensor is not None:
        return explanation.tensor.ravel().astype(float)
    assert explanation.map0 is not None and explanation.map1 is not None
    return np.concatenate([explanation.map0.ravel(), explanation.map1.ravel()]).astype(float)


def _told(explanation: Explanation) -> float:
    """The error that a method tells, of both maps together."""
    metrics = explanation.metrics
    if explanation.tensor is not None or "sampling_error0" not in metrics or "sampling_error1" not in metrics:
        return metrics.get("sampling_error", np.nan)
    lengths = np.array([np.linalg.norm(one) for one in (explanation.map0, explanation.map1) if one is not None])
    errors = np.array([metrics["sampling_error0"], metrics["sampling_error1"]])
    return float(np.linalg.norm(errors * lengths) / np.linalg.norm(lengths))


def read(path: Path | None) -> list[Point]:
    """What was measured before."""
    if path is None or not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return [
            Point(row["method"], int(row["samples"]), *(float(row[name]) for name in ("error", "told", "rank")))
            for row in csv.DictReader(file)
        ]


def write(path: Path, found: Sequence[Point]) -> None:
    """Keep what is measured so far."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, list(Point.__dataclass_fields__), lineterminator="\n")
        rows.writeheader()
        rows.writerows(asdict(one) for one in found)


def row(method: str, found: Sequence[Point]) -> str:
    """A row of the table."""
    own, known = options_of(method).samples, {one.samples: one for one in found if one.method == method}
    cells = [_cell(known.get(own // part)) for part in PARTS]
    return f"| {' | '.join([f'`{method}`', f'{own:,}', *cells])} |"


def _cell(point: Point | None) -> str:
    if point is None:
        return "–"
    told = "" if np.isnan(point.told) else f" ({point.told:.2f})"
    return f"{point.error:.2f}{told} {point.rank:.2f}"


def draw(found: Sequence[Point], path: Path) -> None:
    """Error against the number of samples, each line with its method's name."""
    import matplotlib

    matplotlib.use("agg")
    matplotlib.rcParams["svg.hashsalt"] = "convergence"
    from matplotlib import pyplot

    figure, both = pyplot.subplots(1, 2, figsize=(12, 5.2), layout="constrained")
    for axes, second in zip(both, (False, True), strict=True):
        names = [name for name in dict.fromkeys(one.method for one in found) if card_of(name).second_order == second]
        ends: list[tuple[Point, str, str]] = []
        for name, colour, mark in zip(names, COLOURS, MARKS, strict=False):
            own = [one for one in found if one.method == name and one.error > 1e-3]
            if not own:
                continue
            axes.loglog([one.samples for one in own], [one.error for one in own], marker=mark, color=colour, ms=5)
            ends.append((own[-1], card_of(name).title.removesuffix(", second order"), colour))
        axes.set(
            title="Pairs of places" if second else "Places", xlabel="samples", ylabel="error, in the map's own length"
        )
        axes.set_xlim(None, axes.get_xlim()[1] * (10 if second else 30))
        axes.axhline(0.1, color="#8c8c8c", lw=0.8, ls=":")
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_formatter("{x:g}")
        _label(axes, ends)
    figure.savefig(path, dpi=110, metadata={"Date": None} if path.suffix == ".svg" else None)


def _label(axes: Any, ends: list[tuple[Point, str, str]]) -> None:
    """Names beside the ends of lines, moved up so that none covers another."""
    placed: list[tuple[float, float]] = []
    apart = 0.05 * np.ptp(np.log10(axes.get_ylim()))
    for end, name, colour in sorted(ends, key=lambda one: one[0].error):
        x, y = np.log10(end.samples), np.log10(end.error)
        y = max([y, *(other + apart for near, other in placed if abs(near - x) < NEAR)])
        placed.append((x, y))
        axes.text(10**x * 1.2, 10**y, name, ha="left", va="center", color=colour, fontsize=9.5)


def main() -> None:
    """Print the table, and draw it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", nargs="+", default=sampling_methods(), metavar="NAME")
    parser.add_argument("--model", default="reid-lite0")
    parser.add_argument("--size", type=int, default=96, help="the model's input (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=1)
    parser.add_argument("--points", type=Path, metavar="FILE", help="a CSV to keep what is measured, and to go on from")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="a picture, .png or .svg")
    arguments = parser.parse_args()
    model, herd = pairx.load_model(arguments.model, size=arguments.size), load_herd()
    pairs = [pairx.load_pair(*map(herd.path, ids)) for ids in correct_pairs(herd, arguments.pairs)]
    found = read(arguments.points)
    print("| method | its own samples |", " | ".join(f"1/{part}" if part > 1 else "all" for part in PARTS), "|")
    print("|---" * (len(PARTS) + 2) + "|")
    for method in arguments.methods:
        if all(one.method != method for one in found):
            found += points(model, pairs, method)
            if arguments.points:
                write(arguments.points, found)
        print(row(method, found), flush=True)
    if arguments.output:
        draw([one for one in found if one.method in arguments.methods], arguments.output)


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        raise SystemExit(f"{error}") from error
