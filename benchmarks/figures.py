"""How long a figure of 12 methods by 6 pairs takes: from nothing, and after a change of its titles.

python -m benchmarks.figures
"""

from __future__ import annotations

import os
import tempfile
import time

from pairx.figures import Figure, draw, figure
from pairx.methods import list_methods

PAIRS = [
    ("inka-1", "inka-2"), ("domino-3", "inka-2"), ("duma-2", "tano-3"), ("zuri-1", "zuri-2"), ("twiga-1", "twiga-2"),
    ("nala-1", "nala-2"),
]  # fmt: skip
METHODS = [card.name for card in list_methods() if not card.slow][:12]


def specification(title: str) -> dict[str, object]:
    """The figure, with a title."""
    pairs = [[f"sample:{a}", f"sample:{b}"] for a, b in PAIRS]
    return {"title": title, "rows": {"methods": METHODS}, "columns": {"pairs": pairs}, "width": 183}


def main() -> None:
    """Print the seconds of each part."""
    with tempfile.TemporaryDirectory() as cache:
        os.environ["PAIRX_CACHE"] = cache
        print(f"{len(METHODS)} x {len(PAIRS)} panels: {', '.join(METHODS)}")
        for title in ("First", "Another title"):
            started, busy = time.perf_counter(), time.process_time()
            made: Figure = figure(specification(title))
            computed = time.perf_counter()
            draw(made, "pdf")
            total, used = time.perf_counter() - started, time.process_time() - busy
            print(f"{title}: computed in {computed - started:.1f} s, with its PDF {total:.1f} s ({used:.1f} s of CPU)")


if __name__ == "__main__":
    main()
