"""Types of all that crosses between Python and the page, for the page's scripts.

    python -m tools.make_types [--check]

Writes pairx/ui/page/payloads.d.ts from the parts of the page (`pairx.ui.shared.parts.Part`) and the types that they
name. With --check it only says, by its exit status, whether the file is as it would be written.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

from pairx.ui import app
from pairx.ui.compare.payload import Measured, PanelFiles, PanelScene, RunStatus
from pairx.ui.explain.payload import AnsweredScene, PointAnswer, Scene, WellAnswer
from pairx.ui.explore.payload import RunScene
from pairx.ui.figure.payload import FigureFacts, FigureOpened
from pairx.ui.review.payload import (
    ReviewDecision,
    ReviewKept,
    ReviewOthers,
    ReviewQueue,
    ReviewRegion,
    ReviewRegionAsked,
    ReviewShare,
    ReviewUndo,
    ReviewUndone,
    ReviewVersus,
    ReviewWarnings,
)
from pairx.ui.shared.page import UI
from pairx.ui.shared.parts import Part
from pairx.ui.shared.payload import LookValues
from pairx.ui.trust.payload import TrustPairs

FILE = UI / "page" / "payloads.d.ts"
FETCHED = (
    Scene,
    AnsweredScene,
    PanelFiles,
    PanelScene,
    RunScene,
    PointAnswer,
    WellAnswer,
    Measured,
    RunStatus,
    FigureFacts,
    FigureOpened,
    LookValues,
    ReviewDecision,
    ReviewKept,
    ReviewOthers,
    ReviewQueue,
    ReviewUndo,
    ReviewUndone,
    ReviewVersus,
    ReviewRegion,
    ReviewRegionAsked,
    ReviewShare,
    ReviewWarnings,
    TrustPairs,
)
"""What crosses as a file or through a `Messenger`, so that no part names it."""
HEAD = """// Written by `python -m tools.make_types` from the types of pairx/ui/*/payload.py: change those.

/** What a part of the page is mounted with. */
export interface Part<Value, Constants, Sends> {
  element: HTMLElement;
  props: { value: Value };
  given: Constants;
  watch(name: "value", act: () => void): void;
  trigger<Name extends keyof Sends>(name: Name, data: Sends[Name]): void;
}
"""
PLAIN = {str: "string", int: "number", float: "number", bool: "boolean", NoneType: "null", Any: "any"}


def parts() -> list[type[Part]]:
    """All parts of the page, by name."""
    assert app.build  # what it imports defines them

    def below(part: type[Part]) -> Iterator[type[Part]]:
        for one in part.__subclasses__():
            yield one
            yield from below(one)

    return sorted({one for one in below(Part) if one.module}, key=lambda one: one.__name__)


class Types:
    """TypeScript of types; the `TypedDict`s that they name are collected in `known`."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def of(self, kind: Any) -> str:
        """A type as TypeScript. Raises TypeError for one that JSON does not have."""
        origin, inner = get_origin(kind), get_args(kind)
        if kind in PLAIN:
            return PLAIN[kind]
        if is_typeddict(kind):
            self.define(kind)
            return kind.__name__
        if origin in (UnionType, Union):
            return " | ".join(self.of(one) for one in inner)
        if origin is Literal:
            return " | ".join(f'"{one}"' for one in inner)
        if origin is list:
            item = self.of(inner[0])
            return f"({item})[]" if "|" in item else f"{item}[]"
        if origin is tuple:
            return f"[{', '.join(self.of(one) for one in inner)}]"
        if origin is dict:
            return f"Record<{self.of(inner[0])}, {self.of(inner[1])}>"
        raise TypeError(f"{kind} has no form in TypeScript")

    def define(self, kind: Any) -> None:
        """Put a `TypedDict` among the known."""
        if kind.__name__ in self.known:
            return
        self.known[kind.__name__] = ""
        rows = []
        for name, hint in get_type_hints(kind, include_extras=True).items():
            optional = get_origin(hint) is NotRequired
            wanted = get_args(hint)[0] if optional else hint
            rows.append(f"  {name}{'?' if optional or not kind.__total__ else ''}: {self.of(wanted)};\n")
        self.known[kind.__name__] = f"export interface {kind.__name__} {{\n{''.join(rows)}}}\n"


def written() -> str:
    """The whole file."""
    types, mounted = Types(), []
    for part in parts():
        names = "; ".join(f"{name}: {types.of(kind)}" for name, kind in part.sends.items())
        sends = f"{{ {names} }}" if names else "{}"
        value, given = (types.of(one) for one in (part.takes, part.constants or NoneType))
        mounted.append(f"export type {part.__name__}Part = Part<{value}, {given}, {sends}>;\n")
    for kind in FETCHED:
        types.of(kind)
    return "\n".join([HEAD, *(types.known[name] for name in sorted(types.known)), "".join(mounted)])


def main() -> int:
    """Write the file, or check it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 where the file is stale")
    if parser.parse_args().check:
        return int(FILE.read_text(encoding="utf-8") != written())
    FILE.write_text(written(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
