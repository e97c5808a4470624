"""The command line: what it writes and prints, and one line with status 2 for every wrong use."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pairx
from pairx.assets import ASSETS
from pairx.cli import main
from pairx.datasets import load_dataset, load_herd
from pairx.testing import smooth_noise
from tests.hostile import hostile_files

SMALL = ("--model", "lite0-imagenet", "--size", "64")
FAST = (*SMALL, "--k-colors", "1")
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def photos(tmp_path: Path) -> tuple[str, str]:
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed, name in enumerate(("a.png", "b.png")):
        Image.fromarray(smooth_noise(seed, 48 + seed, 64)).save(folder / name)
    return str(folder / "a.png"), str(folder / "b.png")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def written(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_model_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two photographs of one animal that are the same, and one of another: each query finds its own."""
    for animal, name, seed in (("A", "one", 0), ("A", "two", 0), ("B", "three", 1), ("B", "four", 1)):
        (tmp_path / animal).mkdir(exist_ok=True)
        Image.fromarray(smooth_noise(seed)).save(tmp_path / animal / f"{name}.png")
    herd = load_dataset(str(tmp_path))
    monkeypatch.setattr("pairx.datasets.load_dataset", lambda name: {"sample": herd}[name])
    command = ["models", "--check", "lite0-imagenet", "--size", "64"]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "efficientnet-lite0" in out and "1280 numbers" in out
    assert "sample herd, 4 photographs, 4 queries: top-1 100.0%, mAP 100.0%" in out
    assert main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["name"], found["top_1"], found["default_layer"]) == ("lite0-imagenet", 1, "blocks.3")
    assert main(["models", "--check", "nothing"]) == 2
    assert "There is no model 'nothing'" in capsys.readouterr().err


def test_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "embedded", "license", "summary"]
    assert [line.split()[0] for line in lines[:-1]] == [card.name for card in pairx.list_models()]
    assert "timm:NAME" in lines[-1]
    assert main(["models", "--json"]) == 0
    cards = json.loads(capsys.readouterr().out)
    assert {card["name"]: card["embedded"] for card in cards if card["embedded"]} == {
        "reid-lite0": True,
        "lite0-imagenet": True,
    }
    assert next(card["size"] for card in cards if card["name"] == "miewid-msv3") == 440


