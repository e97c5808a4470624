"""Style sheets stay in their part: none of a tab reaches another, and no class has two homes."""

import re
from itertools import combinations

import pytest

from pairx.ui.shared.page import UI

ROOTS = {
    "explain": ".px-explaining",
    "compare": ".px-compare",
    "trust": ".px-trusting",
    "explore": ".px-exploring",
    "review": ".px-reviewing",
    "figure": ".px-figuring",
    "about": ".px-about",
}


def sheet(tab: str) -> str:
    """A tab's style sheets, one after the other."""
    return "\n".join(path.read_text() for path in sorted((UI / tab / "page").glob("*.css")))


def selectors(text: str) -> list[str]:
    """Each selector of a sheet, without what it says; of a list, each."""
    plain = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    heads = re.findall(r"([^{};]+)\{", plain)
    rules = [head.strip() for head in heads if not re.match(r"@|to$|from$", head.strip())]
    return [one.strip() for rule in rules for one in re.split(r",(?![^(]*\))", rule)]


def classes(text: str) -> set[str]:
    return {name for one in selectors(text) for name in re.findall(r"\.(px-[\w-]+)", one)}


@pytest.mark.parametrize("tab", ROOTS)
def test_a_tabs_sheet_reaches_its_own_tab_only(tab):
    own = re.compile(rf"(:where\()?{re.escape(ROOTS[tab])}\b|\.px-viewer\.px-|#px-|\[role=")
    assert [one for one in selectors(sheet(tab)) if not own.match(one)] == []


def test_no_two_tabs_style_one_class_that_the_shared_sheets_do_not_know():
    shared = set().union(*(classes(path.read_text()) for path in (UI / "page").glob("*.css")))
    own = {tab: classes(sheet(tab)) - shared for tab in ROOTS}
    assert {(a, b): own[a] & own[b] for a, b in combinations(ROOTS, 2) if own[a] & own[b]} == {}
    assert all(own.values())


@pytest.mark.parametrize("tab", [*ROOTS, "page", "shared"])
def test_nothing_is_drawn_with_a_class_that_only_another_tab_styles(tab):
    shared = set().union(*(classes(path.read_text()) for path in (UI / "page").glob("*.css")))
    files = [path for path in (UI / tab).rglob("*") if path.suffix in (".js", ".py")]
    used = set(re.findall(r"px-[\w-]+", " ".join(path.read_text() for path in files)))
    others = set().union(*(classes(sheet(other)) for other in ROOTS if other != tab))
    own = classes(sheet(tab)) if tab in ROOTS else set()
    assert used & others - shared - own == set()
