"""The drawing of the page on architecture: the floors of the house, from the test that holds them."""

from __future__ import annotations

import ast
from pathlib import Path

TEST = Path(__file__).resolve().parents[1] / "tests" / "test_layout.py"
WIDTH, HEIGHT, GAP, LEFT = 640, 30, 12, 40  # px: of a floor, between floors, of the arrow's margin


def rooms() -> list[tuple[str, ...]]:
    """The rooms of every floor, the lowest first, as `tests/test_layout.py` has them."""
    for node in ast.parse(TEST.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "FLOORS":
            return [tuple(floor) for floor in ast.literal_eval(node.value)]
    raise LookupError(f"{TEST} names no FLOORS")


def floors() -> str:
    """An SVG of the floors, the highest on top, with an arrow in the direction of imports."""
    found = list(reversed(rooms()))
    height = len(found) * (HEIGHT + GAP)
    parts = []
    for number, names in enumerate(found):
        y, width = number * (HEIGHT + GAP), (WIDTH - LEFT - GAP * (len(names) - 1)) / len(names)
        for place, name in enumerate(names):
            x = LEFT + place * (width + GAP)
            parts.append(
                f'<rect x="{x:g}" y="{y}" width="{width:g}" height="{HEIGHT}" rx="3"/>'
                f'<text x="{x + width / 2:g}" y="{y + 20}" text-anchor="middle">{name}</text>'
            )
    end = height - GAP
    arrow = f'<path d="M 16 4 V {end - 10}" stroke-width="2"/><path class="tip" d="M 9 {end - 12} H 23 L 16 {end} Z"/>'
    said = "The rooms of pairx, floor by floor. A room imports only rooms below it."
    head = f'<svg class="floors" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{said}">'
    return f"<div>{head}{arrow}{''.join(parts)}</svg></div>"  # within a block Markdown changes nothing
