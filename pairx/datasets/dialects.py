"""What other tools of the field write, as tables of ours: Wild Me's CSV and COCO, Wildbook's annotation export
and bulk import, CarnivoreID's sheet, MegaDetector, SpeciesNet, Camtrap DP."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import pandas as pd

from pairx.datasets.dataset import BOX
from pairx.types import InputError

LEAST_CONFIDENCE = 0.2
"""Of a detection that counts: what MegaDetector's own documentation takes for its fifth version."""
MOST_JSON = 2**30  # bytes
ANIMAL = "animal"


@dataclass(frozen=True)
class Dialect:
    """A table of another tool. name: of the tool. needs: columns by which it is known, in small letters. columns: ours
    by theirs, of which the first that is there is taken. joined: ours by the text between parts of theirs, and these,
    as far as they are known."""

    name: str
    needs: frozenset[str]
    columns: Mapping[str, tuple[str, ...]]
    joined: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)


_ENCOUNTER = {
    "path": ("encounter.mediaasset0",),
    "identity": ("name0.value", "markedindividual.individualid", "encounter.individualid"),
    "orientation": ("annotation0.viewpoint",),
    "bbox": ("annotation0.bbox",),
    "encounter": ("encounter.sightingid",),
    "place": ("encounter.locationid", "encounter.verbatimlocality"),
}
_OF_ENCOUNTER = {
    "species": (" ", ("encounter.genus", "encounter.specificepithet")),
    "date": ("-", ("encounter.year", "encounter.month", "encounter.day")),
}
DIALECTS = (
    Dialect(
        "Wildbook's annotation export",
        frozenset({"encounter.mediaasset0", "annotation0.bbox"}),
        _ENCOUNTER,
        _OF_ENCOUNTER,
    ),
    Dialect(
        "Wildbook's bulk import",
        frozenset({"encounter.mediaasset0", "markedindividual.individualid"}),
        _ENCOUNTER,
        _OF_ENCOUNTER,
    ),
    Dialect(
        "Wild Me's CSV",
        frozenset({"name", "viewpoint"}),
        {
            "image_id": ("annot_uuid", "uuid"),
            "path": ("file_path", "file_name"),
            "identity": ("name",),
            "orientation": ("viewpoint",),
            "encounter": ("encounter",),
        },
    ),
    Dialect(
        "CarnivoreID's sheet",
        frozenset({"original_path", "unique_name"}),
        {
            "path": ("original_path",),
            "identity": ("unique_name",),
            "species": ("taxon",),
            "place": ("locality_name",),
            "date": ("datetime",),
        },
    ),
)


