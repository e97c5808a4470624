"""From a specification to a computed figure: what is missing in the cache is computed, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from pairx import baselines, core, methods
from pairx.baselines import registry
from pairx.baselines.decomposition import point_map
from pairx.core import correspondence
from pairx.figures import cache
from pairx.figures.cells import DEFAULT_MODEL, PAIR_X, method_of, options_of, shown_of, takes_background
from pairx.figures.computed import Figure, Panel
from pairx.figures.nodes import Problems
from pairx.figures.places import answer_of, insets_of, point_in, transfers_of
from pairx.figures.resolving import Known, Resolved, points_of, resolved
from pairx.figures.sources import RANDOM, Sources
from pairx.figures.spec import Entry, Model, Settings, Spec
from pairx.figures.titles import titles
from pairx.models import EmbeddingModel
from pairx.types import Computation, Explanation, ImagePair, InputError, Refusal, Step, Steps


@dataclass
class Job:
    """One result that panels need. tensor: whether they look at it. point: of point-to-point activation, the only place
    that they ask for, in fractions of the first photograph: it is computed without the tensor. key: in the cache."""

    pair: ImagePair
    model: EmbeddingModel
    layer: str
    method: str
    options: Any
    tensor: bool = False
    colours: int = 0
    point: tuple[float, float] | None = None
    key: str = ""
    result: Explanation | Refusal | None = field(default=None, compare=False)


def figure_steps(spec: Spec, folder: Path | None = None, sources: Sources | None = None) -> Computation[Figure]:
    """Compute a figure: all that its panels show, raw. folder: that the specification's paths start at, by default the
    working one. sources: where photographs, runs and models come from, by default files.

    Results are kept in the cache by all that they depend on, and taken from there. Yields Steps. Raises SpecError,
    which tells every photograph, run, model and layer that cannot be had, each with its line. A method that cannot run
    on a panel says so in it.
    """
    folder = (folder or Path.cwd()).absolute()
    sources, problems = sources or Sources(folder), Problems()
    yield Step(0, 1, "reading the photographs")
    found = resolved(spec, sources, problems)
    models: dict[Model, EmbeddingModel] = {}
    for wanted in dict.fromkeys(one.settings.model or DEFAULT_MODEL for one in found.cells if method_of(one.settings)):
        yield Step(0, 1, f"loading {wanted.name}")
        try:
            models[wanted] = sources.model(wanted)
        except InputError as error:
            problems.add(wanted.line, str(error))
    jobs = _jobs(found.cells, models, problems, sources)
    problems.raise_any()
    yield from _computed([*jobs.values()])
    panels = []
    for known, key in zip(found.cells, _keys(found.cells, models), strict=True):
        result = jobs[key].result if key is not None else None
        try:
            panels.append(_panel(known, result, sources))
        except InputError as error:
            problems.add(known.line, str(error))
    problems.raise_any()
    return _figure(spec, found, models, panels, folder, sources)


JobKey = tuple[int, Model, str, str, tuple[tuple[str, Any], ...], Any, tuple[float, float] | None]
POINTS = "point-to-point"
"""The method that answers for one place without its tensor, thousands of passes of the network."""


def _keys(cells: Iterable[Known], models: dict[Model, EmbeddingModel]) -> list[JobKey | None]:
    """What tells the jobs of panels apart; None for a panel of photographs alone."""
    found: list[JobKey | None] = []
    for known in cells:
        settings, name = known.settings, method_of(known.settings)
        wanted = settings.model or DEFAULT_MODEL
        if not name or wanted not in models:
            found.append(None)
            continue
        options = tuple(sorted(options_of(settings).items(), key=str))
        background = settings.background if takes_background(name) else None
        layer = settings.layer or models[wanted].default_layer
        point = settings.point if name == POINTS and shown_of(settings) == "point" else None
        found.append((id(known.pair), wanted, layer, name, options, background, point))
    return found


def _jobs(
    cells: list[Known], models: dict[Model, EmbeddingModel], problems: Problems, sources: Sources
) -> dict[JobKey, Job]:
    """The results that are needed, each once. Problems with layers and backgrounds are added."""
    jobs: dict[JobKey, Job] = {}
    for known, key in zip(cells, _keys(cells, models), strict=True):
        if key is None:
            continue
        settings = known.settings
        if key not in jobs:
            try:
                layer = models[key[1]].layer(key[2]).name
                job = Job(known.pair, models[key[1]], layer, key[3], _options(settings, sources), point=key[6])
            except InputError as error:
                problems.add(known.line_of("layer"), str(error))
                continue
            jobs[key] = job
        job = jobs[key]
        job.tensor |= job.point is None and shown_of(settings) in ("point", "labels")
        if shown_of(settings) in ("colours", "both"):
            job.colours = max(job.colours, settings.colours or core.Options().k_colors)
    for job in jobs.values():
        if job.method == PAIR_X:
            job.options = replace(job.options, k_colors=job.colours)
        parts = {"tensor": job.tensor, "point": job.point}
        job.key = cache.key_of(job.model, job.pair, job.method, job.layer, job.options, parts)
    return jobs


def _options(settings: Settings, sources: Sources) -> Any:
    chosen = options_of(settings)
    if settings.background is not None and takes_background(method_of(settings)):
        background = settings.background
        chosen["background"] = background if isinstance(background, str) else sources.photograph(background).image
    return methods.options_of(method_of(settings), **chosen)


def _computed(jobs: list[Job]) -> Computation[None]:
    """Fill in the results: from the cache, or computed, those of one pair, model and layer after each other, who share
    what the model saw."""
    for job in jobs:
        if cache.is_ours(job.method):
            job.result = cache.known(job.key, job.pair)
    missing = sorted((job for job in jobs if job.result is None), key=_together)
    done = 0
    for _, group in groupby(missing, key=_together):
        at = None
        for job in group:
            title = f"{methods.card_of(job.method).title} of {job.pair.id0} and {job.pair.id1}"
            yield Step(done, len(missing), title)
            try:
                if job.method == PAIR_X:
                    steps = _first(core.explain_steps(job.model, job.pair, (job.layer,), job.options))
                else:
                    at = at or baselines.encode_pair(job.model, job.pair, job.layer)
                    steps = _at_point(at, job.point) if job.point else baselines.explain(at, job.method, job.options)
                job.result = methods.noted((yield from _of_one(steps, done, len(missing), title)), job.pair)
            except InputError as error:
                job.result = Refusal(job.method, str(error))
            done += 1
            if isinstance(job.result, Explanation):
                if not job.tensor:
                    job.result = replace(job.result, tensor=None)
                if cache.is_ours(job.method):
                    cache.keep(job.key, job.result, job.pair)


def _at_point(at: baselines.PairAtLayer, point: tuple[float, float]) -> Computation[Explanation]:
    """What the second photograph's cells add together with a point of the first, as the only map. Raises InputError."""
    yield Step(0, 1, "the second photograph")
    extents = [at.model.extent(image) for image in at.pair.images]
    seen = correspondence.seen((*point_in(point, at.pair.view0),) * 2, extents[0], at.pair.image0.shape[1::-1])
    weights = correspondence.at_point(seen[:2], at.model.layer(at.layer).grid)
    settings = registry.settings(at, registry.NoOptions())
    cells = point_map(at, weights, 0)
    return Explanation(POINTS, at.similarity, map1=cells, settings=settings, extent0=extents[0], extent1=extents[1])


