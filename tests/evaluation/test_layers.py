"""The layer that is chosen, and on what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pairx import images
from pairx.cli import main
from pairx.datasets import Dataset, load_dataset, load_herd
from pairx.evaluation import layers, separability, summary
from pairx.evaluation.run import Run
from pairx.models import EmbeddingModel
from pairx.types import InputError, finished


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Four overlapping cuts from pictures of each of six animals, half of them for training."""
    rows = []
    herd = load_herd()
    (tmp_path / "toys").mkdir()
    for i in range(24):
        picture = images.decode(herd.path(herd.table["image_id"][4 * (i % 6)]))
        cut = picture[100 + 15 * (i // 6) : 340, 100 + 10 * (i // 6) : 360 - 2 * i]
        Image.fromarray(cut).save(tmp_path / "toys" / f"{i}.png")
        rows.append((f"p{i}", f"{i}.png", "ABCDEF"[i % 6], "train" if i % 6 < 3 else "test"))
    table = pd.DataFrame(rows, columns=["image_id", "path", "identity", "split"])
    table.to_csv(tmp_path / "toys" / "metadata.csv", index=False)
    return load_dataset(tmp_path / "toys")


@pytest.mark.slow
def test_the_highest_rho_wins(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summary, "RESAMPLES", 5)
    model = ["--model", "lite0-imagenet", "--size", "64"]
    command = ["evaluate", str(tmp_path / "toys"), "--layer", "auto", "--query-split", "test", *model]
    assert main([*command, "-o", str(tmp_path / "run")]) == 0
    choice = Run(tmp_path / "run" / "layers")
    assert choice.settings["pairs"] == 500 and len(choice.settings["layers"]) > 3
    training = set(dataset.table["image_id"][dataset.table["split"] == "train"])
    assert set(choice.pairs["query_id"]) | set(choice.pairs["gallery_id"]) <= training
    rhos = {
        layer: separability.rho(rows["inverted_residual_mean"].to_numpy(), rows["cosine"].to_numpy())
        for layer, rows in choice.pairs.groupby("layer")
    }
    best = max(rhos, key=rhos.__getitem__)
    assert len(set(rhos.values())) > 2
    assert Run(tmp_path / "run").settings["layers"] == [best]
    told = capsys.readouterr().out.splitlines()[-2]
    assert told.startswith(f"layer {best}, chosen on {choice.summary['pairs']} pairs of train: ")
    assert f"{best} {rhos[best]:.3f}" in told and set(choice.summary["other_layers"]) == set(rhos) - {best}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    for change, said in ((["--layer-split", "val"], "no split 'val'"), (["-o", str(tmp_path / "mine")], "other files")):
        assert main([*command, "-o", str(tmp_path / "other"), *change]) == 2
        error = capsys.readouterr().err
        assert said in error and error.count("\n") == 1
    assert [entry.name for entry in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_without_a_layer_to_choose(
    dataset: Dataset, tiny: EmbeddingModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blank = np.full((200, 160, 3), 127, np.uint8)  # without a local feature
    for path in dataset.table["path"]:
        Image.fromarray(blank).save(path)
    with pytest.raises(InputError, match=r"too few have a transform\. Name a layer"):
        finished(layers.choose_layer_steps(dataset, tiny, tmp_path / "run", cache=tmp_path / "cache"))
    monkeypatch.setattr(layers, "MOST_CELLS", 1)
    with pytest.raises(InputError, match=r"at most 1 cells .* Name a layer"):
        finished(layers.choose_layer_steps(dataset, tiny, tmp_path / "run"))
