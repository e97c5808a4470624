"""Photographs by id: the samples, and uploads for as long as the server keeps their files."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pairx import images
from pairx.types import ImagePair, InputError, View
from pairx.ui.shared import links

KEPT_UPLOADS = 2000
GONE = "is no longer on the server: uploads are deleted after a day. Upload it again."


@dataclass(frozen=True)
class Ref:
    """A photograph without its pixels: what a session remembers. id: as in links. name: to show. path: of its file."""

    id: str
    digest: str
    name: str
    path: Path


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
        image, view = images.load_image(path, name=name)
        self.opened.add(str(path))
        digest = images.digest(image)
        known = self._by_digest.get(digest)
        ref = Ref(known.id, digest, known.name, path) if known else Ref(links.short(digest), digest, name, path)
        if not known:
            with self._lock:
                self._uploads[ref.id] = ref
                self._uploads.move_to_end(ref.id)
                while len(self._uploads) > KEPT_UPLOADS:
                    self._uploads.popitem(last=False)
        return Photo(ref, image, view)

    def find(self, id: str) -> Ref:
        """A photograph by its id. Raises InputError where its upload is gone."""
        ref = self._samples.get(id) or self._uploads.get(id)
        if ref is None or not ref.path.is_file():
            raise InputError(f"A photograph of this link {GONE}")
        return ref

    def load(self, ref: Ref) -> Photo:
        """Decode a photograph again. Raises InputError where its file is gone or holds something else by now."""
        if not ref.path.is_file():
            raise InputError(
                f"{ref.name} is no longer on the server: uploads are deleted after a day. Upload it again."
            )
        image, view = images.load_image(ref.path, name=ref.name)
        if images.digest(image) != ref.digest:
            raise InputError(f"{ref.name} has changed on the server. Upload it again.")
        return Photo(ref, image, view)


def pair_of(photo0: Photo, photo1: Photo) -> ImagePair:
    """Two photographs as a pair."""
    return ImagePair(photo0.image, photo1.image, photo0.ref.name, photo1.ref.name, photo0.view, photo1.view)
