"""The documentation: its Python runs, its commands exist, its tables and pictures are there, and it builds."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType

import numpy as np
import pytest

import pairx
from docs import hooks, tables
from pairx import geometry, lrp, plugins, testing
from pairx.baselines import METHODS
from pairx.cli import parser
from pairx.datasets import FORMS, load_herd
from pairx.evaluation.metrics import METRICS
from pairx.evaluation.reference import reference
from pairx.lrp import handlers
from pairx.models import MODELS
from pairx.ui.about import examples
from tests.test_layout import FLOORS

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)(?: title=\"([\w.]+)\")?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PHOTOGRAPHS = {"a": "zuri-1", "b": "zuri-2", "c": "otis-1"}
MOST = 400_000  # bytes of a picture
REGISTRIES = (METHODS, METRICS, geometry.MATCHERS, MODELS, FORMS)
GROUPS = {f"pairx.{one.kind}" for one in REGISTRIES}  # of entry points


def blocks(path: Path, *languages: str) -> list[tuple[int, str, str]]:
    """(line, title, text) of a page's fenced blocks in these languages."""
    text = path.read_text(encoding="utf-8")
    found = [found for found in FENCE.finditer(text) if found[1] in languages]
    return [(text[: one.start(3)].count("\n"), one[2] or "", one[3]) for one in found]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


class Running:
    """A page's Python, run from the top as far as is asked, in one namespace."""

    def __init__(self, path: Path) -> None:
        self.path, self.names, self.done = path, {"__name__": "page"}, 0

    def run_to(self, number: int) -> None:
        for line, title, text in blocks(self.path, "python", "py")[self.done : number + 1]:
            if title:
                Path(title).write_text(text, encoding="utf-8")
            exec(compile("\n" * line + text, name_of(self.path), "exec"), self.names)
            self.done += 1


@pytest.fixture(scope="module")
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A page in a folder with photographs; what it registers ends with it."""
    folder, before = tmp_path_factory.mktemp("page"), os.getcwd()
    herd = load_herd()
    for name, image_id in PHOTOGRAPHS.items():
        shutil.copyfile(herd.path(image_id), folder / f"{name}.jpg")
    for row in herd.table[herd.table["species"] == "zebra"].itertuples():
        (folder / "photos" / row.identity).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(row.path, folder / "photos" / row.identity / f"{row.image_id}.jpg")
    known = [set(one) for one in REGISTRIES]
    with pytest.MonkeyPatch.context() as patch:
        for table in ("LRP", "GRADIENT"):
            patch.setattr(handlers, table, getattr(handlers, table))
        patch.setattr(sys, "path", [str(folder), *sys.path])
        os.chdir(folder)
        yield Running(request.param)
        os.chdir(before)
    for registry, names in zip(REGISTRIES, known, strict=True):
        for name in set(registry) - names:
            registry.remove(name)


CASES = [
    pytest.param(path, number, id=f"{name_of(path)}-{number + 1}")
    for path in PAGES
    for number in range(len(blocks(path, "python", "py")))
]


@pytest.mark.slow
@pytest.mark.parametrize(("page", "number"), CASES, indirect=["page"], scope="module")
def test_python_runs(page: Running, number: int) -> None:
    page.run_to(number)


def test_no_block_is_left_out() -> None:
    """Fences say their language, so that what is Python or a command is tested as such."""
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        opened = re.findall(r"^\s*```(.*)$", text, re.MULTILINE)[::2]
        assert len(opened) == len(FENCE.findall(text)), f"{name_of(path)}: a fence without a language, or indented"
        assert {one.split()[0] for one in opened} <= {"python", "sh", "text", "toml", "csv", "yaml"}, name_of(path)


def commands(path: Path) -> Iterator[list[str]]:
    """The words of each command of a page's shell blocks."""
    for _, _, text in blocks(path, "sh"):
        for line in text.replace("\\\n", " ").splitlines():
            for part in re.split(r"&&|\|", line):
                words = shlex.split(part, comments=True)
                while words and re.fullmatch(r"\w+=\S*", words[0]):
                    words.pop(0)
                if words:
                    yield words


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_commands_exist(path: Path) -> None:
    for words in commands(path):
        if words[:3] == ["python", "-m", "pairx"]:
            words = ["pairx", *words[3:]]
        if words[:2] == ["python", "-m"] and words[2].partition(".")[0] in ("benchmarks", "tools", "docs"):
            assert find_spec(words[2]), words
        elif words[0] == "pairx":
            parser().parse_args(words[1:])
        elif words[0] == "python" and words[1] != "-m":
            assert (ROOT / words[1]).is_file(), words


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_files_and_modules_that_are_named_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"`((?:pairx|tests|tools|benchmarks|docs)/[\w./-]*)`", text):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"python -m ((?:pairx|tools|benchmarks|docs)[\w.]*)", text):
        assert find_spec(name.rstrip(".")), name
    for name in re.findall(r"`(pairx(?:\.\w+)+)`", text):
        assert name in GROUPS or _found(name), name


