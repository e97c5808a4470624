"""What a picture of the app is in a figure's specification: its photographs by reference, and a row and a column."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pairx import core
from pairx.ui.shared.library import SAMPLE_RUN
from pairx.ui.shared.payload import FigurePart
from pairx.ui.shared.photos import Ref
from pairx.ui.shared.session import Request

SAMPLE, UPLOADS, RUNS, REVIEWS = "sample", "uploads", "runs", "reviews"
"""How references begin: `sample:ID`, and three folders. Elsewhere than in the app the others are paths of files."""
_RESERVED = re.compile(r'^\.|[/%\\:?*"<>|\x00-\x1f]')
"""What no name of a file may hold on some machine."""


def reference(folder: str, name: str, photograph: str) -> str:
    """The reference of a photograph of a run or a review by its id, or of an upload by its name and short digest."""
    return "/".join([folder, *(_RESERVED.sub(lambda one: f"%{ord(one[0]):02X}", part) for part in (name, photograph))])


def parts_of(source: str) -> tuple[str, str, str] | None:
    """Folder, name and photograph of a reference; None for another text."""
    folder, *rest = source.split("/")
    names = [unquote(part) for part in rest]
    if folder not in (UPLOADS, RUNS, REVIEWS) or len(names) != 2 or reference(folder, *names) != source:
        return None
    return folder, names[0], names[1]


def of_run(folder: Path, image_id: str) -> str:
    """The reference of a photograph of the run in a folder."""
    return f"{SAMPLE}:{image_id}" if folder == SAMPLE_RUN else reference(RUNS, folder.name, image_id)


def of_ref(ref: Ref, samples: Collection[str]) -> str | dict[str, Any]:
    """A photograph of the shelf, with what part of it is looked at."""
    source = f"{SAMPLE}:{ref.id}" if ref.id in samples else reference(UPLOADS, ref.id, ref.name)
    return {"file": source, **ref.cut.arguments()} if ref.cut else source


def part_of(request: Request, samples: Collection[str], method: str = core.CARD.name) -> FigurePart:
    """The row and the column of a picture: its pair with model and layer, and its method, with the options of PAIR-X
    that are not the paper's."""
    both = of_ref(request.photo0, samples), of_ref(request.photo1, samples)
    part = of_pair(*both, request.model, request.layer)
    part["column"]["method"] = method
    if (chosen := request.options.chosen) and method == core.CARD.name:
        part["column"]["options"] = chosen
    return part


def of_pair(a: Any, b: Any, model: str, layer: str, correct: bool | None = None) -> FigurePart:
    """PAIR-X of two photographs, by their references. correct: whether they show one individual, None where nobody
    knows."""
    row = {"a": a, "b": b} | ({} if correct is None else {"correct": correct})
    return {"row": row | {"model": model, "layer": layer}, "column": {"method": core.CARD.name}}
