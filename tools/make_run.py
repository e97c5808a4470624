"""Evaluates the embedded model on the sample herd and stores the run that the tab Explore opens on.

    python -m tools.make_run

Run it again whenever the embedded model, the sample herd, the maths of PAIR-X or the metrics change; a test says so.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pairx
from pairx.commands.reports import report
from pairx.commands.shared import with_progress
from pairx.evaluation.run import PAIRS, SETTINGS, SUMMARY, evaluate_steps
from pairx.ui.shared.library import SAMPLE_RUN

LAYERS = ("blocks.3", "blocks.4")


def main() -> None:
    """Write pairx/assets/run."""
    model = pairx.load_model("reid-lite0")
    with tempfile.TemporaryDirectory(prefix="pairx-") as folder:
        run = with_progress(evaluate_steps("sample", model, layers=LAYERS, out=Path(folder) / "run"))
        SAMPLE_RUN.mkdir(exist_ok=True)
        for name in (PAIRS, SUMMARY, SETTINGS):
            shutil.copyfile(run.folder / name, SAMPLE_RUN / name)
        print("\n".join(report(run.summary, run.settings)))


if __name__ == "__main__":
    main()
