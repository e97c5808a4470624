"""The tables of the pages, made from what the code registers, so that none goes stale.

    python -m docs.tables NAME      # prints one; see TABLES

Each is a function without arguments that gives Markdown.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from pathlib import Path

from benchmarks import report
from docs.drawing import floors
from pairx import geometry, images
from pairx.choices import CHOICES
from pairx.cli import parser
from pairx.commands import judge
from pairx.core import PRESETS, Options
from pairx.datasets.dataset import OPTIONAL, REQUIRED
from pairx.datasets.names import UNKNOWN_CODES, UNKNOWN_WORDS
from pairx.evaluation.metrics import CONTROL, METRICS
from pairx.evaluation.views import VIEWS
from pairx.judging.criteria import CRITERIA
from pairx.judging.results import shipped_results
from pairx.judging.truth import KINDS
from pairx.methods import cards, families, list_methods
from pairx.models import list_models
from pairx.types import MethodCard

ROOT = Path(__file__).resolve().parents[1]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table. A cell's `|` is escaped, and its line breaks become blanks."""
    lines = [[" ".join(str(cell).replace("|", "\\|").split()) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [list(head), ["---"] * len(head), *lines])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def methods_by_family() -> str:
    """Every family with the names of its methods."""
    return table(
        ("Family", "Methods"),
        [(family.capitalize(), _listed(one.name for one in list_methods(family))) for family in families()],
    )


def methods() -> str:
    """Every method, family by family: what it says, what it costs and what to beware of."""
    parts = []
    for family in families():
        rows = [(f"`{one.name}`", one.summary, _tells(one), one.cost, one.caveat) for one in list_methods(family)]
        parts += [
            f"### {family.capitalize()}\n",
            table(("Method", "What it shows", "Tells", "Cost", "Beware"), rows),
            "",
        ]
    return "\n".join(parts)


def _tells(card: MethodCard) -> str:
    """What its answer is made of."""
    if card.family in ("pairwise matching", "classical"):
        return "matches"
    kind = "pairs of places" if card.second_order else "a map a photograph"
    return kind if card.signed else f"{kind}, without a sign"


def sources() -> str:
    """Every method with its paper, the equation it computes, and the licence of what it stands on."""
    rows = [(f"`{one.name}`", one.paper, one.equation, one.license) for one in cards().values()]
    return table(("Method", "Paper", "What is computed", "Licence"), rows)


def fast_methods() -> str:
    """The methods that take few passes, in a line."""
    return _listed(one.name for one in cards().values() if not one.slow)


def placed_methods() -> str:
    """The methods that answer for pairs of places, in a line."""
    return _listed(one.name for one in cards().values() if one.second_order)


def metrics() -> str:
    """The metrics of a pair."""
    rows = [
        (f"`{name}`", metric.title, f"`{CONTROL}{name}`" if metric.of_transform else "none: it needs no transform")
        for name, metric in METRICS.items()
    ]
    return table(("Column", "What it is", "Its control"), rows)


def criteria() -> str:
    """What `judge` measures."""
    rows = [
        (
            f'<a id="{name}"></a>`{name}`',
            one.definition,
            f"{one.unit}, {'more' if one.higher else 'less'} is better",
            KINDS.get(one.needs, "nothing"),
            ", ".join(one.beats) or "none",
            one.paper,
        )
        for name, one in CRITERIA.items()
    ]
    return table(("Criterion", "What it is", "Unit", "What has to be known", "Controls to beat", "Source"), rows)


def judged() -> str:
    """The judgements that ship, as the command prints them."""
    parts = []
    for one in shipped_results():
        settings = one.settings
        parts += [f"### {one.model_title}, {settings['dataset']}", f"```sh\n{one.command}\n```"]
        parts.append("\n".join(["```text", *judge.report(one), "```"]))
    return "\n\n".join(parts)


def views() -> str:
    """The ready-made views of a run."""
    return table(("View", "Which pairs"), [(view.title, view.meaning) for view in VIEWS.values()])


def models() -> str:
    """The registered models, and what has to be known of some."""
    rows = [
        (f"`{card.name}`", "comes along" if card.embedded else "hub", card.summary, card.license or "none stated")
        for card in list_models()
    ]
    notes: dict[str, list[str]] = {}
    for card in list_models():
        for note in card.notes:
            notes.setdefault(note, []).append(card.name)
    known = [f"- {note} ({_listed(names)})" for note, names in notes.items()]
    return "\n".join([table(("Name", "Weights", "What it is", "Licence"), rows), "", *known])


def options() -> str:
    """The options of PAIR-X and what they may be."""
    rows = [
        (f"`{name}`", _listed(choice.values), f"{choice.about[:1].upper()}{choice.about[1:]}.")
        for name, choice in CHOICES.items()
    ]
    return table(("Option", "Choices, the default first", "What it decides"), rows)


def presets() -> str:
    """Options of PAIR-X that differ between its presets."""
    own = {one.name: one.default for one in fields(Options)}
    differing = [name for name in own if len({preset.get(name, own[name]) for preset in PRESETS.values()}) > 1]
    rows = [(f"`{name}`", *(f"`{preset.get(name, own[name])}`" for preset in PRESETS.values())) for name in differing]
    return table(("Option", *(f"`{name}`" for name in PRESETS)), rows)


def transforms() -> str:
    """The matchers and the transforms, in a list."""
    return (
        f"- `--features`: {_listed(geometry.MATCHERS)}; `{geometry.DEFAULT_FEATURES}` by default.\n"
        f"- `--transform`: {_listed(geometry.TRANSFORMS)}; `{geometry.DEFAULT_TRANSFORM}` by default."
    )


def columns() -> str:
    """The columns of a table of photographs."""
    needed, known = (_listed(names) for names in (REQUIRED, OPTIONAL))
    return f"{needed}, and where known {known}"


def nobody() -> str:
    """What counts as no individual."""
    codes, words = (_listed(sorted(some)) for some in (UNKNOWN_CODES, UNKNOWN_WORDS))
    return f"An empty cell, signs without letters such as `?` or `-`, {codes}; and in capitals or not, {words}."


def photographs() -> str:
    """Which files are photographs, which are not, and how large they may be."""
    read, raw = (_listed(sorted(some)) for some in (images.SUFFIXES, images.RAW_SUFFIXES))
    most = f"at most {images.MAX_PIXELS // 10**6} megapixels and {images.MAX_SIDE:,} px a side"
    return (
        f"- Read: {read}; {most}. What is longer than {images.LONGEST:,} px is reduced to that.\n"
        f"- Camera raw files are not read, and are counted: {raw}."
    )


def commands() -> str:
    """Every command with its options, as `--help` says them."""
    top = parser()
    (chosen,) = (one for one in top._actions if isinstance(one, argparse._SubParsersAction))
    return "\n".join(_command(name, command) for name, command in chosen.choices.items())


def _command(name: str, command: argparse.ArgumentParser) -> str:
    rows = []
    for action in sorted(command._actions, key=lambda one: bool(one.option_strings)):
        if "--help" in action.option_strings:
            continue
        names = ", ".join(f"`{one}`" for one in action.option_strings)
        taken = action.metavar or ("" if action.nargs == 0 else action.dest.upper())
        if action.choices:
            taken = " or ".join(map(str, action.choices))
        taken = " ".join(taken) if isinstance(taken, tuple) else taken
        rows.append((names or f"`{taken}`", taken if names else "", (action.help or "") % _defaults(action)))
    return f"### {name}\n\n{command.description}\n\n{table(('Option', 'Takes', 'What it does'), rows)}\n"


def _defaults(action: argparse.Action) -> dict[str, object]:
    return {"default": action.default, "prog": "pairx"}


def security() -> str:
    """What SECURITY.md says."""
    return (ROOT / "SECURITY.md").read_text(encoding="utf-8").partition("\n")[2].strip()


def attacks() -> str:
    """What the tests of attacks on the app hold, by their names."""
    found = []
    for name in ("test_attacks.py", "test_hostile_files.py"):
        tree = ast.parse((ROOT / "tests" / "ui" / name).read_text(encoding="utf-8"))
        tests = [one.name for one in tree.body if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")]
        found += [(test.removeprefix("test_").replace("_", " ").capitalize(), f"`tests/ui/{name}`") for test in tests]
    return table(("What holds", "Where it is tested"), found)


def benchmarks() -> str:
    """The benchmarks: the question each answers."""
    rows = []
    for path in sorted((ROOT / "benchmarks").glob("*.py")):
        code = path.read_text(encoding="utf-8")
        if "__main__" in code and (text := ast.get_docstring(ast.parse(code))):
            rows.append((f"`python -m benchmarks.{path.stem}`", text.partition("\n\n")[0]))
    return table(("Command", "What it answers"), rows)


def kept_ratios() -> str:
    """The kept ratios of the benchmarks."""
    return table(report.RATIOS, report.ratio_rows(report.read()))


def kept_costs() -> str:
    """The kept costs by size, and their exponents."""
    return table(report.COSTS, report.cost_rows(report.read()))


TABLES: dict[str, Callable[[], str]] = {
    one.__name__.replace("_", "-"): one
    for one in (
        methods_by_family, methods, sources, fast_methods, placed_methods, metrics, criteria, judged, views, models,
        options, presets, transforms,
        columns, nobody, photographs, commands, security, attacks, benchmarks, floors,
        kept_ratios, kept_costs,
    )
}  # fmt: skip


if __name__ == "__main__":
    for wanted in sys.argv[1:] or TABLES:
        print(TABLES[wanted]())
