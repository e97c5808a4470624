"""Where a figure's photographs, runs and models come from in the app: by reference, never by a path."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pairx.evaluation.reading import OpenRun
from pairx.figures import Sources
from pairx.figures.pairs import SAMPLE
from pairx.figures.sources import Found
from pairx.figures.spec import Model, Photograph
from pairx.models import EmbeddingModel
from pairx.types import InputError
from pairx.ui.explore.chosen_pair import file_of_run
from pairx.ui.review.desk import ReviewDesk
from pairx.ui.shared.figures import REVIEWS, RUNS, parts_of
from pairx.ui.shared.library import READY, Library
from pairx.ui.shared.links import is_upload
from pairx.ui.shared.photos import GONE
from pairx.ui.shared.session import AppState

NOT_HERE = (
    "is not on this server: a figure of the app takes its photographs from the samples, uploads, runs and reviews. "
    "Upload it in Explain and add it from there, or run `pairx figure` beside it."
)
OWN_MODEL = (
    "In the app a figure takes models by their names, as they are: run `pairx figure` for other weights or sizes."
)


class AppSources(Sources):
    """Looks where the app keeps things, for one figure. Paths that somebody wrote are refused."""

    def __init__(self, app_state: AppState, library: Library, desk: ReviewDesk) -> None:
        super().__init__(Path())
        self.app_state = app_state
        self.library = library
        self.desk = desk
        self._of_runs: dict[str, Path] = {}

    def file(self, source: str) -> Path:
        """Where a photograph lies. Raises InputError where there is none, or none any more."""
        if source in self._of_runs:
            return self._of_runs[source]
        if source.startswith(f"{SAMPLE}:"):
            return super().file(source)
        folder, name, photograph = parts_of(source) or ("", "", "")
        if folder == RUNS:
            return file_of_run(self.library.run(name), photograph)
        if folder == REVIEWS:
            return self.desk.file(name, photograph)
        if not is_upload(name):
            raise InputError(f"{said(source)} {NOT_HERE}")
        try:
            return self.app_state.shelf.find(name).path
        except InputError as error:
            raise InputError(f"{said(source)} {GONE}") from error

    def problem(self, source: str) -> str:
        """Why a photograph is not to be had, "" where it is."""
        try:
            self.file(source)
        except InputError as error:
            return str(error)
        return ""

    def _photograph(self, wanted: Photograph) -> Found:
        if wanted.id:  # of a run's view, which says where it lies
            self._of_runs[wanted.source] = Path(wanted.source)
        return replace(super()._photograph(wanted), name=wanted.id or said(wanted.source))

    def _run(self, source: str) -> OpenRun:
        return self.library.run(READY if source == SAMPLE else source)

    def _model(self, wanted: Model) -> EmbeddingModel:
        if wanted.weights is not None or wanted.random or wanted.size is not None or wanted.resize is not None:
            raise InputError(OWN_MODEL)
        return self.app_state.model(wanted.name)


def said(source: str) -> str:
    """What a person calls a photograph."""
    parts = parts_of(source)
    return parts[2] if parts else source.rpartition(":")[2].rpartition("/")[2]
