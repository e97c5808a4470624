"""The same pair under a change: each is seen once by its model, for all methods to share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pairx.baselines import PairAtLayer, encode_pair
from pairx.judging import disturbing
from pairx.judging.untrained import Untrained
from pairx.types import ImagePair, View


@dataclass(frozen=True)
class Others:
    """Of a pair. beside: photograph 0 beside another individual. models: that have forgotten a part."""

    at: PairAtLayer
    beside: ImagePair
    models: Untrained

    @cached_property
    def stranger(self) -> PairAtLayer:
        """Photograph 0 beside another individual."""
        return encode_pair(self.at.model, self.beside, self.at.layer)

    @cached_property
    def untrained(self) -> PairAtLayer:
        """As the model with shuffled weights sees it."""
        return encode_pair(self.models.whole, self.at.pair, self.at.layer)

    @cached_property
    def cascade(self) -> tuple[PairAtLayer, ...]:
        """As models see it that have forgotten more and more; the last is `untrained`."""
        some = (encode_pair(model, self.at.pair, self.at.layer) for model in self.models.cascade[:-1])
        return (*some, self.untrained)

    @cached_property
    def noisy(self) -> PairAtLayer:
        """Photograph 0 with noise."""
        return self._with(disturbing.noisy(self.at.model, self.at.pair.image0))

    @cached_property
    def compressed(self) -> PairAtLayer:
        """Photograph 0 compressed."""
        return self._with(disturbing.compressed(self.at.model, self.at.pair.image0))

    @cached_property
    def shifted(self) -> PairAtLayer:
        """Photograph 0 shifted by a few pixels."""
        return self._with(disturbing.shifted(self.at.model, self.at.pair.image0))

    @cached_property
    def turned(self) -> PairAtLayer:
        """Photograph 0 beside itself, turned."""
        image = self.at.pair.image0
        view = View.whole(image.shape[1], image.shape[0])
        pair = ImagePair(image, disturbing.turned(image), self.at.pair.id0, f"{self.at.pair.id0}, turned", view, view)
        return encode_pair(self.at.model, pair, self.at.layer)

    def _with(self, image: np.ndarray) -> PairAtLayer:
        view = View.whole(image.shape[1], image.shape[0])
        return encode_pair(self.at.model, replace(self.at.pair, image0=image, view0=view), self.at.layer)
