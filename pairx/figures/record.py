"""How a figure was made, within its file: an iTXt chunk of a PNG, the metadata of an SVG, an attachment of a PDF."""

from __future__ import annotations

import html
import json
import os
import re
import struct
import zlib
from pathlib import Path
from typing import Any

from pairx.figures.cache import drawing_versions
from pairx.figures.computed import Figure
from pairx.types import InputError

VERSION = 1
NAME = "pairx-figure"
MOST_BYTES = 4_000_000
"""Of a record."""
MOST_FILE = 1_000_000_000
"""Bytes of a figure's file."""
_PNG = b"\x89PNG\r\n\x1a\n"
_SVG = re.compile(rb'<metadata id="pairx-figure">(.*?)</metadata>', re.DOTALL)
_PDF = re.compile(rb"/Subtype /application#2Fjson /PairxFigure true /Length (\d+)\s*>>\s*stream\n")


def record(figure: Figure, dpi: int, place: Path) -> dict[str, Any]:
    """All that the figure depends on, JSON-ready. place: the folder in which the figure lies; its paths start there."""
    spec, source = figure.spec, figure.spec.source
    instead = {path: near(_at(source, path), figure.folder, place) for path in spec.paths} if source else {}
    photographs = [
        {"source": one.name or near(one.source, figure.folder, place), "sha256": one.sha256} for one in figure.used
    ]
    return {
        "version": VERSION,
        "spec": source.written(instead) if source else "",
        "dpi": dpi,
        "versions": {**figure.versions, **drawing_versions()},
        "models": dict(figure.models),
        "photographs": photographs,
    }


def _at(node: Any, path: tuple[str | int, ...]) -> str:
    for step in path:
        node = node.value[step]
    return str(node.value)


def near(source: str, folder: Path, place: Path) -> str:
    """A path that starts at `folder`, as one that starts at `place`. Where it would name folders of somebody's home, or
    lies on another drive, the file's name alone is left."""
    target = Path(os.path.normpath(folder / Path(source).expanduser()))
    try:
        common = Path(os.path.commonpath([target, place]))
    except ValueError:
        return target.name
    if common == Path(common.anchor) or common in Path.home().parents:
        return target.name
    return Path(os.path.relpath(target, place)).as_posix()


def embedded(data: bytes, format: str, about: dict[str, Any]) -> bytes:
    """The file with its record. format: "png", "svg" or "pdf"."""
    text = json.dumps(about, sort_keys=True)
    return {"png": _into_png, "svg": _into_svg, "pdf": _into_pdf}[format](data, text)


def read_record(path: Path) -> dict[str, Any]:
    """The record of a figure's file. Raises InputError where there is none that can be read."""
    try:
        if path.stat().st_size > MOST_FILE:
            raise InputError(f"{path.name} is no figure: it is larger than {MOST_FILE // 1_000_000} MB.")
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path.name} cannot be read ({error.strerror}).") from error
    text = {"png": _from_png, "pdf": _from_pdf, "svg": _from_svg}[_format(data)](data)
    found: Any = None
    try:
        found = json.loads(text) if text and len(text) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        found = None
    kinds = {"spec": str, "dpi": int, "versions": dict, "models": dict, "photographs": list, "version": int}
    fits = isinstance(found, dict) and all(isinstance(found.get(name), kind) for name, kind in kinds.items())
    if not fits or not all(_is_photograph(one) for one in found["photographs"]):
        raise InputError(
            f"{path.name} does not say how it was made: `pairx figure` did not write it, or it was edited."
        )
    if found["version"] > VERSION:
        raise InputError(f"{path.name} was made by a newer version of pairx: install that.")
    return found


def format_of(path: Path) -> str:
    """ "png", "pdf" or "svg", by what a figure's file holds."""
    with open(path, "rb") as file:
        return _format(file.read(len(_PNG)))


def _format(data: bytes) -> str:
    return "png" if data.startswith(_PNG) else "pdf" if data.startswith(b"%PDF") else "svg"


def _is_photograph(one: Any) -> bool:
    return isinstance(one, dict) and all(isinstance(one.get(name), str) for name in ("source", "sha256"))


def _into_png(data: bytes, text: str) -> bytes:
    body = b"iTXt" + NAME.encode() + b"\0\0\0\0\0" + text.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    head = len(_PNG) + 25  # the first chunk is always IHDR
    return data[:head] + chunk + data[head:]


def _from_png(data: bytes) -> str:
    at = len(_PNG)
    while at + 8 <= len(data):
        (length,), kind = struct.unpack(">I", data[at : at + 4]), data[at + 4 : at + 8]
        body = data[at + 8 : at + 8 + length]
        if kind == b"iTXt" and body.startswith(NAME.encode() + b"\0\0\0\0\0"):
            return body[len(NAME) + 5 :].decode(errors="replace")
        at += 12 + length
    return ""


def _into_svg(data: bytes, text: str) -> bytes:
    start = data.index(b">", data.index(b"<svg")) + 1
    inside = f'\n <metadata id="{NAME}">{html.escape(text, quote=False)}</metadata>'
    return data[:start] + inside.encode() + data[start:]


def _from_svg(data: bytes) -> str:
    found = _SVG.search(data)
    return html.unescape(found[1].decode(errors="replace")) if found else ""


def _into_pdf(data: bytes, text: str) -> bytes:
    """An attached file, added as the format adds to what is there: new objects, the catalog again, and a new table of
    places behind the old end."""
    start = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
    trailer = re.findall(rb"trailer\s*<<(.*?)>>\s*startxref", data, re.DOTALL)[-1]
    size = int(re.search(rb"/Size (\d+)", trailer)[1])  # type: ignore[index]
    root = int(re.search(rb"/Root (\d+) 0 R", trailer)[1])  # type: ignore[index]
    catalog = re.search(rb"(?:^|\n)%d 0 obj\s*<<(.*?)>>\s*endobj" % root, data, re.DOTALL)[1]  # type: ignore[index]
    content, name = text.encode(), f"{NAME}.json".encode()
    about = b"/Type /EmbeddedFile /Subtype /application#2Fjson /PairxFigure true /Length %d" % len(content)
    objects = {
        root: b"<<%b /Names << /EmbeddedFiles << /Names [ (%b) %d 0 R ] >> >> >>" % (catalog.rstrip(), name, size),
        size: b"<< /Type /Filespec /F (%b) /UF (%b) /EF << /F %d 0 R >> >>" % (name, name, size + 1),
        size + 1: b"<< %b >>\nstream\n%b\nendstream" % (about, content),
    }
    added, places = data if data.endswith(b"\n") else data + b"\n", {}
    for number, body in objects.items():
        places[number] = len(added)
        added += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"xref\n" + b"".join(b"%d 1\n%010d 00000 n \n" % (number, at) for number, at in sorted(places.items()))
    fresh = re.sub(rb"/Size \d+", b"/Size %d" % (size + 2), trailer).strip() + b" /Prev %d" % start
    return added + table + b"trailer\n<< %b >>\nstartxref\n%d\n%%%%EOF\n" % (fresh, len(added))


def _from_pdf(data: bytes) -> str:
    found = list(_PDF.finditer(data))
    if not found:
        return ""
    return data[found[-1].end() : found[-1].end() + int(found[-1][1])].decode(errors="replace")
