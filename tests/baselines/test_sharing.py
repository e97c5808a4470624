"""What methods compute once for each other changes nothing, and ends with the comparison."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import numpy as np
import pytest

import pairx
from pairx import lrp, methods
from pairx.baselines import relevance
from pairx.baselines.sides import Graph, Side
from pairx.models import EmbeddingModel
from pairx.testing import make_pair
from pairx.types import Explanation

SHARING = [
    "lrp", "crp", "grad-cam", "hirescam", "grad-cam-no-norm", "vesm", "decomposition", "decomposition-bias", "fullgrad",
]  # fmt: skip


def found(model: EmbeddingModel, names: list[str]) -> dict[str, Explanation]:
    explanations = {one.method: one for one in pairx.compare(model, make_pair(), names)}
    assert all(isinstance(one, Explanation) for one in explanations.values())
    return explanations


@pytest.mark.slow
@pytest.mark.parametrize("order", [1, -1], ids=["as shown", "reversed"])
def test_together_each_method_finds_what_it_finds_alone(order: int, tiny: EmbeddingModel) -> None:
    together = found(tiny, SHARING[::order])
    for name in SHARING:
        alone = found(tiny, [name])[name]
        assert together[name].metrics == pytest.approx(alone.metrics, abs=1e-6)
        for one, other in ((together[name].map0, alone.map0), (together[name].map1, alone.map1)):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-6 * np.abs(other).max(), err_msg=name)


@pytest.fixture
def uncollected() -> Iterator[None]:
    """What is freed, is freed at once, without Python's search for cycles."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
def test_nothing_is_kept_after_a_comparison(tiny: EmbeddingModel, monkeypatch: pytest.MonkeyPatch) -> None:
    recordings, graphs = [], []

    def record(side: Side, own=relevance._recorded) -> lrp.Recording:
        recordings.append(own(side))
        return recordings[-1]

    def noted(graph: Graph, side: Side, own=Graph.__init__) -> None:
        own(graph, side)
        graphs.append(weakref.ref(graph))

    monkeypatch.setattr(relevance, "_recorded", record)
    monkeypatch.setattr(Graph, "__init__", noted)
    steps = methods.compare_each(tiny, make_pair(), ["lrp", "crp", "bilrp", "grad-cam", "vesm", "decomposition"])
    kept = [one for one in steps if isinstance(one, Explanation)]
    assert len(kept) == 6
    assert len(recordings) == 2, "one a photograph, for all three"
    assert len(graphs) == 4, "two a photograph: attention and maxima are differentiated another way for decompositions"
    assert [one.memory for one in recordings] == [0, 0]
    assert [one() for one in graphs] == [None] * 4