def in_our_words(raw: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """A table of another tool with our columns beside its own, and how each was read; any other table as it is."""
    theirs = {str(column).strip().casefold(): column for column in raw}
    found = next((one for one in DIALECTS if one.needs <= theirs.keys() and "identity" not in theirs), None)
    if found is None:
        return raw, []
    read = {
        ours: theirs[next(name for name in names if name in theirs)]
        for ours, names in found.columns.items()
        if ours not in theirs and any(name in theirs for name in names)
    }
    table = raw.assign(**{ours: raw[column] for ours, column in read.items()}).drop(columns=[*set(read.values())])
    if "image_id" not in table and "path" in table:
        table["image_id"] = numbered(table["path"])
    for ours, (between, names) in found.joined.items():
        parts = [theirs[name] for name in names if name in theirs]
        if parts and ours not in theirs:
            rows = zip(*(raw[one].astype(str) for one in parts), strict=True)
            table[ours] = [between.join(_padded(cell) for cell in takewhile(bool, cells)) for cells in rows]
            read[ours] = ", ".join(map(str, parts))
    said = ", ".join(f"{ours} from {column}" for ours, column in read.items())
    return table, [f"Read as {found.name}: {said}."]


def _padded(cell: str) -> str:
    """A month or a day has two digits."""
    return cell.zfill(2) if cell.isdigit() else cell


def numbered(paths: Iterable[str]) -> list[str]:
    """Image ids for annotations: the path of the photograph, with a number where it has several."""
    paths = [str(path) for path in paths]
    several = {path for path, count in Counter(paths).items() if count > 1}
    seen: Counter[str] = Counter()
    ids = []
    for path in paths:
        seen[path] += 1
        ids.append(f"{path}#{seen[path]}" if path in several else path)
    return ids


def json_table(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """The annotations of a JSON file: Wild Me's COCO, or the animals that MegaDetector or SpeciesNet found. Returns the
    table of texts and how it was read. Raises InputError for any other file."""
    try:
        if path.stat().st_size > MOST_JSON:
            raise InputError(f"{path} is larger than {MOST_JSON >> 30} GiB. Split it.")
        values = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read as JSON ({' '.join(str(error).split())[:120]}).") from error
    values = values if isinstance(values, dict) else {}
    if isinstance(values.get("annotations"), list) and isinstance(values.get("images"), list):
        return _coco(path, values)
    if isinstance(values.get("predictions"), list):
        return _detections(path, values["predictions"], "filepath", "SpeciesNet", {})
    if isinstance(values.get("images"), list):
        return _detections(path, values["images"], "file", "MegaDetector", values.get("detection_categories") or {})
    raise InputError(
        f"{path} is neither a COCO file nor one of MegaDetector or SpeciesNet. Make a CSV of it with the columns "
        "image_id, path and identity."
    )


def camtrap_table(folder: Path) -> tuple[pd.DataFrame, list[str]]:
    """The photographs of animals of a camera-trap data package (Camtrap DP 1), one row an observation of a photograph.
    Raises InputError where its tables do not fit together."""
    observations, media = (_texts(folder / f"{name}.csv") for name in ("observations", "media"))
    for table, name, columns in (
        (observations, "observations.csv", ("mediaID", "observationType")),
        (media, "media.csv", ("mediaID", "filePath")),
    ):
        if missing := [column for column in columns if column not in table]:
            raise InputError(f"{folder / name} lacks {', '.join(missing)}: it is no table of Camtrap DP 1.")
    animals = observations[(observations["observationType"] == ANIMAL) & (observations["mediaID"] != "")]
    joined = animals.merge(media, on="mediaID", how="inner", suffixes=("", "_media"))
    if not len(joined):
        raise InputError(f"{folder} has no observation of an animal that names a photograph of media.csv.")
    table = pd.DataFrame({"path": joined["filePath"], "image_id": numbered(joined["filePath"])})
    read = ["path from filePath"]
    for ours, theirs in {
        "identity": "individualID", "species": "scientificName", "encounter": "eventID", "date": "timestamp",
        "place": "deploymentID", "x": "bboxX", "y": "bboxY", "w": "bboxWidth", "h": "bboxHeight",
    }.items():  # fmt: skip
        if theirs in joined and (joined[theirs] != "").any():
            table[ours] = joined[theirs]
            read.append(f"{ours} from {theirs}")
    notes = [f"Read as Camtrap DP: {', '.join(read)}."]
    if left := len(observations) - len(animals):
        notes.append(f"{left:,} observations were left out: of no animal, or of no single photograph.")
    return _with_identity(table), notes


def _texts(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InputError(f"{path} is no table ({' '.join(str(error).split())}). Save it as CSV in UTF-8.") from error


def _coco(path: Path, values: Mapping[str, Any]) -> tuple[pd.DataFrame, list[str]]:
    images, annotations = (_objects(values[name]) for name in ("images", "annotations"))
    by_id = {str(image[key]): image for image in images for key in ("id", "uuid") if key in image}
    names = {str(one.get("id")): str(one.get("name", "")) for one in _objects(values.get("categories") or [])}
    rows, lost = [], 0
    for one in annotations:
        image = by_id.get(str(one.get("image_uuid"))) or by_id.get(str(one.get("image_id")))
        if image is None or not image.get("file_name"):
            lost += 1
            continue
        rows.append(
            {
                "path": str(image["file_name"]),
                "identity": _text(one.get("name", one.get("individual_uuid"))),
                "orientation": _text(one.get("viewpoint")),
                "species": _text(one.get("species")) or names.get(str(one.get("category_id")), ""),
                "theta": _text(one.get("theta")),
                "bbox": _text(one.get("bbox")),
                "image_id": _text(one.get("uuid")),
            }
        )
    if not rows:
        raise InputError(f"{path} has no annotation of a photograph that it names.")
    table = pd.DataFrame(rows)
    if (table["image_id"] == "").any():
        table["image_id"] = numbered(table["path"])
    table["path"] = _found(path.parent, table["path"])
    notes = [
        "Read as COCO: path from file_name, identity from name, orientation from viewpoint, species from species or "
        "the category, the box from bbox."
    ]
    return table, notes + (
        [f"{lost:,} annotations were left out: they name no photograph of the file."] if lost else []
    )


def _detections(
    path: Path, entries: Sequence[Any], key: str, tool: str, categories: Mapping[str, Any]
) -> tuple[pd.DataFrame, list[str]]:
    rows, weak = [], 0
    for entry in _objects(entries):
        for one in _objects(entry.get("detections") or []):
            kind = str(one.get("label") or categories.get(str(one.get("category")), "")) or str(one.get("category"))
            if kind.casefold() not in (ANIMAL, "1"):
                continue
            box, confidence = one.get("bbox"), one.get("conf")
            if not isinstance(confidence, int | float) or confidence < LEAST_CONFIDENCE:
                weak += 1
            elif isinstance(box, list) and len(box) == 4:
                rows.append([str(entry.get(key, "")), *map(str, box)])
    if not rows:
        raise InputError(f"{path}: {tool} found no animal with a confidence of {LEAST_CONFIDENCE} or more.")
    table = pd.DataFrame(rows, columns=["path", *BOX])
    table["image_id"] = numbered(table["path"])
    notes = [
        f"Read as {tool}'s detections: one row an animal, of no known individual; boxes as fractions. {weak:,} with a "
        f"confidence below {LEAST_CONFIDENCE} were left out."
    ]
    return _with_identity(table), notes


def _with_identity(table: pd.DataFrame) -> pd.DataFrame:
    return table if "identity" in table else table.assign(identity="")


def _found(folder: Path, paths: Iterable[str]) -> list[str]:
    """Paths as they are, or in the folder `images` beside the file, where COCO's often are."""
    return [
        f"images/{path}" if not (folder / path).is_file() and (folder / "images" / path).is_file() else path
        for path in paths
    ]


def _objects(values: Any) -> list[dict[str, Any]]:
    return [one for one in values if isinstance(one, dict)] if isinstance(values, list) else []


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value)
