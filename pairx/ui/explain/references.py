"""What the number beside a picture means: what it is compared with, and when nothing can be said."""

from __future__ import annotations

import threading
from collections import OrderedDict

import numpy as np

from pairx import images
from pairx.evaluation.reference import HERD, UNCALIBRATED, Reference, reference
from pairx.models import EmbeddingModel
from pairx.types import ImagePair, InputError
from pairx.ui.explain.payload import ReferenceText
from pairx.ui.shared.library import READY, Library

MOST_RUNS = 20
KEPT = 100
SAME = "Both photographs show the same picture: the similarity says nothing."

NOTHING = "Nothing: not calibrated"
UNKNOWN = (
    "What this number means for photographs like yours is not known. Evaluate a data set of yours under Explore: then "
    "it is compared with its pairs here."
)


def same_picture(pair: ImagePair) -> bool:
    """Whether both images hold the same pixels."""
    return np.array_equal(pair.image0, pair.image1)


def comparable(pair: ImagePair) -> bool:
    """Whether a similarity of these images can mean anything: they differ, and each shows something."""
    return not same_picture(pair) and all(_shows_something(image) for image in (pair.image0, pair.image1))


def _shows_something(image: np.ndarray) -> bool:
    height, width = image.shape[:2]
    low, high = np.percentile(image[:: 1 + height // 256, :: 1 + width // 256], (1, 99))
    return min(height, width) >= images.FEW_PIXELS and high - low >= images.FLAT


class References:
    """What a similarity can be compared with: the sample herd, and the library's finished runs of the same model."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._known: OrderedDict[tuple[str, float], Reference | None] = OrderedDict()
        self._lock = threading.Lock()

    def texts(self, model: EmbeddingModel, similarity: float, own: bool) -> list[ReferenceText]:
        """Each reference with its sentence, the one to begin with first. Empty where there is nothing to compare with.

        own: whether a photograph is no rendered sample. Then nothing is claimed unless a run of the person's own says
        it: those come first, and the herd, which knows nothing of other photographs, only where it is chosen.
        """
        found: list[ReferenceText] = [_text(one, similarity) for one in self._runs(model)]
        herd = reference(model)
        if herd is None:
            return found
        rendered = _text(herd, similarity, HERD.capitalize(), UNCALIBRATED if own else "")
        if not own:
            return [rendered, *found]
        return [*(found or [{"title": NOTHING, "sentence": UNKNOWN, "caution": ""}]), rendered]

    def _runs(self, model: EmbeddingModel) -> list[Reference]:
        states = [one for one in self.library.states() if one.finished and one.name != READY]
        same = [one.name for one in states if (one.settings or {}).get("model_key") == model.key]
        return [found for name in same[:MOST_RUNS] if (found := self._of(name))]

    def _of(self, name: str) -> Reference | None:
        """Of a run; None where it has too few pairs or cannot be opened."""
        try:
            key = name, self.library.changed(name)
            with self._lock:
                if key in self._known:
                    return self._known[key]
            found = Reference.of_run(self.library.run(name), name)
        except InputError:
            return None
        with self._lock:
            self._known[key] = found
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found


def _text(one: Reference, similarity: float, title: str = "", caution: str = "") -> ReferenceText:
    return {"title": title or one.name, "sentence": one.sentence(similarity), "caution": caution}
