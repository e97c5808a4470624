"""YAML as plain values that know their lines. Nothing is built or expanded: anchors, tags and depth are refused.

A problem is a line number and a sentence. Whoever reads goes on after it, so that all problems are told at once.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from pairx.types import InputError

MOST_LETTERS = 200_000
MOST_DEPTH = 12
MOST_TOLD = 40
_FALSE, _TRUE = ("false", "no", "off"), ("true", "yes", "on")
_NOTHING = ("", "~", "null")
Path = tuple[str | int, ...]
"""Where a value stands: the names and numbers that lead to it."""
_RESOLVER = yaml.resolver.Resolver()


class SpecError(InputError):
    """A specification with problems: the message, one line, tells the first ones; `problems` holds (line, sentence) of
    all, in the order of their lines. Line 0 is of none."""

    def __init__(self, problems: Iterable[tuple[int, str]]) -> None:
        self.problems = tuple(sorted(dict.fromkeys(problems), key=lambda one: one[0]))
        super().__init__(" ".join(self.lines))

    @property
    def lines(self) -> list[str]:
        """A line for each problem, and how many more there are."""
        told = [f"line {line}: {text}" if line else text for line, text in self.problems[:MOST_TOLD]]
        rest = len(self.problems) - len(told)
        return [*told, f"{rest} more problems."] if rest > 0 else told


@dataclass
class Problems:
    """What is wrong so far."""

    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, text: str) -> Any:
        """One more. Returns None, as what was wrong gives no value."""
        self.found.append((line, text))

    def raise_any(self) -> None:
        """Raises SpecError where something is wrong."""
        if self.found:
            raise SpecError(self.found)


@dataclass(frozen=True)
class Node:
    """A value of the file. value: a text, a list of nodes, or a dict of nodes. line: from 1. path: the names and
    numbers that lead to it."""

    value: str | list[Node] | dict[str, Node]
    line: int
    path: Path = ()

    @property
    def empty(self) -> bool:
        """Whether nothing was written."""
        return isinstance(self.value, str) and self.value.strip().lower() in _NOTHING

    def plain(self) -> Any:
        """The value without lines; texts stay texts."""
        if isinstance(self.value, dict):
            return {name: one.plain() for name, one in self.value.items()}
        return [one.plain() for one in self.value] if isinstance(self.value, list) else self.value

    def written(self, instead: Mapping[Path, str] | None = None) -> str:
        """As YAML that `read` reads back. instead: other texts for some, by their paths."""
        return yaml.serialize(self._yaml(instead or {}), Dumper=yaml.SafeDumper, allow_unicode=True, width=110)

    def _yaml(self, instead: Mapping[Path, str]) -> yaml.Node:
        if isinstance(self.value, dict):
            pairs = [(_scalar(name), one._yaml(instead)) for name, one in self.value.items()]
            return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False)
        if isinstance(self.value, list):
            flat = all(isinstance(one.value, str) for one in self.value)
            return yaml.SequenceNode(
                "tag:yaml.org,2002:seq", [one._yaml(instead) for one in self.value], flow_style=flat
            )
        return _scalar(instead.get(self.path, self.value))


def read(text: str, problems: Problems) -> Node:
    """A file of one mapping. Raises SpecError where it is no YAML, or more than a specification holds."""
    if len(text) > MOST_LETTERS:
        raise SpecError([(0, f"The specification has {len(text):,} letters: {MOST_LETTERS:,} are the most.")])
    try:
        _require_plain(text)
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or getattr(error, "reason", None) or "it cannot be read"
        raise SpecError([(mark.line + 1 if mark else 0, f"This is no YAML: {reason}.")]) from error
    if not isinstance(root, yaml.MappingNode):
        raise SpecError([(1, "A specification is a list of names and values, such as `rows:` and `columns:`.")])
    return _node(root, problems)


def _require_plain(text: str) -> None:
    """Raises SpecError for what could grow or run: aliases, tags, depth, further documents."""
    depth = documents = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        line = event.start_mark.line + 1
        documents += isinstance(event, yaml.DocumentStartEvent)
        if documents > 1:
            raise SpecError([(line, "A specification is one document: leave out what follows `---`.")])
        if getattr(event, "anchor", None):
            raise SpecError([(line, "Anchors and aliases (& and *) are not read: write the value out.")])
        if getattr(event, "tag", None):
            raise SpecError([(line, f"Tags such as {short(event.tag)} are not read: leave it out.")])
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH:
            raise SpecError([(line, f"Lists lie within lists more than {MOST_DEPTH} deep.")])


def _scalar(text: str) -> yaml.Node:
    """A text, written without quotes where it can be: whoever reads asks for the kind that it wants."""
    return yaml.ScalarNode(_RESOLVER.resolve(yaml.ScalarNode, text, (True, False)), text)


def _node(node: yaml.Node, problems: Problems, path: Path = ()) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        return Node([_node(one, problems, (*path, number)) for number, one in enumerate(node.value)], line, path)
    if not isinstance(node, yaml.MappingNode):
        return Node(str(node.value), line, path)
    found: dict[str, Node] = {}
    for key, value in node.value:
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
        if not name:
            problems.add(key.start_mark.line + 1, "A name is a word, not a list.")
        elif name in found:
            problems.add(key.start_mark.line + 1, f"{short(name)} stands here twice: leave one out.")
        found[name] = _node(value, problems, (*path, name))
    return Node(found, line, path)


@dataclass
class Reader:
    """Takes values of the kinds that are asked for out of one mapping, and says what does not fit, by `where`: what the
    mapping is."""

    node: Node
    problems: Problems
    where: str
    taken: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if not isinstance(self.node.value, dict):
            self.problems.add(self.node.line, f"{self.where} is names with values, such as `title: …`.")

    @property
    def names(self) -> dict[str, Node]:
        """What was written, by name."""
        return self.node.value if isinstance(self.node.value, dict) else {}

    def get(self, name: str) -> Node | None:
        """The node of a name, None where nothing is written."""
        self.taken.add(name)
        found = self.names.get(name)
        return None if found is None or found.empty else found

    def line(self, name: str) -> int:
        """Where a name stands, or where the mapping begins."""
        return self.names[name].line if name in self.names else self.node.line

    def fail(self, name: str, text: str) -> Any:
        """Something is wrong with the value of a name. Returns None."""
        return self.problems.add(self.line(name), text)

    def text(self, name: str, longest: int = 300) -> str | None:
        """A text; an empty one ("") is one, too."""
        self.taken.add(name)
        node = self.names.get(name)
        if node is None or (node.empty and node.value):
            return None
        if not isinstance(node.value, str):
            return self.fail(name, f"{name} is a text.")
        if len(node.value) > longest:
            return self.fail(name, f"{name} has {len(node.value):,} letters: {longest} are the most.")
        return node.value

    def one_of(self, name: str, known: Iterable[str], kind: str = "") -> str | None:
        """One of several words."""
        found = self.text(name) if self.get(name) else None
        return found if found is None or self.known(found, known, self.line(name), kind or name) else None

    def known(self, word: str, known: Iterable[str], line: int, kind: str) -> bool:
        """Whether a word is one of several."""
        every = list(known)
        if word in every:
            return True
        close = difflib.get_close_matches(word, every, 1, cutoff=0.6)
        few = f" It is {', '.join(every)}." if len(every) <= 8 else ""
        advice = f" Did you mean {close[0]}?" if close else few
        self.problems.add(line, f"There is no {kind} {short(word)}.{advice}")
        return False

    def number(self, name: str, low: float, high: float) -> float | None:
        """A number from low to high."""
        node = self.get(name)
        return None if node is None else self.number_of(node, name, low, high)

    def number_of(self, node: Node, name: str, low: float, high: float) -> float | None:
        """The number that a node holds."""
        try:
            value = float(node.value) if isinstance(node.value, str) else math.nan
        except ValueError:
            value = math.nan
        if not low <= value <= high:
            self.problems.add(node.line, f"{name} is a number from {low:g} to {high:g}, not {short(node.plain())}.")
            return None
        return value

    def whole(self, name: str, low: int, high: int) -> int | None:
        """A whole number from low to high."""
        value = self.number(name, low, high)
        if value is not None and value != int(value):
            return self.fail(name, f"{name} is a whole number, not {value:g}.")
        return None if value is None else int(value)

    def flag(self, name: str) -> bool | None:
        """true or false, on or off, yes or no."""
        node = self.get(name)
        if node is None:
            return None
        word = node.value.lower() if isinstance(node.value, str) else ""
        if word not in (*_TRUE, *_FALSE):
            return self.fail(name, f"{name} is on or off, not {short(node.plain())}.")
        return word in _TRUE

    def numbers(self, name: str, count: int) -> tuple[float, ...] | None:
        """A list of so many numbers."""
        node = self.get(name)
        if node is None:
            return None
        items = node.value if isinstance(node.value, list) else []
        if len(items) != count:
            return self.fail(name, f"{name} is a list of {count} numbers, such as [{', '.join(['0.5'] * count)}].")
        found = [self.number_of(one, name, -1e6, 1e6) for one in items]
        return None if None in found else tuple(one for one in found if one is not None)

    def items(self, name: str, most: int) -> list[Node]:
        """The items of a list, or a single one."""
        node = self.get(name)
        if node is None:
            return []
        items = node.value if isinstance(node.value, list) else [node]
        if not items or len(items) > most:
            self.fail(name, f"{name} has {len(items)} items: give 1 to {most}.")
        return items[:most]

    def inner(self, name: str, where: str = "") -> Reader | None:
        """A mapping within this one."""
        node = self.get(name)
        return None if node is None else Reader(node, self.problems, where or name)

    def done(self, also: Iterable[str] = ()) -> None:
        """Say which names nobody knows, each with the nearest known one. Call it after all was taken."""
        every = sorted(self.taken | set(also))
        for name, node in self.names.items():
            if name and name not in every:
                close = difflib.get_close_matches(name, every, 1, cutoff=0.5)
                advice = f" Did you mean {close[0]}?" if close else f" {self.where} takes {', '.join(every)}."
                self.problems.add(node.line, f"{self.where} has nothing named {short(name)}.{advice}")


def each(nodes: Iterable[Node], make: Callable[[Node], Any | None]) -> tuple[Any, ...]:
    """What was made of nodes, without those of which nothing could be made."""
    return tuple(one for one in map(make, nodes) if one is not None)


def short(value: Any) -> str:
    """A value as a sentence quotes it."""
    text = " ".join(str(value).split())
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    return repr(text if len(text) < 60 else f"{text[:57]}…")
