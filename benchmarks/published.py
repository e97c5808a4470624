"""Do the presets give what the two public PAIR-X codes give?

    python -m benchmarks.published FOLDER [--engine zennit]

FOLDER/PRESET holds one `.npz` a pair, as the public code computed it from photographs of the sample herd: `about`
(JSON: model, size, photo0, photo1), and for each layer L its best matches in order, `L/cells0`, `L/cells1` (20, 2)
row/column and `L/relevance` (20,), relevance of all cells `L/map0`, `L/map1` (h, w), and pixel maps of the first five
matches `L/pixels0`, `L/pixels1` (5, H/2, W/2), every second row and column. Prints one markdown row a layer of a pair:
how many matches are the same in the same order, and the largest differences of relevance, in the largest value; last,
how far the cells and pixels of each are from what float64 gives, as both were computed in float32.

Target: all matches, and differences up to 1e-4, or as far as the public code's own are from float64.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import pairx
from benchmarks.engine import into_float64
from pairx.core import PRESETS
from pairx.datasets import load_herd
from pairx.types import Explanation, InputError

COLUMNS = (
    "preset", "model", "pair", "layer", "same matches", "relevance", "cells", "pixels", "ours to float64",
    "theirs to float64",
)  # fmt: skip


def compared(file: Path, preset: str, engine: str) -> Iterator[tuple[str, ...]]:
    """The rows of one file."""
    with np.load(file) as stored:
        about, arrays = json.loads(str(stored["about"])), {name: stored[name] for name in stored if name != "about"}
    photographs = load_herd().table
    paths = [photographs["path"][photographs["path"].map(lambda path: Path(path).name) == about[name]].item()
             for name in ("photo0", "photo1")]  # fmt: skip
    model, pair = pairx.load_model(about["model"], size=about["size"]), pairx.load_pair(*paths)
    pixels = len(next(value for name, value in arrays.items() if name.endswith("/pixels0")))
    layers = sorted({name.partition("/")[0] for name in arrays})

    def explained(engine: str) -> dict[str, Explanation]:
        how = {"preset": preset, "engine": engine, "k_colors": pixels}
        return {layer: pairx.explain(model, pair, layer=layer, **how) for layer in layers}

    found = explained(engine)
    into_float64(model)
    exact = explained("exact")
    for layer in layers:
        given = {name.partition("/")[2]: value for name, value in arrays.items() if name.startswith(f"{layer}/")}
        name = " ".join(Path(path).stem for path in paths)
        yield preset, about["model"], name, layer, *differences(found[layer], exact[layer], given)


def differences(found: Explanation, exact: Explanation, given: dict[str, np.ndarray]) -> tuple[str, ...]:
    """The last six of COLUMNS. exact: in float64. given: arrays of one layer by name."""
    count, matches = len(given["relevance"]), found.matches
    same = (matches.cells0[:count] == given["cells0"]) & (matches.cells1[:count] == given["cells1"])
    theirs = [given["map0"], given["map1"]], [*given["pixels0"], *given["pixels1"]]
    ours, right = parts(found), parts(exact)
    return (
        f"{same.all(1).sum()} of {count}",
        f"{difference(matches.relevance[:count], given['relevance']):.1e}",
        *(f"{largest(one, other):.1e}" for one, other in zip(ours, theirs, strict=True)),
        *(" / ".join(f"{largest(*both):.1e}" for both in zip(one, right, strict=True)) for one in (ours, theirs)),
    )


def parts(one: Explanation) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The maps of cells of both photographs, and every second row and column of their pixel maps."""
    return [one.map0, one.map1], [pixels[::2, ::2] for pixels in (*one.pixel_maps0, *one.pixel_maps1)]


def largest(ones: list[np.ndarray], others: list[np.ndarray]) -> float:
    """The largest `difference` of a map to the other of its place."""
    return max(difference(one, other) for one, other in zip(ones, others, strict=True))


def difference(one: np.ndarray, other: np.ndarray) -> float:
    """The largest, in the other's largest magnitude."""
    return float(np.abs(one - other).max() / np.abs(other).max())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="of the public codes' numbers, see above")
    parser.add_argument("--engine", default="exact", help="exact or zennit (default: %(default)s)")
    arguments = parser.parse_args()
    folder = arguments.folder
    files = [(file, preset) for preset in PRESETS for file in sorted((folder / preset).glob("*.npz"))]
    if not files:
        raise SystemExit(f"{folder} holds no .npz in folders named {', '.join(PRESETS)}.")
    print("|", " | ".join(COLUMNS), "|")
    print("|---" * len(COLUMNS) + "|")
    for file, preset in files:
        for row in compared(file, preset, arguments.engine):
            print("|", " | ".join(row), "|", flush=True)


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        raise SystemExit(f"{error}") from error