def _found(name: str) -> bool:
    """Whether there is something by a dotted name."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        with suppress(ModuleNotFoundError):
            one = import_module(".".join(parts[:length]))
            break
    for part in parts[length:]:
        one = getattr(one, part, None)
    return one is not None


def test_every_public_name_has_its_place_in_the_reference() -> None:
    said = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "api").glob("*.md"))
    shown = set(re.findall(r"^::: ([\w.]+)$", said, re.MULTILINE))
    public = {f"pairx.{name}" for name in pairx.__all__} | {f"pairx.lrp.{name}" for name in lrp.__all__}
    assert public - {"pairx.__version__", "pairx.viz"} <= shown
    for module in (plugins, testing):
        made = {name: one for name, one in vars(module).items() if isinstance(one, type | FunctionType)}
        own = {name for name, one in made.items() if one.__module__ == module.__name__ and not name.startswith("_")}
        assert {f"{module.__name__}.{name}" for name in own} <= shown, module


def test_pages_ask_for_tables_that_there_are() -> None:
    asked = [hooks.ASKED.findall(path.read_text(encoding="utf-8")) for path in PAGES]
    assert set().union(*asked) == set(tables.TABLES) - {"methods-by-family"}, "a table that no page shows, or none is"
    assert tables.methods_by_family() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_a_table_has_a_row_a_record() -> None:
    made = hooks.with_tables(f"before\n\n{asking('metrics')}\n\nafter")
    assert "prints it" not in made and made.endswith("|\n\nafter")
    assert [line.split("`")[1] for line in made.splitlines() if line.startswith("| `")] == list(METRICS)
    assert tables.table(("a", "b"), [("x|y", "1\n2")]) == "| a | b |\n| --- | --- |\n| x\\|y | 1 2 |"
    with pytest.raises(KeyError, match="nothing"):
        hooks.with_tables(asking("nothing"))


def asking(table: str) -> str:
    return f"<!-- generated: {table} -->\n*`python -m docs.tables {table}` prints it.*"


def test_equations_become_mathml() -> None:
    page = hooks.with_equations('<p><span class="arithmatex">\\(a &lt; b_i\\)</span></p><code>\\(c\\)</code>')
    assert "<msub><mi>b</mi><mi>i</mi></msub>" in page and "&#x0003C;" in page and "arithmatex" not in page
    assert "<code>\\(c\\)</code>" in page
    block = hooks.with_equations('<div class="arithmatex">\\[\nx\n\\]</div>')
    assert 'display="block"' in block


def test_names_in_a_docstring_stand_out() -> None:
    page = hooks.with_subjects("<p>name, size: of it. More: none; map0:\nthe first.</p><pre>a: b</pre>")
    assert page == (
        "<p><strong>name, size</strong>: of it. More: none; <strong>map0</strong>:\nthe first.</p><pre>a: b</pre>"
    )


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_out_of_the_pages_lead_to_files(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", (ROOT / name).read_text(encoding="utf-8"))
    assert links and not [link for link in links if "://" not in link and not (ROOT / link).exists()]


def test_the_three_pictures_are_what_the_page_says_of_them() -> None:
    herd, model = load_herd(), pairx.load_model("reid-lite0", device="cpu")
    similarity = {}
    for name, pair in examples.PAIRS.items():
        e, f = model.embed([herd.path(image_id) for image_id in pair])
        similarity[name] = float(e @ f / np.linalg.norm(e) / np.linalg.norm(f))
    known = reference(model)
    assert similarity["wrong"] > similarity["right"]
    assert similarity["misleading"] >= max(known.incorrect) - 1e-3
    assert {name: len({one.partition("-")[0] for one in pair}) for name, pair in examples.PAIRS.items()} == {
        "right": 1,
        "wrong": 2,
        "misleading": 2,
    }
    assert all(herd.twin_difference(image_id).any() for image_id in examples.PAIRS["misleading"])


def test_pictures_are_small() -> None:
    for path in [*(ROOT / "docs").rglob("*.*"), *examples.FOLDER.iterdir()]:
        if path.suffix in (".jpg", ".png", ".webp"):
            assert path.stat().st_size < MOST, path


@pytest.mark.slow
def test_the_pages_build_and_ask_nothing_of_the_web(tmp_path: Path) -> None:
    if find_spec("material") is None or find_spec("mkdocstrings") is None:
        pytest.skip("mkdocs-material and mkdocstrings build the pages: requirements-dev.txt has them")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    for path in tmp_path.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"<(?:script|img|iframe)[^>]+src=\"?(?:https?:)?//[^>]*", text), path
        assert not re.findall(r"<link[^>]+(?:stylesheet|preconnect)[^>]+(?:https?:)?//[^>]*", text), path
        assert "generated:" not in text and 'class="arithmatex"' not in text, path
    drawn = (tmp_path / "architecture.html").read_text(encoding="utf-8")
    assert re.findall(r">([^<]+)</text>", drawn) == [room for floor in reversed(FLOORS) for room in floor]
