"""Packages outside of this one: what they add is everywhere, and one that is broken is named and left out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from pairx import geometry
from pairx.plugins import Registry
from pairx.types import InputError

METHOD = """
import torch
from pairx.baselines.registry import each_side, method, sides_card

CARD = sides_card(
    name="dense-cosine", title="Dense cosine", family="nearest neighbours", summary="The cosine of each place.",
    paper="None: an example", equation="cos(a, e)", needs=("activations", "both photographs"), cost="no more forwards",
)


@method(CARD)
@each_side
def dense_cosine(side, options):
    mine = side.activation / side.activation.norm(dim=0).clamp(min=1e-9)
    return (mine * mine.mean((1, 2), keepdim=True)).sum(0) * (side.embedding @ side.partner)
"""
METRIC = """
from pairx.evaluation.metrics import METRICS, Metric


def spread(case):
    return float(case.explanation.matches.keypoints1.std())


METRICS.add("match_spread", Metric("Spread of the matches, px", spread))
METRICS.add("worst_residual", Metric("Worst residual", lambda case: -case.in_input["inverted_residual_mean"], True))
"""
MATCHER = """
import numpy as np
from pairx.geometry import MATCHERS, Matcher
from pairx.types import MethodCard


def overlay(image0, image1):
    parts = np.array([(x / 6, y / 6) for x in range(1, 6) for y in range(1, 6)])
    return parts * image0.shape[1::-1], parts * image1.shape[1::-1], np.full(len(parts), 0.5)


card = MethodCard(
    name="overlay", title="Overlay", family="classical", summary="Lays one photograph over the other.", paper="None",
    equation="x", license="MIT", needs=("both photographs",), symmetric=True, cost="none",
)
MATCHERS.add("overlay", Matcher(card, match_images=overlay))
"""
MODEL = """
import torch
from torch import nn
from pairx.models import MODELS, ModelCard


def build():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU(),
                         nn.AdaptiveAvgPool2d(1), nn.Flatten())


HALF = (0.5, 0.5, 0.5)
MODELS.add("tiny-own", ModelCard("tiny-own", "Tiny, ours", "An example.", "two convolutions", "MIT", "here", (48, 32),
                                 HALF, HALF, build=build))
MODELS.add("unsaid", ModelCard("unsaid", "Unsaid", "An example.", "two convolutions", "MIT", "here", build=build))
"""
FORM = """
import pandas as pd
from pathlib import Path
from pairx.datasets import FORMS, Form, Found


def read(source, rules, download):
    lines = [line.split("=") for line in Path(source).read_text().split()]
    table = pd.DataFrame({"image_id": name, "path": f"{name}.png", "identity": who} for name, who in lines)
    return Found("listed", table, Path(source).parent, ["Read from a list."])


FORMS.add("list", Form("a list NAME=INDIVIDUAL", lambda source: source.endswith(".list"), read))
"""
ENTRIES = {
    "pairx.methods": {"dense-cosine": "mine", "broken": "that_is_not_there"},
    "pairx.metrics": {"match_spread": "mine_too"},
    "pairx.matchers": {"overlay": "my_matcher"},
    "pairx.models": {"tiny-own": "my_model"},
    "pairx.forms": {"list": "my_form"},
}


@pytest.fixture(scope="module")
def plugged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a package as pip installs it: modules, and entry points that name them."""
    folder = tmp_path_factory.mktemp("site")
    about = folder / "mine-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    sections = (
        "\n".join([f"[{kind}]", *(f"{name} = {place}" for name, place in each.items())])
        for kind, each in ENTRIES.items()
    )
    (about / "entry_points.txt").write_text("\n".join(sections))
    (folder / "mine.py").write_text(METHOD)
    (folder / "mine_too.py").write_text(METRIC)
    (folder / "my_matcher.py").write_text(MATCHER)
    (folder / "my_model.py").write_text(MODEL)
    (folder / "my_form.py").write_text(FORM)
    return folder


def python(plugged: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(plugged)!r}); "
    return subprocess.run([sys.executable, "-c", code + arguments[0], *arguments[1:]], capture_output=True, text=True)