def _together(job: Job) -> tuple[str, int, str]:
    return job.model.key, id(job.pair), job.layer


def _first(steps: Computation[list[Explanation]]) -> Computation[Explanation]:
    return (yield from steps)[0]


def _of_one(steps: Computation[Explanation], done: int, total: int, title: str) -> Computation[Explanation]:
    """The steps of one result, which does not move the bar."""
    taken = Steps(steps)
    for step in taken:
        yield Step(done, total, f"{title}: {step.what}")
    return taken.result


def _panel(known: Known, result: Explanation | Refusal | None, sources: Sources) -> Panel:
    """A panel with what its places have to say. Raises InputError for a place outside of its photograph."""
    settings, pair = known.settings, known.pair
    insets = insets_of(settings.insets or (), pair)
    panel = Panel(settings, pair, result, known.correct, insets=insets, number=known.number)
    if not isinstance(result, Explanation):
        return panel
    panel = replace(panel, extents=(result.extent0, result.extent1))
    if shown_of(settings) == "point" and settings.point is not None:
        return replace(panel, answer=answer_of(result, pair, settings.point), result=replace(result, tensor=None))
    if shown_of(settings) == "labels":
        moved = transfers_of(result, pair, settings.labels or (), sources)
        return replace(panel, transfers=moved, result=replace(result, tensor=None))
    return replace(panel, result=replace(result, tensor=None))


def _figure(
    spec: Spec,
    found: Resolved,
    models: dict[Model, EmbeddingModel],
    panels: list[Panel],
    folder: Path,
    sources: Sources,
) -> Figure:
    columns: tuple[Entry, ...] = found.columns
    rows = tuple(tuple(panels[at : at + len(columns)]) for at in range(0, len(panels), len(columns)))
    notes = [f"{model.title}: {RANDOM}" for wanted, model in models.items() if wanted.random]
    for panel in panels:
        notes += panel.result.notes if isinstance(panel.result, Explanation) else panel.pair.notes
    row_titles, column_titles = titles(found, models)
    keys = {model.name: model.key for model in models.values()}
    points = points_of(spec, found, sources)
    told = tuple(dict.fromkeys(notes))
    used = found.used(sources)
    return Figure(spec, rows, row_titles, column_titles, folder, cache.versions(), keys, used, points, told)
