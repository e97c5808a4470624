"""The house's rules, read from the source: who imports whom, what is pinned, what is documented."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
OURS = ("pairx", "tests", "tools", "benchmarks", "docs")
# A room imports only rooms of lower floors, and itself.
FLOORS = (
    ("errors", "assets", "choices"),
    ("files", "extras", "heap", "sheets"),
    ("types",),
    ("plugins",),
    ("_decoding",),
    ("images",),
    ("models", "geometry", "datasets"),
    ("lrp",),
    ("core", "baselines"),
    ("methods", "contrasting", "viz"),
    ("evaluation",),
    ("ranking",),
    ("figures",),
    ("judging", "warnings"),
    ("reviews", "pairs"),
    ("testing",),
    ("__init__",),
    ("commands", "door"),
    ("ui",),
    ("cli",),
    ("__main__",),
)
OPTIONAL = {"ray", "wildlife_datasets"}  # imported only when asked for; without them one line says so
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def sources(*places: str) -> list[Path]:
    files = [ROOT / place if place.endswith(".py") else sorted((ROOT / place).rglob("*.py")) for place in places]
    return [path for entry in files for path in (entry if isinstance(entry, list) else [entry])]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> Iterator[str]:
    """Full names of all that a file imports, anywhere in it: `from pairx import viz` is "pairx.viz"."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "pairx").parts[0].removesuffix(".py")


def rooms_imported(path: Path) -> set[str]:
    """Rooms of `pairx` that a file imports; "__init__" for the public API."""
    names = [name.split(".") for name in imported(path) if name.split(".")[0] == "pairx"]
    return {name[1] if len(name) > 1 and name[1] in FLOOR else "__init__" for name in names}


def test_every_room_has_its_floor() -> None:
    assert {room_of(path) for path in sources("pairx")} <= FLOOR.keys()


@pytest.mark.parametrize("path", sources("pairx"), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    room = room_of(path)
    assert not {other for other in rooms_imported(path) - {room} if FLOOR[other] >= FLOOR[room]}


@pytest.mark.parametrize("path", sources("pairx/viz"), ids=lambda path: path.name)
def test_drawing_sees_only_types(path: Path) -> None:
    assert rooms_imported(path) <= {"files", "types", "viz"}
    assert not {name.split(".")[0] for name in imported(path)} & {"torch", "timm", "zennit"}


def test_only_the_interface_imports_gradio() -> None:
    users = {path for path in sources("pairx", "app.py") for name in imported(path) if name.split(".")[0] == "gradio"}
    assert {path.relative_to(ROOT).parts[:2] for path in users} <= {("pairx", "ui"), ("app.py",)}
    assert users


def test_nothing_shipped_imports_tests_or_tools() -> None:
    for path in sources("pairx", "app.py"):
        assert not {name.split(".")[0] for name in imported(path)} & {"tests", "tools", "benchmarks", "docs"}, path


def requirements(name: str) -> dict[str, str]:
    """Distribution to the rest of its line."""
    lines = (ROOT / name).read_text().splitlines()
    found = [re.match(r"([\w.-]+)(.*)", line) for line in lines if line and line[0] not in "#-"]
    return {normal(match[1]): match[2] for match in found if match}


def normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def distributions(*places: str) -> dict[str, set[str]]:
    """Third-party modules imported below some places, and the distributions that bring them."""
    modules = {name.split(".")[0] for path in sources(*places) for name in imported(path)}
    known = packages_distributions()
    return {
        module: {normal(name) for name in known.get(module, [])}
        for module in modules - set(sys.stdlib_module_names) - set(OURS) - {"app"}
    }


def test_requirements_are_pinned() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-ray.txt"):
        assert all(re.fullmatch(r"==[\w.]+(; .+)?", version) for version in requirements(name).values()), name


@pytest.mark.slow
def test_what_the_app_imports_is_required() -> None:
    required = requirements("requirements.txt").keys()
    found = distributions("pairx", "app.py")
    assert {module for module, names in found.items() if not names & required} - OPTIONAL == set()


def ranges(*extras: str) -> dict[str, SpecifierSet]:
    """What pyproject.toml asks of each distribution: without extras the dependencies of all, otherwise the extras'."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [line for extra in extras for line in project["optional-dependencies"][extra]]
    found = map(Requirement, lines if extras else project["dependencies"])
    return {normal(one.name): one.specifier for one in found if one.name != project["name"]}


def test_pins_lie_in_the_ranges_that_an_installation_takes() -> None:
    pinned = (
        requirements("requirements.txt") | requirements("requirements-ray.txt") | requirements("requirements-dev.txt")
    )
    for name, versions in (ranges() | ranges("app", "docs", "features", "ray", "dev")).items():
        if name in pinned:
            assert pinned[name].split(";")[0].removeprefix("==") in versions, name
    assert requirements("requirements.txt").keys() == (ranges() | ranges("app", "features")).keys()


def test_an_installation_without_extras_brings_what_explaining_imports() -> None:
    optional = {"gradio", "kornia", "starlette"} | OPTIONAL
    found = distributions("pairx")
    assert {module for module, names in found.items() if not names & ranges().keys()} == optional
    rooms = {room_of(path) for path in sources("pairx") for name in imported(path) if name.split(".")[0] in optional}
    assert rooms == {"ui", "geometry", "evaluation", "datasets"}


def test_what_tests_and_tools_import_is_required() -> None:
    required = requirements("requirements.txt").keys() | requirements("requirements-dev.txt").keys()
    found = distributions("tests", "tools", "benchmarks", "docs")
    assert {module for module, names in found.items() if not names & required} == set()


@pytest.mark.parametrize("path", sources("pairx"), ids=lambda path: str(path.relative_to(ROOT)))
def test_public_functions_and_classes_are_documented(path: Path) -> None:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    public = [node for node in tree(path).body if isinstance(node, kinds) and not node.name.startswith("_")]
    assert [node.name for node in public if not ast.get_docstring(node)] == []


def test_no_file_names_a_place_on_one_machine() -> None:
    places = re.compile(r"(?<![\w.])/(?:work|opt|home|root|Users|mnt)/|[A-Z]:\\\w")
    for place in (*OURS, "app.py"):
        for path in [ROOT / place] if place.endswith(".py") else sorted((ROOT / place).rglob("*")):
            if path.suffix in {".py", ".js", ".css", ".html", ".sh", ".toml", ".json", ".md", ".txt"}:
                assert not places.search(path.read_text(encoding="utf-8")), path
