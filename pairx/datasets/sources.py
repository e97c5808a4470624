"""Where a data set comes from: each form that one may have is one record."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pairx.datasets.dataset import Dataset, Rules, build_steps
from pairx.datasets.dialects import camtrap_table, in_our_words, json_table
from pairx.datasets.folders import NoPhotographs, folders_table, is_text
from pairx.datasets.herd import load_herd
from pairx.datasets.names import legible
from pairx.datasets.tables import read_table, with_known_columns
from pairx.datasets.wildlife import CATALOGUE, read_wildlife
from pairx.plugins import Registry
from pairx.types import Computation, InputError, finished

SAMPLE = "sample"
MANIFEST = "metadata.csv"


@dataclass(frozen=True)
class Found:
    """What a source holds, not yet checked. name: of the data set. table: of texts, with paths relative to the folder.
    notes: what was guessed and left out. own: whether we made it, so that its links may lead where they do.
    """

    name: str
    table: pd.DataFrame
    folder: Path
    notes: Sequence[str] = ()
    own: bool = False


@dataclass(frozen=True)
class Form:
    """One form of data set. said: what a person gives, for the list of what can be given. takes: whether a source, as
    typed, is one. read: what it holds, under the rules; the last argument is whether it may be downloaded. Raises
    InputError where it holds nothing of that form.
    """

    said: str
    takes: Callable[[str], bool]
    read: Callable[[str, Rules, bool], Found]


FORMS: Registry[Form] = Registry("forms")
"""The forms by name. The latest that takes a source reads it, so that those of other packages come first."""


def forms_sentence() -> str:
    """What can be given, as a sentence."""
    said = [form.said for form in FORMS.values()]
    return f"Give {', '.join(said[:-1])}, or {said[-1]}."


def load_dataset(
    source: str | Path,
    skip_problems: bool = False,
    download: bool = False,
    cache: Path | None = None,
    links_out: bool = True,
    unknown: bool = False,
) -> Dataset:
    """A data set, checked: see `load_steps`."""
    return finished(load_steps(source, skip_problems, download, cache, links_out, unknown))


def load_steps(
    source: str | Path,
    skip_problems: bool = False,
    download: bool = False,
    cache: Path | None = None,
    links_out: bool = True,
    unknown: bool = False,
) -> Computation[Dataset]:
    """A data set, checked, in steps.

    source: "sample", the herd that ships; a folder with metadata.csv; a folder of one folder per identity; a CSV
    (paths relative to its folder); "wildlife:NAME", a data set of the package wildlife-datasets; or whatever another
    form in `FORMS` takes. skip_problems: go on without the rows that have problems. download: fetch a data set of the
    catalogue that is not there yet. cache: where those are kept and what is known of photographs, by default
    `cache_folder()`. links_out: whether links that lead out of the folder are followed; not where somebody else than
    this machine's user names it. unknown: whether photographs of unknown individuals are kept, with "" as identity.

    Raises InputError where there is nothing of that kind, and ManifestError, which lists every problem, where its
    contents are not in order. What was guessed and left out is in `Dataset.notes`.
    """
    rules = Rules(skip_problems, links_out, unknown, cache)
    form = next((form for form in reversed(list(FORMS.values())) if form.takes(str(source))), None)
    if form is None:
        raise InputError(f"{legible(source)}: there is no such data set. {forms_sentence()}")
    found = form.read(str(source), rules, download)
    if found.own:
        rules = Rules(skip_problems, True, unknown, cache)
    return (yield from build_steps(found.name, found.table, found.folder, rules, found.notes))


def _sample(_source: str, _rules: Rules, _download: bool) -> Found:
    herd = load_herd()
    return Found(SAMPLE, herd.table.drop(columns="twin"), herd.folder, own=True)


def _has_manifest(source: str) -> bool:
    return os.path.isfile(os.path.join(source, MANIFEST))


def _with_manifest(source: str, _rules: Rules, _download: bool) -> Found:
    folder = _readable(source)
    return Found(folder.resolve().name, *_table(folder / MANIFEST))


def _of_folders(source: str, rules: Rules, _download: bool) -> Found:
    folder = _readable(source)
    try:
        table, notes = folders_table(folder, rules.links_out, rules.skip_problems)
    except NoPhotographs as error:
        raise InputError(
            f"{folder} holds neither {MANIFEST} nor folders of photographs. {error} {forms_sentence()}"
        ) from error
    return Found(folder.resolve().name, table, folder, notes)


def _csv(source: str, _rules: Rules, _download: bool) -> Found:
    file = _readable(source)
    return Found(file.resolve().name, *_table(file))


def _table(file: Path) -> tuple[pd.DataFrame, Path, Sequence[str]]:
    raw, read = in_our_words(read_table(file))
    table, notes = with_known_columns(raw)
    return table, file.parent, [*read, *notes]


def _is_json(source: str) -> bool:
    return source.casefold().endswith(".json") and os.path.isfile(source)


def _json(source: str, _rules: Rules, _download: bool) -> Found:
    file = _readable(source)
    raw, read = json_table(file)
    table, _ = with_known_columns(raw)
    return Found(file.resolve().name, table, file.parent, read)


def _is_camtrap(source: str) -> bool:
    return all(os.path.isfile(os.path.join(source, f"{name}.csv")) for name in ("media", "observations"))


def _camtrap(source: str, _rules: Rules, _download: bool) -> Found:
    folder = _readable(source)
    table, notes = camtrap_table(folder)
    return Found(folder.resolve().name, table, folder, notes)


def _wildlife(source: str, rules: Rules, download: bool) -> Found:
    name = source.removeprefix(CATALOGUE)
    return Found(f"{CATALOGUE}{name}", *read_wildlife(name, download, rules.cache), own=True)


def _readable(source: str) -> Path:
    """The path that a source is. Raises InputError for one that is not UTF-8."""
    if not is_text(os.path.abspath(source)):
        raise InputError(f"{legible(source)}: the name of the folder, or of one above it, is not UTF-8. Rename it.")
    return Path(source)


for _name, _form in {
    "sample": Form(f"`{SAMPLE}`", SAMPLE.__eq__, _sample),
    "manifest": Form(f"a folder with {MANIFEST}", _has_manifest, _with_manifest),
    "folders": Form(
        "a folder of one folder per identity", lambda it: os.path.isdir(it) and not _has_manifest(it), _of_folders
    ),
    "csv": Form("a CSV or an Excel sheet", os.path.isfile, _csv),
    "json": Form("a JSON of COCO, MegaDetector or SpeciesNet", _is_json, _json),
    "camtrap": Form("a folder of Camtrap DP", _is_camtrap, _camtrap),
    "wildlife": Form(
        f"`{CATALOGUE}NAME` of the package wildlife-datasets", lambda it: it.startswith(CATALOGUE), _wildlife
    ),
}.items():
    FORMS.add(_name, _form)
