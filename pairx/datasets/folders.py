"""A folder of one folder per individual: which photographs it holds, what was guessed, and what was left out."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath

import pandas as pd

from pairx.datasets.names import legible, plain
from pairx.images import RAW_SUFFIXES, SUFFIXES
from pairx.types import InputError

# What network drives, operating systems and photo managers put beside photographs; names that begin with . or @ too.
SYSTEM_FOLDERS = {
    "__macosx", "#recycle", "#snapshot", "$recycle.bin", "lost+found", "network trash folder", "recycler",
    "system volume information", "temporary items", "thumbs", "thumbnails", "_thumbs", "ipod photo cache",
}  # fmt: skip
SYSTEM_FILES = {"desktop.ini", "ehthumbs.db", "thumbs.db"}
SPLIT = re.compile(
    r"(train|training|val|valid|validation|dev|test|testing|holdout|query|queries|probe|gallery|database)"
    r"[ _-]?(set|split|data|images|imgs|photos)?([ _-]?(19|20)\d\d)?"
)
SHOWN = 5  # names that a sentence spells out


class NoPhotographs(InputError):
    """A folder without folders of photographs; the message says what was left out."""


@dataclass
class _Found:
    """What lies below a folder: photographs as paths relative to it; links out of it, followed or not; the rest by name
    or ending."""

    photographs: list[PurePath] = field(default_factory=list)
    behind_links: int = 0
    refused_links: list[str] = field(default_factory=list)
    dead_links: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    system: Counter[str] = field(default_factory=Counter)
    raw: Counter[str] = field(default_factory=Counter)
    other: Counter[str] = field(default_factory=Counter)

    def notes(self) -> list[str]:
        """What was left out, in at most two sentences, and which links lead out of the folder."""
        parts = [
            _counted(self.system, "system or hidden", "folder or file", "folders and files"),
            _counted(self.raw, "camera raw", "file, which is not read", "files, which are not read"),
            _counted(self.other, "other", "file", "files"),
            _named(self.dead_links, "link to nothing", "links to nothing"),
            _named(self.closed, "folder that may not be opened", "folders that may not be opened"),
        ]
        notes = [f"Left out: {'; '.join(filter(None, parts))}."] if any(parts) else []
        if self.refused_links:
            links = _named(self.refused_links, "link leads", "links lead")
            notes.append(f"{links} out of the folder, and what lies there was not read.")
        if self.behind_links:
            notes.append(f"{self.behind_links:,} of the photographs lie behind links that lead out of the folder.")
        return notes


def folders_table(folder: Path, links_out: bool, skip_problems: bool) -> tuple[pd.DataFrame, list[str]]:
    """One row a photograph below the folders of a folder (image_id, path, identity, perhaps split), and what there is
    to say of it.

    The folders are the individuals. Where all photographs lie in one folder of folders, these are; where its folders
    are named as splits are (SPLIT), they are the splits and their folders the individuals. Links are followed, those
    out of the folder only with links_out; no folder is read twice for one individual. Raises NoPhotographs where there
    are none, InputError where splits and individuals cannot be told apart, and for names that are not UTF-8, unless
    they are to be skipped.
    """
    found = _Found()
    root = os.path.realpath(folder)
    _walk(root, root, PurePath(), set(), links_out, found)
    notes = found.notes()
    wrong = [path for path in found.photographs if not is_text(str(path))]
    if wrong and not skip_problems:
        raise InputError(
            f"{folder} holds {len(wrong)} photographs whose names are not UTF-8, such as {legible(wrong[0])}. Rename "
            "them, or skip them."
        )
    paths = [path for path in found.photographs if is_text(str(path)) and len(path.parts) > 1]
    if loose := sum(len(path.parts) == 1 for path in found.photographs):
        many = "photographs were" if loose > 1 else "photograph was"
        notes.append(f"{loose:,} {many} left out: in no individual's folder.")
    if not paths:
        raise NoPhotographs(" ".join(notes))
    depth, split = _levels(folder, paths, notes)
    names = [path.parts[depth] for path in paths]
    notes += _merged(names)
    rows = {"image_id": [path.as_posix() for path in paths], "path": [path.as_posix() for path in paths]}
    rows["identity"] = names
    if split is not None:
        rows["split"] = [path.parts[split] for path in paths]
    return pd.DataFrame(rows), notes


def is_text(path: str) -> bool:
    """Whether a path is text in UTF-8: of other bytes, Python makes halves of characters."""
    return not any("\ud800" <= character <= "\udfff" for character in path)


def _walk(
    root: str, folder: str, relative: PurePath, seen: set[tuple[int, int]], links_out: bool, found: _Found
) -> None:
    """Add what lies in a folder. seen: the folders read so far for the individual."""
    try:
        with os.scandir(folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
        about = os.stat(folder)
    except OSError:
        found.closed.append(legible(relative))
        return
    seen.add((about.st_dev, about.st_ino))
    for entry in ordered:
        below = relative / entry.name
        if _is_system(entry.name):
            found.system[entry.name] += 1
        elif entry.is_symlink() and not os.path.exists(entry.path):
            found.dead_links.append(legible(below))
        elif entry.is_dir():
            about = os.stat(entry.path)
            if (about.st_dev, about.st_ino) not in seen and _may_follow(root, entry, below, links_out, found):
                # What one individual has read, another may read again.
                _walk(root, entry.path, below, seen if relative.parts else set(seen), links_out, found)
        elif entry.is_file():
            ending = os.path.splitext(entry.name)[1].lower()
            if ending in SUFFIXES:
                if _may_follow(root, entry, below, links_out, found):
                    found.photographs.append(below)
                    found.behind_links += not _inside(root, entry.path)
            else:
                found_by = found.raw if ending in RAW_SUFFIXES else found.other
                found_by[ending or "without ending"] += 1


def _is_split(name: str) -> bool:
    return SPLIT.fullmatch(name.strip().casefold()) is not None


def _is_system(name: str) -> bool:
    return name.startswith((".", "@")) or name.casefold() in SYSTEM_FOLDERS | SYSTEM_FILES


def _may_follow(root: str, entry: os.DirEntry, below: PurePath, links_out: bool, found: _Found) -> bool:
    if links_out or not entry.is_symlink() or _inside(root, entry.path):
        return True
    found.refused_links.append(legible(below))
    return False


def _inside(root: str, path: str) -> bool:
    """Whether a path really lies in a folder, wherever links lead."""
    return os.path.realpath(path).startswith(os.path.join(root, ""))


def _levels(folder: Path, paths: Sequence[PurePath], notes: list[str]) -> tuple[int, int | None]:
    """Which parts of the paths are the individual and the split, if any; adds to notes what was guessed."""
    depth, split = _below_wrapper(paths, 0, notes), None
    names = sorted({path.parts[depth] for path in paths})
    splits = [name for name in names if _is_split(name)]
    nested = [len(path.parts) > depth + 2 for path in paths if path.parts[depth] in splits]
    if splits == names and all(nested):
        notes.append(f"{_listed(splits)}: read as splits, and the folders within them as the individuals.")
        depth, split = _below_wrapper(paths, depth + 1, notes), depth
    elif splits == names or (len(splits) > 1 and all(nested)):
        raise InputError(
            f"{folder}: {_listed(splits)} are names of splits, and "
            + ("photographs lie directly in them" if splits == names else "other folders lie beside them")
            + ". Put a folder for each individual into each of them, and nothing beside them; or rename them."
        )
    elif splits:
        notes.append(f"{_listed(splits)}: read as individuals and not as splits, since others lie beside them.")
    outer = sorted({path.parts[depth] for path in paths})
    if len(outer) > 1 and all(len(path.parts) > depth + 2 for path in paths):
        notes.append(f"{_listed(outer)}: read as the individuals, though photographs lie only in folders within them.")
    return depth, split


def _below_wrapper(paths: Sequence[PurePath], depth: int, notes: list[str]) -> int:
    """One level deeper where all photographs lie in one folder that holds folders of them, and that is no split."""
    wrappers = {path.parts[depth] for path in paths}
    if len(wrappers) > 1 or any(len(path.parts) < depth + 3 for path in paths):
        return depth
    (name,) = wrappers
    if _is_split(name) or len({path.parts[depth + 1] for path in paths}) == 1:
        return depth
    notes.append(f"All photographs lie in {name}: the folders within it were read as the individuals.")
    return depth + 1


def _merged(names: Sequence[str]) -> list[str]:
    """What there is to say of folders whose names become one individual's."""
    written: dict[str, set[str]] = {}
    for name in names:
        written.setdefault(plain(name), set()).add(name)
    several = [name for name, ways in written.items() if len(ways) > 1]
    if not several:
        return []
    return [f"Folders whose names differ only in blanks or in how accents are coded are one: {_listed(several)}."]


def _counted(names: Counter[str], kind: str, one: str, many: str) -> str:
    total = names.total()
    return f"{total:,} {kind} {many if total > 1 else one} ({_listed(list(names))})" if total else ""


def _named(names: Sequence[str], one: str, many: str) -> str:
    return f"{len(names):,} {many if len(names) > 1 else one} ({_listed(names)})" if names else ""


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return ", ".join(legible(name) for name in names[:SHOWN]) + more
