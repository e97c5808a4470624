"""A finished run with known numbers, written without a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from pairx.evaluation.metrics import columns
from pairx.evaluation.store import COUNTS
from pairx.testing import smooth_noise

LAYERS = ("early", "stage")


def scored(pairs: int = 40) -> pd.DataFrame:
    """A run's table: the first half of the pairs correct; at both layers the metrics fall with the pair's number, of
    the last pair they are NaN."""
    half = np.arange(pairs) < pairs // 2
    one = pd.DataFrame(
        {
            "query_id": [f"q{i}" for i in range(pairs)],
            "gallery_id": [f"g{i}" for i in range(pairs)],
            "correct": half,
            "cosine": np.linspace(0.9, 0.1, pairs),
            **{name: np.linspace(1, 0, pairs) for name in columns()},
            **dict.fromkeys(COUNTS, 7),
            "status": ["ok", "few inliers"] * (pairs // 2),
        }
    )
    one.loc[pairs - 1, list(columns())] = np.nan
    return pd.concat([one.assign(layer=layer) for layer in LAYERS], ignore_index=True)


def write_run(folder: Path, pairs: int = 40, **settings: Any) -> pd.DataFrame:
    """Write it, with four photographs of noise that all ids share; returns its photographs."""
    folder.mkdir(parents=True)
    table = scored(pairs)
    files = [folder / f"photo{i}.png" for i in range(4)]
    for i, path in enumerate(files):
        Image.fromarray(smooth_noise(i)).save(path)
    rows = []
    for i in range(pairs):
        same = i < pairs // 2
        owners = (f"Animal {i}", f"Animal {i}" if same else f"Other {i}")
        for id, owner, path, side in zip((f"q{i}", f"g{i}"), owners, files[i % 2 :: 2], ("left", "right"), strict=True):
            flank = side if i % 2 else "left"
            rows.append({"image_id": id, "path": str(path), "identity": owner, "species": "cow", "orientation": flank})
    photographs = pd.DataFrame(rows)
    bins = [{"start": 0.3, "stop": 0.5}, {"start": 0.5, "stop": 0.7}]
    found = {
        "correct": pairs // 2, "incorrect": pairs // 2 - 1, "rho": 0.5, "delta": 0.25, "delta_reason": "",
        "delta_interval": [0.1, 0.4], "delta_null": [-0.1, 0.1], "delta_p": 0.01, "window": [0.3, 0.7], "bins": bins,
    }  # fmt: skip
    summary = {
        "pairs": pairs, "correct": pairs // 2, "incorrect": pairs // 2, "k": 5, "best_layer": "stage",
        "retrieval": {"queries": 8, "top_1": 0.5, "top_5": 0.75, "map": None},
        "status": {"ok": pairs // 2, "few inliers": pairs // 2},
        "layers": {layer: {name: found for name in columns()} for layer in LAYERS},
    }  # fmt: skip
    known = {"dataset": "cows", "model": "reid-lite0", "layers": LAYERS, "pairs": pairs, "seed": 0, **settings}
    table.to_parquet(folder / "pairs.parquet", index=False)
    photographs.to_parquet(folder / "photographs.parquet", index=False)
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "settings.json").write_text(json.dumps(known))
    return photographs
