"""How long a person waits in the Explore tab.

    python -m benchmarks.explore [--pairs 20000] [--clicks 12]

Makes a run with made-up scores over the sample herd's photographs (each under many names), serves the app, opens the run
in Chromium and clicks on points of pairs that were not explained before. Prints seconds until the plot is drawn, from a
click to the pair (photographs and scores), and to PAIR-X with reid-lite0, beside the seconds that the same explanation
takes without a browser; seconds of a box and of a ready-made view; and the hosts that the page asked.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import numpy as np
import pandas as pd
from playwright.sync_api import sync_playwright

import pairx
from benchmarks.memory import ROOT, free_port
from pairx.datasets import load_herd
from pairx.evaluation.reading import open_run
from pairx.ui.library import SAMPLE_RUN

NAME = "made-up"
ARGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
PLACE = """([number]) => {
  const gd = document.querySelector('.px-plot');
  const { _xaxis: x, _yaxis: y } = { _xaxis: gd._fullLayout.xaxis, _yaxis: gd._fullLayout.yaxis };
  const box = gd.getBoundingClientRect();
  for (const trace of gd._fullData) {
    const at = trace.customdata ? [...trace.customdata].indexOf(number) : -1;
    if (at >= 0) return [box.left + x._offset + x.l2p(trace.x[at]), box.top + y._offset + y.l2p(trace.y[at])];
  }
}"""


def write_run(folder: Path, pairs: int) -> None:
    """A finished run: scores of the sample's run with noise, photographs of the herd under many names."""
    known = open_run(SAMPLE_RUN)
    layer, rng = known.layers[0], np.random.default_rng(0)
    rows = pd.read_parquet(SAMPLE_RUN / "pairs.parquet").query("layer == @layer")
    table = rows.sample(pairs, replace=True, random_state=0, ignore_index=True)
    noisy = ["cosine", *known.metrics]
    table[noisy] *= rng.normal(1, 0.1, (pairs, len(noisy)))
    copies = table.groupby(["query_id", "gallery_id"]).cumcount()
    table["query_id"] += "-" + copies.astype(str)
    herd = load_herd().table.drop(columns="twin")
    named = [herd, *(herd.assign(image_id=herd["image_id"] + f"-{i}") for i in range(copies.max() + 1))]
    folder.mkdir(parents=True)
    table.to_parquet(folder / "pairs.parquet", index=False)
    pd.concat(named, ignore_index=True).to_parquet(folder / "photographs.parquet", index=False)
    settings = {**known.settings, "dataset": NAME, "pairs": pairs, "layers": [layer]}
    counts = {"pairs": pairs, "correct": int(table["correct"].sum()), "incorrect": int((~table["correct"]).sum())}
    summary = {**known.summary, **counts, "layers": {layer: {}}}  # the app finds what a summary does not have
    for name, values in (("settings.json", settings), ("summary.json", summary)):
        (folder / name).write_text(json.dumps(values))
