"""Where a data set comes from: the sample herd, a folder, a CSV, or the catalogue of wildlife-datasets."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

from pairx.datasets.dataset import Dataset, Rules, build_steps
from pairx.datasets.folders import NoPhotographs, folders_table, is_text
from pairx.datasets.herd import load_herd
from pairx.datasets.names import legible
from pairx.datasets.tables import read_table, with_known_columns
from pairx.datasets.wildlife import CATALOGUE, read_wildlife
from pairx.types import InputError, Step, finished

SAMPLE = "sample"
MANIFEST = "metadata.csv"
FORMS = (
    f"Give `{SAMPLE}`, a folder with {MANIFEST}, a folder of one folder per identity, a CSV, or `{CATALOGUE}NAME` of "
    "the package wildlife-datasets."
)


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
) -> Generator[Step, None, Dataset]:
    """A data set, checked, in steps.

    source: "sample", the herd that ships; a folder with metadata.csv; a folder of one folder per identity; a CSV
    (paths relative to its folder); or "wildlife:NAME", a data set of the package wildlife-datasets. skip_problems: go
    on without the rows that have problems. download: fetch a wildlife data set that is not there yet. cache: where
    wildlife data sets are kept and what is known of photographs, by default `cache_folder()`. links_out: whether links
    that lead out of the folder are followed; not where somebody else than this machine's user names it. unknown:
    whether photographs of unknown individuals are kept, with "" as identity.

    Raises InputError where there is nothing of that kind, and ManifestError, which lists every problem, where its
    contents are not in order. What was guessed and left out is in `Dataset.notes`.
    """
    ours = Rules(skip_problems, True, unknown, cache)
    if str(source) == SAMPLE:
        herd = load_herd()
        return (yield from build_steps(SAMPLE, herd.table.drop(columns="twin"), herd.folder, ours))
    if str(source).startswith(CATALOGUE):
        name = str(source).removeprefix(CATALOGUE)
        table, folder = read_wildlife(name, download, cache)
        return (yield from build_steps(f"{CATALOGUE}{name}", table, folder, ours))
    path = Path(source)
    if not is_text(os.path.abspath(path)):
        raise InputError(f"{legible(path)}: the name of the folder, or of one above it, is not UTF-8. Rename it.")
    rules = Rules(skip_problems, links_out, unknown, cache)
    manifest = path / MANIFEST if os.path.isfile(path / MANIFEST) else path
    if os.path.isfile(manifest):
        table, notes = with_known_columns(read_table(manifest))
        return (yield from build_steps(path.resolve().name, table, manifest.parent, rules, notes))
    if os.path.isdir(path):
        try:
            table, notes = folders_table(path, links_out, skip_problems)
        except NoPhotographs as error:
            raise InputError(f"{path} holds neither {MANIFEST} nor folders of photographs. {error} {FORMS}") from error
        return (yield from build_steps(path.resolve().name, table, path, rules, notes))
    raise InputError(f"{source}: there is no such data set. {FORMS}")
