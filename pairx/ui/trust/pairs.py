"""The pairs behind a number: small pictures, and addresses that open them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from urllib.parse import urlencode

from pairx import images
from pairx.core import CARD
from pairx.datasets import Dataset, load_steps
from pairx.datasets.herd import load_herd
from pairx.datasets.sources import SAMPLE
from pairx.datasets.wildlife import CATALOGUE
from pairx.judging.results import JudgedPair
from pairx.methods import cards
from pairx.types import InputError, finished
from pairx.ui.shared import links
from pairx.ui.shared.files import cached, encoded, file_data
from pairx.ui.shared.judgements import Judged
from pairx.ui.shared.library import Library
from pairx.ui.shared.links import Options
from pairx.ui.shared.numbers import plain
from pairx.ui.shared.payload import FileData
from pairx.ui.shared.photos import Photo
from pairx.ui.shared.session import AppState
from pairx.ui.trust.payload import TrustPair, TrustPairs

THUMBNAIL = 260  # px
KEPT_DATASETS = 4
ELSEWHERE = "The photographs of {dataset} are not among this app's data sets, so that its pairs cannot be shown."
NO_MODEL = "This app does not have {model}, so that the pairs cannot be explained here."
OTHER_WEIGHTS = "This app's {model} has other weights or another input size than the one that was judged."


class JudgedPairs:
    """Opens the pairs of judgements, where the photographs are there."""

    def __init__(self, app_state: AppState, library: Library) -> None:
        self.app_state = app_state
        self.library = library
        self._dataset = lru_cache(KEPT_DATASETS)(self._loaded)

    def of(self, known: Judged, method: str, criterion: str, ticket: int) -> TrustPairs:
        """The best and the worst. Raises InputError where the judgement has no such number."""
        cell = known.results.cell(method, criterion)
        if cell is None:
            raise InputError("This judgement has no such number. Choose another.")
        ends = [[self._pair(known, method, one) for one in some] for some in (cell.best, cell.worst)]
        return {"ticket": ticket, "best": ends[0], "worst": ends[1], "note": self._note(known)}

    def _note(self, known: Judged) -> str:
        model = str(known.results.settings["model"])
        facts = self.app_state.facts.get(model)
        if model not in self.app_state.cards:
            return NO_MODEL.format(model=known.results.model_title)
        if facts and facts.key != known.results.settings["model_key"]:
            return OTHER_WEIGHTS.format(model=known.results.model_title)
        return ""

    def _pair(self, known: Judged, method: str, pair: JudgedPair) -> TrustPair:
        names = [*known.results.pairs[pair.number]]
        told: TrustPair = {"value": plain(pair.value), "names": names}
        try:
            photos = [self._photo(known, one) for one in names]
        except InputError as error:
            return {**told, "problem": str(error)}
        told = {**told, "files": [_thumbnail(photo) for photo in photos]}
        settings = known.results.settings
        if settings["model"] not in self.app_state.cards:
            return told
        query = links.query(photos[0].ref.id, photos[1].ref.id, settings["model"], settings["layer"], Options())
        shown = [CARD.name, *([method] if method in cards() and method != CARD.name else [])]
        compared = query | {"axis": "methods", "choices": ",".join(shown)}
        return {**told, "explain": f"?{urlencode(query)}", "compare": f"?{urlencode(compared)}"}

    def _photo(self, known: Judged, image_id: str) -> Photo:
        """A photograph as it was judged, on the shelf. Raises InputError where it is not there."""
        settings = known.results.settings
        dataset = self._dataset(str(settings["dataset"]))
        row = dataset.row(image_id)
        path, (box, theta) = Path(dataset.table["path"].iloc[row]), dataset.box(row)
        if settings["whole_photographs"] or (box is None and not theta):
            return self.app_state.shelf.open(path, image_id)
        image, _ = images.load_image(path, box, theta, name=image_id)
        upright = cached(encoded(image, "png", compress_level=1), "photograph.png")
        return self.app_state.shelf.open(upright, image_id)

    def _loaded(self, name: str) -> Dataset:
        """A data set by its name. Raises InputError where the app has none of that name."""
        if name == SAMPLE:
            return Dataset(name, load_herd().table)  # ours: it needs no check
        if name not in self.library.datasets() and not name.startswith(CATALOGUE):
            raise InputError(ELSEWHERE.format(dataset=name))
        source, own = self.library.source(name), self.library.places.own_machine
        return finished(load_steps(source, skip_problems=True, unknown=True, links_out=own))


def _thumbnail(photo: Photo) -> FileData:
    small = encoded(images.thumbnail(photo.image, THUMBNAIL), "jpeg", quality=82)
    return file_data(cached(small, "thumbnail.jpg"))