def test_layers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["layers", *SMALL]) == 0
    table = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert table[0] == ["name", "stride", "grid", "channels", "default"]
    assert table[3:5] == [["blocks.2", "8", "8", "x", "8", "40"], ["blocks.3", "16", "4", "x", "4", "80", "yes"]]
    assert main(["layers", *SMALL, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[3] == {
        "name": "blocks.3",
        "stride": 16,
        "grid": [4, 4],
        "channels": 80,
        "default": True,
    }


def test_methods(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "family", "cost", "summary"]
    assert lines[1].split()[:3] == ["pair-x", "pairwise", "matching"]
    assert main(["methods", "--json"]) == 0
    expected = [json.loads(json.dumps(asdict(card))) for card in pairx.list_methods()]
    assert json.loads(capsys.readouterr().out) == expected


@pytest.mark.slow
@pytest.mark.parametrize(("suffix", "first"), [(".svg", b"<?xml"), (".pdf", b"%PDF-"), (".PNG", b"\x89PNG")])
def test_explain_draws(suffix: str, first: bytes, photos: tuple, out: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["explain", *photos, *FAST, "-o", str(out / f"ab{suffix}")]) == 0
    (path,) = out.iterdir()
    assert path.suffix == suffix.lower()
    assert path.read_bytes().startswith(first)
    printed = capsys.readouterr()
    assert printed.out.startswith("cosine similarity 0.")
    assert f"{path}: " in printed.out
    assert printed.err == ""


def test_explain_draws_a_png_for_print(photos: tuple, out: Path) -> None:
    path = out / "ab.png"
    assert main(["explain", *photos, *FAST, "-o", str(path), "--opacity", "1", "--palette", "okabe-ito"]) == 0
    with Image.open(path) as image:
        image.load()
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert image.width > 1000


def test_explain_saves_what_the_library_computes(photos: tuple, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = out / "ab.npz"
    options = ["--preset", "pairx", "--start", "relevance", "--pixels", "signed"]
    box = ["--box0", "8", "4", "40", "30", "--theta0", "0.3", "--box1", "0", "0", "0.5", "1"]
    assert main(["explain", *photos, *FAST, *options, *box, "--layer", "blocks.2", "-o", str(path)]) == 0
    saved, printed = pairx.Explanation.load(path), capsys.readouterr().out
    assert "matches (their signs are dropped) at blocks.2" in printed and "raise" not in printed.splitlines()[1]
    assert "shown without its sign" in printed
    model = pairx.load_model("lite0-imagenet", size=64)
    pair = pairx.load_pair(*photos, (8, 4, 40, 30), (0, 0, 0.5, 1), 0.3)
    expected = pairx.explain(
        model, pair, layer="blocks.2", k_colors=1, preset="pairx", start="relevance", pixels="signed"
    )
    assert (saved.settings["cells"], saved.settings["residual"]) == ("abs_of_sum", "plain")
    assert saved.settings == json.loads(json.dumps(expected.settings))
    assert saved.similarity == pytest.approx(expected.similarity, abs=1e-6)
    np.testing.assert_array_equal(saved.matches.cells0, expected.matches.cells0)
    np.testing.assert_allclose(saved.map0, expected.map0, rtol=1e-4, atol=1e-6 * np.abs(expected.map0).max())
    scale = np.abs(expected.pixel_maps1).max()
    assert scale > 0
    np.testing.assert_allclose(saved.pixel_maps1, expected.pixel_maps1, rtol=0, atol=1e-4 * scale)


def test_several_layers_write_one_file_each(photos: tuple, out: Path, capsys: pytest.CaptureFixture) -> None:
    layers = ["blocks.3", "blocks.2"]
    arguments = ["explain", *photos, *FAST, "-o", str(out / "ab.npz"), "--json", "--layer", *layers]
    assert main(arguments) == 0
    reports = json.loads(capsys.readouterr().out)
    assert [report["path"] for report in reports] == [str(out / f"ab.{layer}.npz") for layer in layers]
    assert written(out) == ["ab.blocks.2.npz", "ab.blocks.3.npz"]
    for report, layer in zip(reports, layers, strict=True):
        saved = pairx.Explanation.load(report["path"])
        assert saved.settings == report["settings"]
        assert (saved.settings["layer"], len(saved.matches)) == (layer, report["matches"])
        assert report["similarity"] == saved.similarity
        assert report["meaning"] == "", "nothing is known of this model at this size"


@pytest.mark.slow
def test_animate_blinks_what_can_be_laid_over_and_walks(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    herd = load_herd()
    first, second, other = (str(herd.path(name)) for name in ("amara-1", "amara-2", "domino-1"))
    assert main(["animate", first, second, "-o", str(out / "a.gif"), "--features", "sift"]) == 0
    assert re.search(r"amara-2 laid over amara-1: \d+ of \d+ matches \(SIFT", capsys.readouterr().out)
    with Image.open(out / "a.gif") as blink:
        assert blink.n_frames == 2
    said = refused(["animate", first, other, "-o", str(out / "b.gif"), "--features", "sift"], capsys)
    assert "domino-1 is not laid over amara-1: only" in said and written(out) == ["a.gif"]
    points = ["--kind", "points", "--through", "0.5,0.5", "--json"]
    assert main(["animate", first, second, *SMALL, *points, "-o", str(out / "c.png")]) == 0
    assert json.loads(capsys.readouterr().out)["frames"] == 1
    assert main(["explain", first, other, *FAST, "--aligned", "-o", str(out / "d.svg")]) == 0
    assert "domino-1 is not laid over amara-1: only" in (out / "d.svg").read_text()


@pytest.mark.parametrize(
    ("extra", "word"),
    [
        (["-o", "a.mp4"], ".apng"),
        (["-o", "a.gif", "--kind", "points", "--through", "2,0"], "--through"),
        (["-o", "a.gif", "--transform", "shear"], "similarity"),
        (["-o", "a.gif", "--features", "orb9"], "orb9"),
    ],
)
def test_animate_takes_nothing_else(extra: list, word: str, photos: tuple, capsys: pytest.CaptureFixture[str]) -> None:
    assert word in refused(["animate", *photos, *extra], capsys)


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line on stderr of a command that must fail with status 2."""
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("pairx: ")
    return line


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        (["--model", "reid-lite"], "no model 'reid-lite'"),
        (["--model", "timm:resnet18x"], "no architecture 'resnet18x'"),
        (["--model", "gone.pth"], "gone.pth: no such checkpoint"),
        (["--weights", "gone.pth"], "gone.pth: no such checkpoint"),
        (["--layer", "block.3"], "no layer 'block.3'"),
        (["--layer", "blocks.3", "blocks.33"], "no layer 'blocks.33'"),
        (["--layer", ""], "no layer ''"),
        (["--method", "grad-cam2"], "no method 'grad-cam2'"),
        (["--engine", "warp"], "engine is fast or exact or zennit"),
        (["--cells", "sum"], "cells is signed or"),
        (["--start", "end"], "start is activation or"),
        (["--residual", "half"], "residual is norm or"),
        (["--batchnorm", "drop"], "batchnorm is merge or"),
        (["--seed", "7"], "seed is relevance or"),
        (["--positions", "middle"], "positions is centres or between, not 'middle'"),
        (["--strength", "trust"], "strength is relevance or agreement, not 'trust'"),
        (["--preset", "authors"], "no preset 'authors'"),
        (["--method", "grad-cam", "--preset", "pairx"], "grad-cam has no option 'preset'"),
        (["--palette", "neon"], "palette 'neon'"),
        (["--opacity", "2"], "opacity is 0 to 1, not 2"),
        (["--opacity", "nan"], "opacity is 0 to 1, not nan"),
        (["--opacity", "much"], "--opacity"),
        (["--k-colors", "-1"], "-1"),
        (["--k-colors", "1000"], "1000"),
        (["--k-lines", "-1"], "k_lines is 0 or more, not -1"),
        (["--k-lines", "many"], "--k-lines"),
        (["--size", "7"], "7 px: give 16 to 2048"),
        (["--size", "100000000"], "100000000 px: give 16 to 2048"),
        (["--size", "big"], "--size"),
        (["--model", "timm:convnext_atto", "--size", "64", "--weights", "{a}"], "a.png"),
        (["--box0", "900", "900", "10", "10"], "a.png: the box 900, 900, 10, 10 lies outside"),
        (["--box1", "nan", "0", "10", "10"], "b.png: the box nan, 0, 10, 10"),
        (["--box1", "0", "0", "0", "10"], "b.png: the box 0, 0, 0, 10 has no area"),
        (["--box0", "1", "2", "3"], "--box0"),
        (["--theta0", "inf"], "a.png: theta is inf"),
        (["--theta1", "nan"], "b.png: theta is nan"),
        (["--theta0", "north"], "--theta0"),
        (["-o", "{out}/ab.bmp"], "ab.bmp: this is written as .png"),
        (["-o", "{out}/two\nlines.bmp"], "two lines.bmp"),
        (["-o", "{out}/ab"], "ab: this is written as .png"),
        (["-o", "{out}/gone/ab.png"], "gone is no folder"),
        (["-o", "{a}/ab.png"], "a.png is no folder"),
        (["-o", "{photos}.png"], "photos.png is a folder"),
        (["-o", "{out}/" + 300 * "a" + ".npz"], "cannot be written"),
        (["-o", "{out}/" + 300 * "a" + "/ab.npz"], "is no folder"),
        (["--loud"], "--loud"),
        (["third.jpg\nand more"], "third.jpg and more"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_a_wrong_use_gets_one_line(
    extra: list[str], said: str, photos: tuple[str, str], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"{out}": str(out), "{a}": photos[0], "{photos}": str(out.parent / "photos")}
    (out.parent / "photos.png").mkdir()
    for place, path in places.items():
        extra = [argument.replace(place, path) for argument in extra]
    assert said in refused(["explain", *photos, *FAST, "-o", str(out / "ab.npz"), *extra], capsys)
    assert written(out) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "COMMAND"),
        (["explian", "a", "b"], "'explian'"),
        (["explain"], "required: -o"),
        (["explain", "a.jpg", "-o", "x.png"], "Give two photographs, or a list"),
        (["compare", "-o", "x.png"], "Give two photographs, or a list"),
        (["explain", "a.jpg", "b.jpg"], "-o"),
        (["layers", "--model", "timm:resnet18.a2"], "no weights 'resnet18.a2'"),
        (["models", "extra"], "extra"),
    ],
)
def test_a_wrong_command_gets_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(arguments, capsys)
    assert said in line
    assert arguments[:1] == ["layers"] or "--help` shows what it takes" in line


def test_hostile_files_get_one_line_and_a_good_pair_works_afterwards(
    photos: tuple[str, str], out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    command = [*FAST, "-o", str(out / "ab.npz")]
    for what, path in hostile_files(folder).items():
        line = refused(["explain", str(path), photos[1], *command], capsys)
        assert path.name[-12:].replace("\n", "\ufffd") in line, what
    assert "half.jpg" in refused(["explain", photos[0], str(folder / "half.jpg"), *command], capsys)
    assert written(out) == []
    assert main(["explain", *photos, *command]) == 0
    assert written(out) == ["ab.npz"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pairx", *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | {"PYTHONWARNINGS": ""}, capture_output=True, text=True)


@pytest.mark.slow
def test_the_process_returns_the_status_and_says_one_line(photos: tuple[str, str], out: Path) -> None:
    text = out.parent / "notes.jpg"
    text.write_text("no photograph")
    done = run("explain", photos[0], str(text), "-o", str(out / "ab.png"))
    assert (done.returncode, done.stdout, written(out)) == (2, "", [])
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith(f"pairx: {text}")


def test_the_process_without_arguments_says_what_to_do() -> None:
    done = run()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "pairx: the following arguments are required: COMMAND. `python -m pairx --help` shows what it takes.\n"
    )


def test_help_imports_next_to_nothing() -> None:
    heavy = {"cv2", "gradio", "matplotlib", "pandas", "PIL", "scipy", "timm", "torch", "torchvision"}
    code = (
        "import sys, pairx.cli\ntry: pairx.cli.main(['--help'])\n"
        f"except SystemExit: print(sorted({heavy} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.startswith("usage: python -m pairx")
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_an_explanation_imports_no_more_than_it_uses(tmp_path: Path) -> None:
    """What timm, torchvision, zennit and torch would import with them takes longer than an explanation."""
    photographs = [str(ASSETS / "herd" / f"amara-{number}.jpg") for number in (1, 2)]
    unused = (
        "faiss", "fontTools.subset", "kornia", "networkx", "pandas", "scipy", "skimage", "sympy", "timm.models.resnet",
        "torch._dynamo", "torchvision.models.resnet", "zennit",
        "gradio", "matplotlib.pyplot", "plotly", "ray", "sklearn",
    )  # fmt: skip
    code = (
        "import sys, pairx.cli\npairx.cli.main(['explain', *sys.argv[1:]])\n"
        f"print(sorted({set(unused)} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, *photographs, "-o", str(tmp_path / "x.png")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr


def test_the_public_names() -> None:
    assert set(pairx.__all__) <= set(dir(pairx))
    assert {name for name in pairx.__all__ if getattr(getattr(pairx, name), "__name__", "") != name} == {
        "viz",
        "__version__",
    }
    assert pairx.viz.draw.__module__ == "pairx.viz.figure"
    assert not hasattr(pairx, "nothing")


def test_compare_draws_a_grid_and_says_what_cannot_run(photos: tuple, out: Path, capsys: pytest.CaptureFixture) -> None:
    path = out / "grid.png"
    methods = ["--methods", "grad-cam,pair-x,ksam", "--samples", "3"]
    assert main(["compare", *photos, *SMALL, *methods, "--width", "85", "-o", str(path)]) == 0
    with Image.open(path) as image:
        assert image.width / image.info["dpi"][0] * 25.4 == pytest.approx(85, abs=1)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:4]] == ["grad-cam", "pair-x", "ksam"]
    assert "cannot run: 3 samples cannot tell" in lines[3]
    assert all("the model sees it enlarged" in line for line in lines[4:-1]) and lines[-1] == str(path)


def test_compare_stops_sampling_at_an_error_and_prints_it(
    photos: tuple, out: Path, capsys: pytest.CaptureFixture
) -> None:
    command = ["compare", *photos, *SMALL, "--methods", "ig-sam,grad-cam", "-o", str(out / "grid.svg")]
    assert main([*command, "--error", "0.5"]) == 0
    head, first, second = capsys.readouterr().out.splitlines()[:3]
    assert head.split() == ["method", "seconds", "sampled", "note"]
    assert re.search(r"error \.\d\d after \d\d (and \d\d )?samples", first) and "error" not in second
    assert "after" in (out / "grid.svg").read_text()
    for wrong in ("-0.1", "nan", "1.5"):
        assert main([*command, "--error", wrong]) == 2
        assert capsys.readouterr().err.strip().endswith(f"not {float(wrong)}.")


def test_seconds_and_cautions_are_printed_when_asked_for(photos: tuple, out: Path) -> None:
    path = out / "grid.svg"
    command = ["compare", *photos, *SMALL, "--methods", "grad-cam", "-o", str(path)]
    assert main(command) == 0
    bare = path.read_text()
    assert main([*command, "--seconds", "--cautions"]) == 0
    full = path.read_text()
    assert "for the match" in bare and " s<" not in bare and "Averages gradients" not in bare
    assert " s<" in full and "Averages gradients" in full


@pytest.mark.slow
def test_what_was_guessed_is_printed(photos: tuple, out: Path, capsys: pytest.CaptureFixture, monkeypatch) -> None:
    from pairx import images

    read = images.load_pair

    def guessed(*args: object, **parts: object) -> pairx.ImagePair:
        pair = read(*args)
        return replace(pair, view0=replace(pair.view0, notes=("white is taken as 4095.",)))

    monkeypatch.setattr(images, "load_pair", guessed)
    said = "a: white is taken as 4095."
    for command in (["explain"], ["explain", "--method", "grad-cam"], ["compare", "--methods", "pair-x,grad-cam"]):
        path = out / "guessed.svg"
        assert main([*command, *photos, *SMALL, "-o", str(path)]) == 0
        assert capsys.readouterr().out.count(said) == 1
        assert path.read_text().count(said) == 1
        assert main([*command, *photos, *SMALL, "--json", "-o", str(path)]) == 0
        assert all(said in row["notes"] for row in json.loads(capsys.readouterr().out))


def test_compare_tells_a_program(photos: tuple, out: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["compare", *photos, *SMALL, "--methods", "decomposition", "--json", "-o", str(out / "a.svg")]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["method"] == "decomposition"
    assert row["metrics"]["bias0"] > 0
    assert row["settings"]["layer"] == "blocks.3"
    background = ["--methods", "sam", "--background", photos[0], "--json", "-o", str(out / "b.svg")]
    assert main(["compare", *photos, *SMALL, *background]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["settings"]["background"] == pairx.images.digest(pairx.images.decode(photos[0]))


def test_another_method_explains_too(photos: tuple, out: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["explain", *photos, *SMALL, "--method", "grad-cam", "-o", str(out / "a.png")]) == 0
    assert ": at blocks.3, " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--methods", "grad-cam,nothing"], "no method 'nothing'"), (["-o", "a.npz"], "written as .png, .svg, .pdf")],
)
def test_compare_refuses_in_one_line(options: list, said: str, photos: tuple, capsys: pytest.CaptureFixture) -> None:
    assert main(["compare", *photos, *SMALL, "-o", "a.png", *options]) == 2
    error = capsys.readouterr().err
    assert said in error and len(error.splitlines()) == 1
