"""A specification's rows and columns with the pairs that runs name, and each panel's photographs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pairx.figures.computed import Points, Used
from pairx.figures.nodes import Problems
from pairx.figures.pairs import SAMPLE, chosen, metric_of
from pairx.figures.sources import Sources
from pairx.figures.spec import Entry, FromRun, Pair, Photograph, Settings, Spec
from pairx.types import ImagePair, InputError


@dataclass(frozen=True)
class Known:
    """A panel whose photographs are there. number: of its pair in the scatter, from 1. line: of its row."""

    settings: Settings
    row: Entry
    column: Entry
    pair: ImagePair
    correct: bool | None
    number: int | None = None

    @property
    def line(self) -> int:
        return self.row.line

    def line_of(self, name: str) -> int:
        """Of the column or row that says something."""
        return next((one.line for one in (self.column, self.row) if getattr(one.settings, name) is not None), 1)


@dataclass
class Resolved:
    """The panels of a specification. rows, columns: with one for every pair of a run."""

    rows: tuple[Entry, ...]
    columns: tuple[Entry, ...]
    cells: list[Known] = field(default_factory=list)
    photographs: dict[Photograph, None] = field(default_factory=dict)

    def used(self, sources: Sources) -> tuple[Used, ...]:
        """Every photograph's file once, in the order of the panels."""
        every = {one.source: one for one in self.photographs}
        return tuple(Used(one.source, _id(one), sources.photograph(one).sha256) for one in every.values())


def resolved(spec: Spec, sources: Sources, problems: Problems) -> Resolved:
    """All panels with their photographs; what cannot be had is added to the problems."""
    rows, columns = (_spread(axis, sources, problems) for axis in (spec.rows, spec.columns))
    found = Resolved(rows, columns)
    pairs: dict[tuple[Photograph, Photograph], ImagePair | None] = {}
    numbers: dict[tuple[Photograph, Photograph], int] = {}
    for row in rows:
        for column in columns:
            settings = spec.cell(row, column)
            _backgrounds(settings, found, sources, problems)
            pair = settings.pair
            if not isinstance(pair, Pair):
                continue
            both = pair.a, pair.b
            if both not in pairs:
                pairs[both] = _decoded(*both, sources, problems)
                numbers[both] = len(numbers) + 1
            found.photographs |= dict.fromkeys(both)
            decoded = pairs[both]
            if decoded is not None:
                number = numbers[both] if spec.scatter is not None else None
                found.cells.append(Known(settings, row, column, decoded, pair.correct, number))
    return found


def _spread(axis: tuple[Entry, ...], sources: Sources, problems: Problems) -> tuple[Entry, ...]:
    """An axis with an entry for each pair of its runs, and what the sample knows of its own pairs."""
    found: list[Entry] = []
    for entry in axis:
        pair = entry.settings.pair
        if isinstance(pair, FromRun):
            try:
                pairs = _of_run(pair, sources)
            except InputError as error:
                problems.add(pair.line, str(error))
                continue
            found += [replace(entry, settings=replace(entry.settings, pair=one)) for one in pairs]
        elif pair is not None:
            found.append(replace(entry, settings=replace(entry.settings, pair=_judged(pair, sources))))
        else:
            found.append(entry)
    return tuple(found)


def _judged(pair: Pair, sources: Sources) -> Pair:
    """A pair with whether it is correct, where nobody said and the sample knows."""
    names = [sources.identity(one.source) for one in (pair.a, pair.b)]
    return pair if pair.correct is not None or None in names else replace(pair, correct=names[0] == names[1])


def _of_run(wanted: FromRun, sources: Sources) -> list[Pair]:
    """The pairs that a view of a run names. Raises InputError."""
    run = sources.run(wanted.run)
    rows = chosen(run, wanted.view, wanted.first, wanted.layer, wanted.metric)
    found = []
    for _, row in rows.iterrows():
        both = []
        for name in (row["query_id"], row["gallery_id"]):
            path, box, theta = run.photograph(name)
            if wanted.run == SAMPLE:
                both.append(Photograph(f"{SAMPLE}:{name}", line=wanted.line))
            else:
                both.append(Photograph(str(path), box, theta, id=name, line=wanted.line))
        found.append(Pair(both[0], both[1], bool(row["correct"])))
    return found


def _decoded(a: Photograph, b: Photograph, sources: Sources, problems: Problems) -> ImagePair | None:
    both = []
    for one in (a, b):
        try:
            both.append(sources.photograph(one))
        except InputError as error:
            problems.add(one.line, str(error))
    if len(both) < 2:
        return None
    first, second = both
    return ImagePair(first.image, second.image, first.name, second.name, first.view, second.view)


def _backgrounds(settings: Settings, found: Resolved, sources: Sources, problems: Problems) -> None:
    """Note the photograph of a background."""
    background = settings.background
    if isinstance(background, Photograph) and background not in found.photographs:
        try:
            sources.photograph(background)
        except InputError as error:
            problems.add(background.line, str(error))
        found.photographs[background] = None


def points_of(spec: Spec, found: Resolved, sources: Sources) -> Points | None:
    """The scatter, with the places of the panels' pairs. Raises InputError where a pair is none of the run's."""
    if spec.scatter is None:
        return None
    run = sources.run(spec.scatter.run)
    metric = metric_of(run, spec.scatter.metric)
    rows = run.at(spec.scatter.layer or run.layers[-1])
    pairs = {one.number: one.settings.pair for one in found.cells if isinstance(one.settings.pair, Pair)}
    pins = []
    for number in sorted(one for one in pairs if one):
        a, b = (_id(one) for one in (pairs[number].a, pairs[number].b))
        own = rows[(rows["query_id"] == a) & (rows["gallery_id"] == b)]
        if own.empty:
            raise InputError(f"The run {run.name} has no pair {number}: take the rows from it, by `run` and `view`.")
        pins.append((float(own.iloc[0]["cosine"]), float(own.iloc[0][metric])))
    return Points(rows[["correct", "cosine", metric]], metric, metric.replace("_", " "), tuple(pins))


def _id(photograph: Photograph) -> str:
    """What a run or the sample calls a photograph; "" for a file."""
    return photograph.id or photograph.source.partition(":")[2] * photograph.source.startswith(f"{SAMPLE}:")
