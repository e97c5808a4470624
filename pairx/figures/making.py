"""A figure in one call, for notebooks and scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from pairx.figures.computed import Figure
from pairx.figures.computing import figure_steps
from pairx.figures.reading import read_spec
from pairx.figures.spec import Spec
from pairx.files import reason
from pairx.types import InputError, finished

MOST_BYTES = 1_000_000


def figure(spec: Spec | dict[str, Any] | str | Path, folder: str | Path | None = None) -> Figure:
    """A computed figure, to `save` as .pdf, .svg or .png.

    spec: a specification's file, its text (of more than one line), its values, or what `read_spec` gave. folder: that
    its paths start at; by default the file's, or the working one. Raises SpecError, an InputError with every problem
    and its line, and InputError where the file cannot be read.
    """
    if isinstance(spec, Path) or (isinstance(spec, str) and "\n" not in spec):
        folder = folder or Path(spec).absolute().parent
        spec = text_of(Path(spec))
    if isinstance(spec, dict):
        spec = written(spec)
    read = read_spec(spec) if isinstance(spec, str) else spec
    return finished(figure_steps(read, None if folder is None else Path(folder)))


def written(values: dict[str, Any]) -> str:
    """A specification's values as YAML, in which no list refers to another that is equal."""
    apart = json.loads(json.dumps(values, default=str))
    return yaml.safe_dump(apart, sort_keys=False, allow_unicode=True, width=110)


def text_of(path: Path) -> str:
    """The text of a specification's file. Raises InputError."""
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({reason(error)}). Give the file of a specification.") from error
    if len(data) > MOST_BYTES:
        raise InputError(f"{path} is no specification: it is larger than a megabyte.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is no text in UTF-8: save it as that.") from error
