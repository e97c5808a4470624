"""A library leaves its host alone: what importing pairx and explaining a pair change in the process: nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from pairx.testing import smooth_noise

ROOT = Path(__file__).resolve().parents[1]
# The host's own imports come first: what torch and the others change is theirs. mallopt is counted where Python can
# reach it, through ctypes.
CHILD = """
import ctypes, json, logging, os, random, signal, sys, threading, warnings
import cv2, kornia, matplotlib, numpy as np, pandas, plotly.graph_objects, pyarrow, scipy.sparse.linalg, timm
import scipy.special, skimage.segmentation, torch, torchvision, zennit.composites, zennit.rules
import matplotlib.figure, matplotlib.font_manager
from PIL import Image, ImageFile

Image.init()
called = []

class Watched(ctypes.CDLL):
    def __getattr__(self, name):
        called.extend([name] * (name == "mallopt"))
        return super().__getattr__(name)

ctypes.CDLL = Watched

def state():
    return {
        "allocator": list(called),
        "torch threads": torch.get_num_threads(),
        "torch between threads": torch.get_num_interop_threads(),
        "torch gradients": torch.is_grad_enabled(),
        "torch default type": str(torch.get_default_dtype()),
        "torch deterministic": torch.are_deterministic_algorithms_enabled(),
        "torch tf32": torch.backends.cuda.matmul.allow_tf32,
        "torch random": torch.get_rng_state().sum().item(),
        "numpy random": hash(np.random.get_state()[1].tobytes()),
        "random": hash(random.getstate()),
        "opencv threads": cv2.getNumThreads(),
        "environment": sorted(os.environ.items()),
        "pillow": [sorted(table) for table in (Image.OPEN, Image.SAVE, Image.MIME, Image.EXTENSION)] + list(Image.ID),
        "pillow settings": [Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES],
        "warnings": [repr(one) for one in warnings.filters],
        "logging": [logging.root.level, logging.root.handlers, logging.getLogger("matplotlib").level,
                    logging.getLogger("pairx").level, logging.getLogger("pairx").handlers, logging.raiseExceptions],
        "matplotlib": [sorted(map(str, dict.items(matplotlib.rcParams))), "matplotlib.pyplot" in sys.modules],
        "signals": [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)],
        "hooks": [sys.excepthook is sys.__excepthook__, threading.excepthook is threading.__excepthook__],
        "recursion": sys.getrecursionlimit(),
        "path": list(sys.path),
        "directory": os.getcwd(),
    }

def told(before, step):
    after = state()
    print(json.dumps([step, [[name, repr(before[name]), repr(after[name])] for name in after
                             if repr(after[name]) != repr(before[name])]]))

before = state()
import pairx
for name in pairx.__all__:
    getattr(pairx, name)
told(before, "import")
model = pairx.load_model("reid-lite0", size=96, device="cpu")
pair = pairx.load_pair(*sys.argv[1:3])
explanation = pairx.explain(model, pair, k_lines=5, k_colors=2)
pairx.compare(model, pair, ["grad-cam", "sift"])
told(before, "explain")
pairx.viz.draw(explanation, pair).save(sys.argv[3])
told(before, "draw")
"""


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    """What had changed after each step, in a process of its own: names, before, after."""
    folder = tmp_path_factory.mktemp("host")
    photographs = [folder / "a.heic", folder / "b.jpg"]  # Pillow itself reads no HEIC
    for i, path in enumerate(photographs):
        Image.fromarray(smooth_noise(i, 96, 128)).save(path)
    command = [sys.executable, "-c", CHILD, *map(str, photographs), str(folder / "ab.png")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(map(json.loads, done.stdout.splitlines()))


@pytest.mark.slow
@pytest.mark.parametrize("step", ["import", "explain", "draw"])
def test_the_process_stays_as_it_was(changed: dict[str, list[list[str]]], step: str) -> None:
    assert changed[step] == []
