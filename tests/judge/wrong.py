"""Methods that are wrong on purpose, made of one that is right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from pairx import baselines
from pairx.baselines import METHODS, Method, PairAtLayer, encode_pair
from pairx.baselines.registry import Finding, NoOptions
from pairx.datasets import Herd
from pairx.images import decode, digest
from pairx.types import Computation, ImagePair, Step, View

RIGHT = "layercam"
MIRRORED, NEIGHBOUR = "wrong-mirrored", "wrong-neighbour"


@contextmanager
def wrong_methods(herd: Herd) -> Iterator[list[str]]:
    """Two methods more: the maps of RIGHT mirrored, and those of the pair of the next individuals in the herd."""
    names = herd.table["identity"].tolist()
    photographs = [decode(path) for path in herd.table["path"]]
    following = {
        digest(photographs[row]): photographs[(row + names.count(names[row])) % len(names)] for row in range(len(names))
    }

    def mirrored(at: PairAtLayer, options: NoOptions) -> Computation[Finding]:
        yield Step(0, 1, "")
        one = yield from baselines.explain(at, RIGHT, METHODS[RIGHT].options())
        assert one.map0 is not None and one.map1 is not None
        return Finding(np.ascontiguousarray(one.map0[:, ::-1]), np.ascontiguousarray(one.map1[:, ::-1]))

    def neighbour(at: PairAtLayer, options: NoOptions) -> Computation[Finding]:
        yield Step(0, 1, "")
        images = [following[digest(image)] for image in at.pair.images]
        views = [View.whole(image.shape[1], image.shape[0]) for image in images]
        pair = ImagePair(images[0], images[1], "next", "next", views[0], views[1])
        other = encode_pair(at.model, pair, at.layer)
        one = yield from baselines.explain(other, RIGHT, METHODS[RIGHT].options())
        return Finding(one.map0, one.map1)

    added = {MIRRORED: mirrored, NEIGHBOUR: neighbour}
    for name, find in added.items():
        METHODS.add(name, Method(replace(METHODS[RIGHT].card, name=name, title=name), NoOptions, find))
    try:
        yield list(added)
    finally:
        for name in added:
            METHODS.remove(name)
