"""Do the presets give what the two public PAIR-X codes give?

    python -m benchmarks.published FOLDER [--engine zennit]

FOLDER/PRESET holds one `.npz` a pair, as the public code computed it from photographs of the sample herd: `about`
(JSON: model, size, photo0, photo1), and for each layer L its best matches in order, `L/cells0`, `L/cells1` (20, 2)
row/column and `L/relevance` (20,), relevance of all cells `L/map0`, `L/map1` (h, w), and pixel maps of the first five
matches `L/pixels0`, `L/pixels1` (5, H/2, W/2), every second row and column. Prints one markdown row a layer of a pair:
how many matches are the same in the same order, and the largest differences of relevance, in the largest value.

Target: all matches, and differences up to 1e-4.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import pairx
from pairx.core import PRESETS
from pairx.datasets import load_herd
from pairx.types import Explanation, InputError

COLUMNS = ("preset", "model", "pair", "layer", "same matches", "relevance", "cells", "pixels")


def compared(file: Path, preset: str, engine: str) -> Iterator[tuple[str, ...]]:
    """The rows of one file."""
    with np.load(file) as stored:
        about, arrays = json.loads(str(stored["about"])), {name: stored[name] for name in stored if name != "about"}
    photographs = load_herd().table
    paths = [photographs["path"][photographs["path"].map(lambda path: Path(path).name) == about[name]].item()
             for name in ("photo0", "photo1")]  # fmt: skip
    model, pair = pairx.load_model(about["model"], size=about["size"]), pairx.load_pair(*paths)
    pixels = len(next(value for name, value in arrays.items() if name.endswith("/pixels0")))
    for layer in sorted({name.partition("/")[0] for name in arrays}):
        given = {name.partition("/")[2]: value for name, value in arrays.items() if name.startswith(f"{layer}/")}
        found = pairx.explain(model, pair, layer=layer, preset=preset, engine=engine, k_colors=pixels)
        name = " ".join(Path(path).stem for path in paths)
        yield preset, about["model"], name, layer, *differences(found, given)


def differences(found: Explanation, given: dict[str, np.ndarray]) -> tuple[str, ...]:
    """The last four of COLUMNS. given: arrays of one layer by name."""
    count, matches = len(given["relevance"]), found.matches
    same = (matches.cells0[:count] == given["cells0"]) & (matches.cells1[:count] == given["cells1"])
    step = 2  # of rows and columns
    pixels = [
        difference(one[::step, ::step], other)
        for side in (0, 1)
        for one, other in zip(getattr(found, f"pixel_maps{side}"), given[f"pixels{side}"], strict=True)
    ]
    return (
        f"{same.all(1).sum()} of {count}",
        f"{difference(matches.relevance[:count], given['relevance']):.1e}",
        f"{max(difference(found.map0, given['map0']), difference(found.map1, given['map1'])):.1e}",
        f"{max(pixels):.1e}",
    )


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
