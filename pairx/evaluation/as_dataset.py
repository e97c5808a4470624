"""The photographs of a run as a data set: the form `run:FOLDER`, for what goes on where the run ended."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pairx.datasets.dataset import Rules
from pairx.datasets.sources import FORMS, SAMPLE, Form, Found
from pairx.types import InputError

if TYPE_CHECKING:
    from pairx.evaluation.reading import OpenRun

RUN = "run:"


def source_of(run: OpenRun) -> str:
    """What `load_steps` takes for the photographs of a run; of the sample's, which ships, its name."""
    from pairx.evaluation.run import PHOTOGRAPHS

    kept = (run.folder / PHOTOGRAPHS).is_file()
    return f"{RUN}{run.folder.resolve()}" if kept or run.settings["dataset"] != SAMPLE else SAMPLE


def _photographs(source: str, _rules: Rules, _download: bool) -> Found:
    from pairx.evaluation.reading import open_run

    run = open_run(Path(source.removeprefix(RUN)))
    table = run.photographs
    if table.empty:
        raise InputError(f"{run.name} does not say where its photographs are: evaluate its data set again.")
    folder = Path(os.path.commonpath([os.path.dirname(path) for path in table["path"]]))
    return Found(str(run.settings["dataset"]), table, folder, own=True)


FORMS.add("run", Form(f"`{RUN}FOLDER`, the photographs of a run", lambda source: source.startswith(RUN), _photographs))
