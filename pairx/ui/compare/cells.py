"""The results of a comparison's cells: how each is computed once, and where it is kept."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from pairx import methods
from pairx.types import Explanation, ImagePair, InputError, Refusal, Step, Steps
from pairx.ui.compare.axes import PAIR_X, Cell
from pairx.ui.shared.cache import Recent
from pairx.ui.shared.photos import Ref
from pairx.ui.shared.session import AppState, Request, of_anybody, return_memory, takes_background

KEPT_REFUSALS = 500
Item = Step | Explanation | Refusal


class Cells:
    """Knows what was computed, and computes what was not. PAIR-X's results are those of the tab Explain, or without the
    pixels behind each match, which no panel shows."""

    def __init__(self, app_state: AppState) -> None:
        self.app_state = app_state
        self._refused: Recent[Refusal] = Recent(KEPT_REFUSALS)

    def key(self, cell: Cell) -> str | None:
        """The key of a cell's result, or None while nobody knows it: its model was never loaded here."""
        request, facts = cell.request, self.app_state.facts.get(cell.request.model)
        if facts is None:
            return None
        plain = replace(request, layer=request.layer or facts.default_layer, background=None)
        key = plain.key(facts.key)
        if cell.method == PAIR_X:
            return key
        if request.background is None or not takes_background(cell.method):
            return f"{key}:{cell.method}"
        return f"{key}:{cell.method}:{getattr(request.background, 'digest', request.background)}"

    def known(self, cell: Cell) -> Explanation | Refusal | None:
        """A cell's result where there is one already."""
        for one in (cell, _untraced(cell)) if cell.method == PAIR_X else (cell,):
            key = self.key(one)
            if key is not None and (found := self.app_state.results.get(key)):
                return found
        return self._refused.get((cell.method, cell.request))

    def whole(self, cell: Cell, pair: ImagePair) -> Explanation | Refusal | None:
        """The same with all that its method finds, for which it may have to compute. Raises InputError."""
        found = self.known(cell)
        if isinstance(found, Explanation) and cell.method == PAIR_X:
            return self.app_state.explain(self.filled(cell.request), pair)
        return found

    def run(self, cells: Sequence[Cell]) -> Generator[tuple[Cell, Item]]:
        """Compute cells, whatever is known of them: each with its steps, of a hundred, and its result as soon as it is
        there. Cells of one pair, model, layer and background share what they can. Closing it stops the work."""
        with self.app_state.waiting:
            for _, together in groupby(cells, key=_shared):
                yield from self._together([*together])
        return_memory()

    def _together(self, group: list[Cell]) -> Generator[tuple[Cell, Item]]:
        """Cells that share what they can; where nothing of it can be had, all of them say why."""
        try:
            for cell, item in self._run([*group]):
                if not isinstance(item, Step):
                    group.remove(cell)
                yield cell, item
        except InputError as error:
            for cell in group:
                yield cell, self._keep(cell, Refusal(cell.method, str(error)))

    def _run(self, cells: Sequence[Cell]) -> Generator[tuple[Cell, Item]]:
        name = cells[0].request.model
        if name not in self.app_state.facts:
            yield cells[0], Step(0, 0, "Loading the model")
        model = self.app_state.model(name)
        pair = self.app_state.pair(cells[0].request)
        for cell in [one for one in cells if one.method == PAIR_X]:
            try:
                yield from self._pair_x(cell, pair)
            except InputError as error:
                yield cell, self._keep(cell, Refusal(PAIR_X, str(error)))
        others = [one for one in cells if one.method != PAIR_X]
        if not others:
            return
        request = self.filled(cells[0].request)
        options: dict[str, Any] = {}
        if request.background is not None and any(takes_background(one.method) for one in others):
            options["background"] = self.app_state.background(request)
        names = [one.method for one in others]
        waiting = iter(others)
        cell = next(waiting)
        for item in methods.compare_each(model, pair, names, request.layer, **options):
            if isinstance(item, Step):
                yield cell, Step(item.done - 100 * others.index(cell), 100, item.what)
                continue
            yield cell, self._keep(cell, item, pair)
            cell = next(waiting, cell)

    def _pair_x(self, cell: Cell, pair: ImagePair) -> Generator[tuple[Cell, Item]]:
        taken = Steps(self.app_state.steps(self.filled(_untraced(cell).request), pair))
        for step in taken:
            if step.total:
                yield cell, Step(round(100 * step.done / step.total), 100, step.what)
        yield cell, taken.result

    def filled(self, request: Request) -> Request:
        """With the layer that the model recommends, where it names none."""
        return replace(request, layer=request.layer or self.app_state.model(request.model).default_layer)

    def _keep(self, cell: Cell, item: Explanation | Refusal, pair: ImagePair | None = None) -> Explanation | Refusal:
        if isinstance(item, Refusal):
            self._refused.put((cell.method, cell.request), item)
        elif pair is not None and (key := self.key(cell)) is not None:
            self.app_state.timings.add(cell.request.model, item)
            self.app_state.results.put(key, of_anybody(item, pair))
        return item


def _untraced(cell: Cell) -> Cell:
    """The same cell, of which no match is traced to pixels."""
    return replace(cell, request=replace(cell.request, colors=0))


def _shared(cell: Cell) -> tuple[str, str, str, str, str | Ref | None]:
    """What must be equal for cells to be computed together."""
    request = cell.request
    return request.photo0.digest, request.photo1.digest, request.model, request.layer, request.background
