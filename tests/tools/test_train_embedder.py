"""The training tool: its split, its measure, its classes, a training in small, and the released file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from pairx.assets import ASSETS
from pairx.testing import smooth_noise
from tools import train_embedder as tool

RELEASED = ASSETS / "reid-lite0.safetensors"


def herd_of(counts: list[int]) -> pd.DataFrame:
    """Photographs of as many animals as counts, both flanks in turn."""
    rows = [
        (f"{i}-{j}", f"{i}-{j}.png", str(i), ["left", "right"][j % 2]) for i, n in enumerate(counts) for j in range(n)
    ]
    return pd.DataFrame(rows, columns=["image_id", "path", "identity", "orientation"]).assign(dataset="nyala")


def test_split_leaves_a_third_of_the_identities_out_over_all_sizes() -> None:
    herd = herd_of([2] * 30 + [9] * 30)
    kept, out = tool.leave_out(herd.sample(frac=1, random_state=1))
    assert not set(kept["identity"]) & set(out["identity"])
    assert len(kept) + len(out) == len(herd)
    assert out["identity"].value_counts().value_counts().to_dict() == {2: 10, 9: 10}
    assert set(out["identity"]) == set(tool.leave_out(herd)[1]["identity"])


def test_measure_counts_queries_that_can_be_right() -> None:
    angles = np.radians([0, 10, 12, 90, 95, 200])
    embeddings = np.column_stack([np.cos(angles), np.sin(angles)]) * np.arange(1, 7)[:, None]
    identities = np.array(["a", "a", "b", "b", "c", "alone"])
    queries, first, fifth = tool.top_1_and_5(embeddings, identities)
    assert (queries, first, fifth) == (4, 1 / 4, 1.0)
    apart = np.eye(6, dtype=bool)
    apart[0, 1] = apart[1, 0] = True  # the two photographs of a belong to one encounter
    assert tool.top_1_and_5(embeddings, identities, apart)[0] == 2


def test_flanks_are_classes_of_their_own_and_no_negatives() -> None:
    labels, ignored = tool.classes_of(herd_of([2, 3]), flanks=True)
    assert labels.tolist() == [0, 1, 2, 3, 2]
    assert ignored.shape == (8, 8)
    assert ignored[0].nonzero().flatten().tolist() == [1, 4, 5]  # the other flank, and both mirrored


def test_margin_costs_and_ignored_classes_do_not() -> None:
    torch.manual_seed(0)
    embeddings, classes = torch.randn(6, 8), torch.arange(6) % 3
    without = tool.ArcFace(8, torch.zeros(3, 3, dtype=torch.bool), tool.Recipe())
    assert without(embeddings, classes, 1.0) > without(embeddings, classes, 0.0)
    ignoring = tool.ArcFace(8, ~torch.eye(3, dtype=torch.bool), tool.Recipe())
    ignoring.load_state_dict(without.state_dict())
    assert ignoring(embeddings, classes, 0.0) < without(embeddings, classes, 0.0)


def test_warp_without_chance_is_a_resize_and_mirrors() -> None:
    image = smooth_noise(0, 80, 80)
    still = tool.Recipe(size=64, smallest_crop=1.0, rotation=0.0)

    class Middle:
        """A generator without chance."""

        def uniform(self, low: float = 0.0, high: float = 1.0, size: int | None = None) -> np.ndarray:
            return np.full(size or (), (low + high) / 2)

    warped = tool.random_warp(image, still, False, Middle()).astype(int)
    expected = np.asarray(Image.fromarray(image).resize((64, 64), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(warped - expected)[2:-2, 2:-2].mean() < 3
    mirrored = tool.random_warp(image, still, True, Middle()).astype(int)
    assert np.abs(mirrored[:, ::-1] - warped)[2:-2, 2:-2].mean() < 1


def test_channels_are_weighed_by_their_fisher_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first channel tells the two classes apart, the second only their members."""
    torch.manual_seed(0)
    labels = np.array([0, 0, 0, 1, 1, 1])
    embeddings = torch.tensor([[0.6, 0.8], [0.8, -0.6], [0.6, 0.8], [-0.6, 0.8], [-0.8, -0.6], [-0.6, 0.8]])
    net = torch.nn.Module()
    net.bn = torch.nn.BatchNorm1d(2)
    monkeypatch.setattr(tool, "embed", lambda *_: 5 * embeddings)
    torch.nn.init.constant_(net.bn.bias, 2.0)
    tool.weigh_channels(net, np.zeros(()), labels)
    within = torch.stack([embeddings[:3].var(0, correction=0), embeddings[3:].var(0, correction=0)]).mean(0)
    between = torch.stack([embeddings[:3].mean(0), embeddings[3:].mean(0)]).var(0)
    ratio = between / within
    torch.testing.assert_close(net.bn.weight.detach(), ratio / ratio.mean())
    torch.testing.assert_close(net.bn.bias.detach(), 2 * ratio / ratio.mean())
    assert net.bn.weight[0] > 100 * net.bn.weight[1]


def test_training_writes_a_file_that_the_app_loads(tmp_path: Path) -> None:
    herd = herd_of([4, 4])
    for i, row in herd.iterrows():
        Image.fromarray(smooth_noise(int(i))).save(tmp_path / row["path"])
    herd["path"] = [str(tmp_path / path) for path in herd["path"]]
    out = tmp_path / "net.safetensors"
    tool.train(herd, herd, tool.Recipe(size=48, final_size=64, epochs=1, batch=4), out)
    model = tool.load_model("reid-lite0", weights=out)
    assert model.size == (64, 64)
    assert np.isfinite(model.embed(herd["path"])).all()


def test_released_file_is_small_and_says_how_to_use_it() -> None:
    assert RELEASED.stat().st_size <= 8 * 2**20
    with safe_open(RELEASED, "pt") as file:
        assert file.metadata().keys() >= {"size", "mean", "std", "default_layer"}
        assert {name.split(".")[0] for name in file.keys()} == {"backbone", "pooling", "bn"}  # noqa: SIM118
        assert file.get_tensor("bn.weight").dtype == torch.float16


@pytest.mark.skipif("PAIRX_DATA" not in os.environ, reason="PAIRX_DATA names no folder with the nyala photographs")
def test_card_lists_the_nyalas_left_out() -> None:
    _, test = tool.leave_out(tool.read_photographs(Path(os.environ["PAIRX_DATA"]) / "nyala"))
    names = sorted(set(test["identity"]), key=int)
    assert ", ".join(names) in " ".join(RELEASED.with_suffix(".md").read_text().split())
