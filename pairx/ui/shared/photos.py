"""Photographs by id: the samples, and uploads for as long as the server keeps their files."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pairx import images
from pairx.types import ImagePair, InputError, View
from pairx.ui.shared import links
from pairx.ui.shared.cuts import Cut
from pairx.ui.shared.files import cached

KEPT_UPLOADS = 2000
GONE = "is no longer on the server: uploads are deleted after a day. Upload it again."


@dataclass(frozen=True)
class Ref:
    """A photograph without its pixels: what a session remembers.

    id: as in links. digest: of what is looked at. name: to show. path: of the file that the browser has. cut, source:
    what part of which file is looked at, where it is not all of it; the browser has a picture of the part then.
    """

    id: str
    digest: str
    name: str
    path: Path
    cut: Cut | None = None
    source: Path | None = None


@dataclass(frozen=True)
class Photo:
    """A decoded photograph. path: of the file that the browser knows."""

    ref: Ref
    image: np.ndarray
    view: View


class PhotoShelf:
    """Every photograph that a link may name. Uploads are remembered by their content, the oldest forgotten first; their
    files belong to gradio's cache, which deletes them after a day."""

    def __init__(self) -> None:
        self._samples: dict[str, Ref] = {}
        self._by_digest: dict[str, Ref] = {}
        self._uploads: OrderedDict[str, Ref] = OrderedDict()
        self._cuts: OrderedDict[str, tuple[Path, Cut]] = OrderedDict()
        self._lock = threading.Lock()
        self.opened: set[str] = set()
        """Paths of files that were opened; see `pairx.ui.shared.sweeping`."""

    def add_sample(self, id: str, path: Path, name: str) -> None:
        """Make a sample known."""
        ref = Ref(id, images.digest(images.decode(path)), name, path)
        self._samples[id] = ref
        self._by_digest[ref.digest] = ref

    @property
    def samples(self) -> dict[str, Ref]:
        """Samples by id."""
        return self._samples

    def open(self, path: str | Path, name: str) -> Photo:
        """Decode a file that the browser uploaded or was given, and remember it. Raises InputError."""
        path = Path(path)
        source, cut = self._cuts.get(str(path), (path, None))
        if cut is None or not source.is_file():
            return self._whole(path, name)
        self.opened.add(str(path))
        return self._part(self._whole(source, name).ref, cut, path)

    def _whole(self, path: Path, name: str) -> Photo:
        image, view = images.load_image(path, name=name)
        self.opened.add(str(path))
        digest = images.digest(image)
        known = self._by_digest.get(digest)
        ref = Ref(known.id, digest, known.name, path) if known else Ref(links.short(digest), digest, name, path)
        if not known:
            with self._lock:
                _keep(self._uploads, ref.id, ref)
        return Photo(ref, image, view)

    def _part(self, whole: Ref, cut: Cut, path: Path) -> Photo:
        image, view = images.load_image(whole.path, name=whole.name, **cut.arguments())
        return Photo(Ref(whole.id, images.digest(image), whole.name, path, cut, whole.path), image, view)

    def cut(self, whole: Ref, cut: Cut) -> Photo:
        """A part of a photograph, with a picture of it for the browser. Raises InputError."""
        photo = self._part(whole, cut, whole.path)
        path = Path(cached(images.encode_png(photo.image), f"{Path(whole.name).stem}, a part.png"))
        return Photo(replace(photo.ref, path=path), photo.image, photo.view)

    def whole(self, ref: Ref) -> Ref:
        """The whole photograph of a part. Raises InputError where its file is gone."""
        return self._whole(ref.source, ref.name).ref if ref.source else ref

    def given(self, path: str, ref: Ref) -> None:
        """The browser was given a picture of a photograph's part under a path."""
        if ref.cut is not None and ref.source is not None:
            with self._lock:
                _keep(self._cuts, path, (ref.source, ref.cut))

    def find(self, id: str) -> Ref:
        """A whole photograph by its id. Raises InputError where its upload is gone."""
        ref = self._samples.get(id) or self._uploads.get(id)
        if ref is None or not ref.path.is_file():
            raise InputError(f"A photograph of this link {GONE}")
        return ref

    def load(self, ref: Ref) -> Photo:
        """Decode a photograph again. Raises InputError where its file is gone or holds something else by now."""
        file = ref.source or ref.path
        if not file.is_file():
            raise InputError(
                f"{ref.name} is no longer on the server: uploads are deleted after a day. Upload it again."
            )
        image, view = images.load_image(file, name=ref.name, **(ref.cut.arguments() if ref.cut else {}))
        if images.digest(image) != ref.digest:
            raise InputError(f"{ref.name} has changed on the server. Upload it again.")
        return Photo(ref, image, view)


def _keep(kept: OrderedDict[str, Any], key: str, value: Any) -> None:
    """Remember as the newest of KEPT_UPLOADS."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > KEPT_UPLOADS:
        kept.popitem(last=False)


def pair_of(photo0: Photo, photo1: Photo) -> ImagePair:
    """Two photographs as a pair."""
    return ImagePair(photo0.image, photo1.image, photo0.ref.name, photo1.ref.name, photo0.view, photo1.view)
