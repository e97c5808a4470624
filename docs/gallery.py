"""Makes one figure of each preset: of the sample herd, as the page on figures shows them, or of photographs at hand.

python -m docs.gallery                                    # docs/pictures/figure-*.jpg; two of them take minutes
python -m docs.gallery zhu pairx-1                        # some of them
python -m docs.gallery --data nyala/metadata.csv -o out   # of a data set, at 85 and 175 mm, to be looked at
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

import pairx
from docs.examples import LONGEST, PICTURES
from pairx.datasets import Dataset, load_dataset
from pairx.figures import PRESETS, draw, preset
from pairx.methods import card_of

WIDTHS = (85, 175)
MOST = 290_000  # bytes of a picture
SMALL = {"name": "reid-lite0", "size": 224}
QUICK = ("pairx-2", "hamilton-first-order")
"""Presets of many passes, which a small model makes in minutes."""
SAMPLED, SAMPLES = ("lime", "kernel-shap", "ksam"), 500
"""Methods of a preset of many passes that take so many samples, and not their 5000."""


def main() -> None:
    """Write the pictures that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(PRESETS), help="presets (default: all)")
    parser.add_argument("--data", help="a data set, as `evaluate` takes it, in place of the sample")
    parser.add_argument("-o", "--output", type=Path, default=Path("gallery"), help="folder of figures with --data")
    arguments = parser.parse_args()
    if arguments.data:
        arguments.output.mkdir(exist_ok=True)
    for name in arguments.names:
        if not arguments.data:
            keep(name, Image.open(io.BytesIO(draw(pairx.figure(made(name)), "png"))))
        elif PRESETS[name].given != "run":  # a data set is none
            for width in WIDTHS:
                given = photographs(load_dataset(arguments.data), PRESETS[name].given)
                pairx.figure(made(name, given, width=width)).save(arguments.output / f"{name}-{width}.png")
        print(name, flush=True)


def made(name: str, photographs: Sequence[str] = (), **said: Any) -> dict[str, Any]:
    """A preset's values, quick to compute."""
    values = preset(name, photographs, **said)
    if name in QUICK:
        values["model"] = SMALL
        for entry in [*values["columns"], *values["rows"]]:
            if isinstance(entry, dict) and entry.get("method") in SAMPLED:
                entry |= {"options": {"samples": SAMPLES}, "title": card_of(entry["method"]).title}
    return values


def keep(name: str, image: Image.Image) -> None:
    """Write a picture of the page as JPEG, as good as it can be in `MOST` bytes."""
    image = image.convert("RGB")
    image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    for quality in range(88, 30, -4):
        packed = io.BytesIO()
        image.save(packed, "jpeg", quality=quality, optimize=True)
        if packed.tell() <= MOST:
            break
    (PICTURES / f"figure-{name}.jpg").write_bytes(packed.getvalue())


def photographs(dataset: Dataset, given: str) -> list[str]:
    """Two of one individual and two of different ones, or a query with one of its own and another."""
    table = dataset.table
    (_, first), (_, second), *_ = (rows for rows in table.groupby("identity", sort=False) if len(rows[1]) > 1)
    a, b, c = first["path"].iloc[0], first["path"].iloc[1], second["path"].iloc[0]
    return [a, b, c] if given == "three" else [a, b, a, c]


if __name__ == "__main__":
    main()
