"""Relevance that has grown by division is told from relevance that was shared out, and is not drawn."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import pairx
from pairx import lrp, viz
from pairx.lrp import belief
from pairx.models import EmbeddingModel, ModelCard, Preprocessing
from pairx.testing import make_pair
from pairx.types import Explanation, ImagePair
from tests.lrp.by_hand import build


class Cancelling(nn.Module):
    """Two branches, not linear, that cancel but for a part `left`: the norm rule enlarges relevance 1 / left times."""

    def __init__(self, left: float) -> None:
        super().__init__()
        self.plus, self.minus = (nn.Sequential(nn.Conv2d(4, 4, 1, bias=False), nn.ReLU()) for _ in range(2))
        self.minus.load_state_dict(self.plus.state_dict())
        self.back = nn.Conv2d(4, 4, 1, bias=False)
        self.back.weight.data = (left - 1) / left * torch.eye(4)[:, :, None, None]
        self.left = left

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.plus(x) / self.left + self.back(self.minus(x))


class Faint(nn.Module):
    """Twice the signal, added up where it is so small that a sum's stabiliser takes most of the relevance."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        small = x * 1e-7
        return (small.relu() - (-small).relu() + small) * 1e7


class Net(nn.Module):
    def __init__(self, before: nn.Module, after: nn.Module) -> None:
        super().__init__()
        first = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.stage = nn.Sequential(first, before, nn.ReLU(), nn.Conv2d(4, 4, 1), nn.ReLU())
        self.after, self.pool, self.flat = after, nn.AdaptiveAvgPool2d(1), nn.Flatten()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.flat(self.pool(self.after(self.stage(x))))


def model_of(before: nn.Module | None = None, after: nn.Module | None = None) -> EmbeddingModel:
    torch.manual_seed(1)
    card = ModelCard("net", "net", "", "net", "MIT", "", layer="stage")
    network = Net(before or nn.Identity(), after or nn.Identity())
    return EmbeddingModel(card, network, Preprocessing((12, 12), (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)))


def test_relevance_that_explodes_is_withheld(pair: ImagePair) -> None:
    torch.manual_seed(0)
    model = model_of(after=Cancelling(1e-4))
    one = pairx.explain(model, pair, k_colors=2, engine="exact")
    for side, cells in enumerate((one.map0, one.map1)):
        expected = np.abs(cells).sum() / abs(one.similarity)
        assert one.metrics[f"magnitude{side}"] == pytest.approx(expected, rel=1e-4)
    assert max(one.metrics["growth0"], one.metrics["growth1"]) > 100
    assert one.withheld.startswith("Not shown: on its way to stage relevance grew to ") and one.withheld in one.notes
    scene = viz.compose(one, pair)
    assert scene.banner == scene.paint_banner == one.withheld
    assert scene.heat0 is None and scene.heat1 is None and scene.marks == () and scene.paint0 is None
    text = viz.draw(one, pair)._print("svg").decode()
    assert text.count("Not shown: on its") == 3 and "match-1" not in text, "twice over the photographs and once below"


@pytest.mark.parametrize("change", [{"composite": "conserving"}, {"residual": "plain"}, {"composite": "gradient"}])
def test_what_shares_by_magnitude_or_promises_nothing_is_drawn(pair: ImagePair, change: dict) -> None:
    torch.manual_seed(0)
    one = pairx.explain(model_of(after=Cancelling(1e-4)), pair, k_colors=1, engine="exact", **change)
    assert one.withheld == one.withheld_pixels == ""
    assert ("error0" in one.metrics) == (change == {"composite": "conserving"})
    if "error0" in one.metrics:
        assert one.metrics["growth0"] <= 1 + 1e-5


def test_pixel_maps_that_explode_are_withheld_alone(pair: ImagePair) -> None:
    torch.manual_seed(0)
    one = pairx.explain(model_of(before=Cancelling(1e-4)), pair, k_colors=2, engine="exact")
    assert one.withheld == "" and "to the pixels relevance grew" in one.withheld_pixels
    assert one.metrics["pixel_growth0"] > 100 > one.metrics["growth0"]
    scene = viz.compose(one, pair)
    assert scene.heat0 is not None and scene.marks and scene.paint0 is None and scene.banner != scene.paint_banner
    assert all(mark.layer0 is None for mark in scene.marks)