@pytest.mark.slow
def test_a_method_of_another_package_is_listed_explained_and_checked(plugged: Path) -> None:
    run = python(
        plugged,
        "import pairx, pairx.methods as m; from pairx.testing import check_method, make_pair, tiny_model; "
        "print(m.families()[-1], pairx.explain(tiny_model(), make_pair(), 'dense-cosine').map0.shape); "
        "check_method('dense-cosine')",
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split("\n")[0] == "nearest neighbours (6, 6)"


@pytest.mark.slow
def test_a_broken_one_is_named_and_left_out(plugged: Path) -> None:
    run = python(plugged, "from pairx.cli import main; main()", "methods")
    assert run.returncode == 0, run.stderr
    assert "dense-cosine" in run.stdout and "pair-x" in run.stdout
    assert "The plug-in 'broken' of pairx.methods is left out (ModuleNotFoundError: " in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.slow
def test_a_metric_of_another_package_is_in_the_run_its_summary_and_the_words(plugged: Path, tmp_path: Path) -> None:
    code = f"""
import pairx
from pairx.datasets import Dataset, load_dataset
from pairx.testing import tiny_model
from pairx.ui.shared.words import metric_title
table = load_dataset("sample").table.iloc[:12].reset_index(drop=True)
run = pairx.evaluate(Dataset("few", table), tiny_model(), out={str(tmp_path / "run")!r}, pairs=6)
print([name for name in run.pairs if "spread" in name or "worst" in name])
print([name for name in run.summary["layers"]["stage"] if "spread" in name or "worst" in name])
print(metric_title("resize_worst_residual"), "/", metric_title("match_spread"))
"""
    run = python(plugged, code.replace("\n", "", 1))
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "['worst_residual', 'resize_worst_residual', 'match_spread']",
        "['worst_residual', 'resize_worst_residual', 'match_spread']",
        "Control: worst residual / Spread of the matches, px",
    ]
    again = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "was begun with other metrics (match_spread, resize_worst_residual, worst_residual)" in again.stderr


@pytest.mark.slow
def test_a_matcher_that_looks_at_both_photographs_is_a_method_and_gives_transforms(plugged: Path) -> None:
    code = """
import numpy as np, pairx
from pairx import geometry
from pairx.testing import check_method, make_pair, tiny_model
pair = make_pair()
found = pairx.explain(tiny_model(), pair, "overlay")
check_method("overlay")
matrix = geometry.align(*(geometry.local_features(one, "overlay") for one in pair.images), "affine").matrix
print(len(found.matches), np.allclose(matrix, geometry.resize_only((0, 0, 64, 48), (0, 0, 40, 60)), atol=1e-2))
"""
    run = python(plugged, code.replace("\n", "", 1))
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "25 True"


@pytest.mark.slow
def test_a_model_of_another_package_is_listed_loaded_and_explained(plugged: Path) -> None:
    code = """
import pairx
from pairx.testing import make_pair
model = pairx.load_model("tiny-own")
found = pairx.explain(model, make_pair(), k_colors=1)
print(model.size, model.key == pairx.load_model("tiny-own").key, found.map0.shape, found.pixel_maps0.shape)
try: pairx.load_model("unsaid")
except pairx.InputError as error: print(error)
"""
    run = python(plugged, code.replace("\n", "", 1))
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "(48, 32) True (12, 8) (1, 48, 32)",
        "The card of unsaid builds its network, but does not say size, mean, std.",
    ]
    for arguments in (["models"], ["models", "--json"]):
        run = python(plugged, "from pairx.cli import main; main()", *arguments)
        assert run.returncode == 0 and "tiny-own" in run.stdout, run.stderr


def test_a_form_of_another_package_is_read_and_named(plugged: Path, tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "olive").save(tmp_path / "a.png")
    (tmp_path / "some.list").write_text("a=Asha")
    code = f"""
from pairx.datasets import load_dataset
found = load_dataset({str(tmp_path / "some.list")!r})
print(found.name, list(found.table["identity"]), found.notes[0])
try: load_dataset("nothing.xyz")
except ValueError as error: print(error)
"""
    run = python(plugged, code.replace("\n", "", 1))
    assert run.returncode == 0, run.stderr
    first, second = run.stdout.splitlines()
    assert first == "listed ['Asha'] Read from a list."
    assert second.endswith("or a list NAME=INDIVIDUAL.")


def test_a_matcher_is_of_one_kind() -> None:
    card = geometry.MATCHERS["sift"].card
    for given in ({}, {"detect": len}, {"detect": len, "match": len, "match_images": len}):
        with pytest.raises(InputError, match="The matcher sift has detect and match, or match_images alone"):
            geometry.Matcher(card, **given)


def test_a_registry_is_in_order_and_refuses_a_name_twice() -> None:
    registry: Registry[int] = Registry("numbers")
    registry.add("b", 2)
    registry.add("a", 1)
    assert list(registry.items()) == [("b", 2), ("a", 1)]
    with pytest.raises(InputError, match="There are two numbers with the name 'a'"):
        registry.add("a", 3)
    names = iter(registry)
    next(names)
    registry.remove("a")
    assert list(names) == ["a"] and list(registry) == ["b"]
