"""From matches to individuals: photographs that matches join are one, and what contradicts that is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import networkx as nx
import pandas as pd

from pairx.reviews.decisions import MATCH, NO_MATCH


@dataclass(frozen=True)
class Contradiction:
    """Why a group of photographs cannot be one individual. a, b: two photographs of it: a pair that was called no
    match, or two that are known as different individuals. path: the photographs from a to b of which each two
    neighbours are joined, by a match or a known identity. text: in words."""

    a: str
    b: str
    path: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Individuals:
    """table: one row a photograph: image_id, individual, known (its identity before, "" if unknown), contradicted
    (whether its group holds a contradiction, which is left for people to resolve)."""

    table: pd.DataFrame
    contradictions: tuple[Contradiction, ...]


def individuals(verdicts: pd.DataFrame, known: Mapping[str, str]) -> Individuals:
    """The individuals that settled verdicts and known identities make: connected components of photographs.

    verdicts: as `settled` gives them. known: identity of every photograph, "" where it is unknown. An individual
    has its known name; of several known names in one group each stays on its own photographs, the others have none, and
    that is a contradiction; a group without one is called "new-1", "new-2", … in the order of its first photograph.
    """
    graph = nx.Graph()
    graph.add_nodes_from(known)
    first_of: dict[str, str] = {}
    for image_id, name in known.items():
        if name:
            graph.add_edge(image_id, first_of.setdefault(name, image_id))
    matches = verdicts[verdicts["verdict"] == MATCH]
    graph.add_edges_from(zip(matches["query_id"], matches["candidate_id"], strict=True))
    graph.remove_edges_from(nx.selfloop_edges(graph))
    place = {image_id: number for number, image_id in enumerate(graph)}
    groups = [sorted(group, key=place.__getitem__) for group in nx.connected_components(graph)]
    apart = verdicts[verdicts["verdict"] == NO_MATCH]
    inside = _inside(groups, zip(apart["query_id"], apart["candidate_id"], strict=True))
    rows, contradictions, unnamed = {}, [], 0
    for number, members in enumerate(groups):
        names = list(dict.fromkeys(name for one in members if (name := known.get(one, ""))))
        found = _contradictions(graph, members, names, known, inside[number])
        contradictions += found
        if not names:
            unnamed += 1
            names = [f"new-{unnamed}"]
        for one in members:
            name = known.get(one, "") or (names[0] if len(names) == 1 else "")
            rows[one] = (one, name, known.get(one, ""), bool(found))
    table = pd.DataFrame([rows[one] for one in graph], columns=["image_id", "individual", "known", "contradicted"])
    return Individuals(table, tuple(contradictions))


def _inside(groups: list[list[str]], pairs: Iterable[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Of each group the pairs whose photographs are both in it."""
    group_of = {image_id: number for number, group in enumerate(groups) for image_id in group}
    found: list[list[tuple[str, str]]] = [[] for _ in groups]
    for a, b in pairs:
        number = group_of.get(a)
        if number is not None and number == group_of.get(b):
            found[number].append((a, b))
    return found


def _contradictions(
    graph: nx.Graph, members: list[str], names: list[str], known: Mapping[str, str], no_matches: list[tuple[str, str]]
) -> list[Contradiction]:
    """What speaks against a group's being one individual. no_matches: of its photographs."""
    found = []
    for a, b in no_matches:
        path = tuple(nx.shortest_path(graph, a, b))
        found.append(Contradiction(a, b, path, f"{a} and {b} were called no match, yet {_joined(path)}"))
    first = {name: next(one for one in members if known.get(one) == name) for name in names}
    for name in names[1:]:
        a, b = first[names[0]], first[name]
        path = tuple(nx.shortest_path(graph, a, b))
        found.append(Contradiction(a, b, path, f"{names[0]} and {name} are two individuals, yet {_joined(path)}"))
    return found


def _joined(path: tuple[str, ...]) -> str:
    return f"these are joined as one: {', '.join(path)}."