def test_relevance_that_is_lost_on_its_way_to_the_pixels_is_told(pair: ImagePair) -> None:
    faint, sound = (pairx.explain(model_of(before), pair, k_colors=2, engine="exact") for before in (Faint(), None))
    assert faint.metrics["error0"] < belief.NOTED_ERROR < 0.3 < faint.metrics["pixel_error0"]
    said = [note for note in faint.notes if note.startswith("Of the strongest match, ")]
    assert len(said) == 2 and "pixels of the second photograph: what is painted into it is inexact" in said[1]
    assert sound.metrics["pixel_error0"] < 1e-4 and not any("lost" in note for note in sound.notes)
    unpainted = pairx.explain(model_of(Faint()), pair, k_colors=0, engine="exact")
    assert "pixel_error0" not in unpainted.metrics and not any("lost" in note for note in unpainted.notes)


@pytest.mark.parametrize("method", ["lrp", "crp", "bilrp"])
def test_other_methods_of_relevance_withhold_it_too(pair: ImagePair, method: str) -> None:
    torch.manual_seed(0)
    exploding, sound = model_of(after=Cancelling(1e-4)), model_of()
    one, other = (pairx.explain(model, pair, method) for model in (exploding, sound))
    assert one.withheld and one.withheld in one.notes and one.metrics["growth0"] > 10
    assert not other.withheld and other.metrics["growth0"] <= 1 + 1e-5
    assert viz.panel_of(one, pair, pairx.list_methods("relevance")[0]).scene.heat0 is None
    if method == "lrp":
        assert other.metrics["error0"] < 1e-4
        assert other.metrics["magnitude0"] == pytest.approx(np.abs(other.map0).sum() / abs(other.similarity), rel=1e-3)


def test_a_saved_explanation_stays_withheld(pair: ImagePair, tmp_path) -> None:
    torch.manual_seed(0)
    one = pairx.explain(model_of(after=Cancelling(1e-4)), pair, k_colors=1)
    one.save(tmp_path / "x.npz")
    assert one.withheld
    assert Explanation.load(tmp_path / "x.npz").withheld == one.withheld


def test_relevance_of_the_class_token_is_told() -> None:
    card = ModelCard("vit", "vit", "", "vit", "MIT", "", layer="blocks.6")
    network = build("vit_tiny_patch16_224", 64).float()
    model = EmbeddingModel(card, network, Preprocessing((64, 64), (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)))
    pair = make_pair()
    one = pairx.explain(model, pair, layer="blocks.11", k_colors=0, engine="exact")
    whole = pairx.explain(model, pair, layer="blocks.6", k_colors=0, engine="exact")
    assert one.metrics["elsewhere0"] == pytest.approx(one.similarity, rel=1e-3), "the head reads the class token only"
    assert one.metrics["elsewhere_share0"] == pytest.approx(1)
    assert any("100% of the relevance of the first photograph lies on tokens" in note for note in one.notes)
    assert 0 < whole.metrics["elsewhere_share0"] < 1
    assert whole.map0.sum() + whole.metrics["elsewhere0"] < one.similarity + 1e-4


def test_notes_say_what_does_not_close() -> None:
    sound = belief.Belief(0.5, 0.5, 0.001)
    assert belief.notes([sound, sound], lrp.Policy()) == ()
    said = belief.notes([belief.Belief(4, 4, 0.03), belief.Belief(0.1, 0.1, 2.5, 0.3, 0.7)], lrp.Policy())
    assert [
        any(word in note for note in said) for word in ("4.0 times", "3.0% is lost", "2.5 times what", "70% of")
    ] == [True] * 4
    assert belief.notes([belief.Belief(4, 4), sound], lrp.Policy("plain")) == ()
    assert "beyond all numbers" in belief.withheld([0.5, float("nan")], lrp.Policy(), "the pixels")
