"""A specification with its photographs beside it, which `pairx figure` makes the figure of elsewhere."""

from __future__ import annotations

import io
import zipfile

from pairx.figures.pairs import SAMPLE
from pairx.figures.spec import Photograph, Spec
from pairx.types import InputError
from pairx.ui.figure.sources import AppSources

MOST_BYTES = 500_000_000


def bundle(spec: Spec, sources: AppSources) -> bytes:
    """The bytes of a ZIP: `figure.yaml`, and each photograph at the path by which it names it; samples come with the
    package. Raises InputError where a photograph is not here, or all of them are too large."""
    file, total = io.BytesIO(), 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("figure.yaml", spec.source.written() if spec.source else "")
        for source in _sources(spec):
            data = sources.file(source).read_bytes()
            total += len(data)
            if total > MOST_BYTES:
                raise InputError(f"The photographs are larger than {MOST_BYTES // 1_000_000} MB: save the YAML alone.")
            archive.writestr(source, data)
    return file.getvalue()


def _sources(spec: Spec) -> list[str]:
    """The files of photographs, each once."""
    found: dict[str, None] = {}
    for entry in (*spec.rows, *spec.columns):
        pair = entry.settings.pair
        both = [getattr(pair, side, None) for side in ("a", "b")]
        for one in (*both, entry.settings.background):
            if isinstance(one, Photograph) and not one.source.startswith(f"{SAMPLE}:"):
                found[one.source] = None
    return list(found)
