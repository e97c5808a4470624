"""The pair that a person chose in the Explore tab: its photographs and scores, then PAIR-X; and galleries of pairs."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path
from typing import Any

from pairx import images
from pairx.evaluation.metrics import CONTROL
from pairx.evaluation.reading import UNKNOWN, OpenRun
from pairx.types import InputError
from pairx.ui.explore.payload import GalleryItem, PairText, Thumbnail
from pairx.ui.explore.scene import number
from pairx.ui.shared.figures import of_pair, of_run
from pairx.ui.shared.files import cached, encoded, file_data, photos_of
from pairx.ui.shared.photos import Photo, PhotoShelf, pair_of
from pairx.ui.shared.words import column_title, metric_title

THUMBNAIL = 220  # px
MOST_THUMBNAILS = 4000
PAGE = 24  # pairs of a gallery's page


def ticket_of(values: dict[str, Any]) -> int:
    """The number of a click; 0 where there is none."""
    found = values.get("ticket")
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 2**31 else 0


class Tickets:
    """The number of each session's latest click, so that what belongs to an earlier one ends itself."""

    MOST = 2000

    def __init__(self) -> None:
        self._latest: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def ask(self, session: str, ticket: int) -> bool:
        """Whether no later click than this one is known; from now on it is known itself."""
        with self._lock:
            latest = max(self._latest.get(session, 0), ticket)
            self._latest[session] = latest
            self._latest.move_to_end(session)
            while len(self._latest) > self.MOST:
                self._latest.popitem(last=False)
            return latest == ticket


def photo_of(shelf: PhotoShelf, run: OpenRun, image_id: str) -> Photo:
    """A photograph of a run, its box turned upright, on the shelf. Raises InputError where it has moved."""
    return shelf.open(file_of_run(run, image_id), image_id)


def file_of_run(run: OpenRun, image_id: str) -> Path:
    """A file with a photograph of a run, its box turned upright. Raises InputError where it has moved."""
    path, box, theta = run.photograph(image_id)
    if box is None and not theta:
        return path
    image, _ = images.load_image(path, box, theta, name=image_id)
    return Path(cached(encoded(image, "png", compress_level=1), "photograph.png"))


def pair_rows(run: OpenRun, layer: str, chosen: Any) -> Any:
    """The row of a pair at a layer, by its number. Raises InputError where there is none."""
    rows = run.at(layer)
    if not isinstance(chosen, int) or isinstance(chosen, bool) or chosen not in rows.index:
        raise InputError(f"{run.name} has no such pair at {layer}. Choose another point.")
    return rows.loc[chosen]


def describe_pair(run: OpenRun, layer: str, chosen: int, photos: Sequence[Photo]) -> PairText:
    """What is said of a pair at once, JSON-ready: whether it is correct, its individuals, its scores and, where they
    are given, its photographs."""
    row = pair_rows(run, layer, chosen)
    scores = [("Cosine similarity", number(row["cosine"], ".3f"), "")]
    for name in run.metrics:
        if not name.startswith(CONTROL):
            control = number(row[CONTROL + name], ".3g") if CONTROL + name in run.metrics else ""
            scores.append((metric_title(name), number(row[name], ".3g"), control))
    scores += [(column_title(name), str(row[name]), "") for name in ("n_matches", "transform_inliers")]
    a, b = (of_run(run.folder, row[f"{side}_id"]) for side in ("query", "gallery"))
    known = [(column_title(name), str(row[name]), "") for name in run.columns if isinstance(row[name], str)]
    return {
        "number": int(chosen),
        "layer": layer,
        "correct": bool(row["correct"]),
        "owners": owners_in_words(bool(row["correct"]), row["query_identity"], row["gallery_identity"]),
        "photos": photos_of(pair_of(*photos)) if photos else [],
        "scores": scores + known,
        "about": f"{run.settings['model']} · {layer}",
        "figure": of_pair(a, b, str(run.settings["model"]), layer, bool(row["correct"])),
    }


def owners_in_words(correct: bool, *names: str) -> str:
    """Whose photographs a pair's are. correct: whether the run found them to be one individual's, named or not."""
    known = [name for name in dict.fromkeys(names) if name != UNKNOWN]
    if not known:
        return "individuals unknown"
    return f"one individual: {', '.join(known)}" if correct else f"two individuals: {' and '.join(names)}"


class Thumbnails:
    """Small pictures of photographs as files, each made once."""

    def __init__(self) -> None:
        self._make = lru_cache(MOST_THUMBNAILS)(self._written)

    def gallery(self, run: OpenRun, numbers: Sequence[Any]) -> list[GalleryItem]:
        """A page of pairs with two files each, or the reason why a photograph cannot be shown. Numbers that are none of
        the run's pairs are left out."""
        rows = run.at(run.layers[0])
        known = [n for n in numbers[:PAGE] if isinstance(n, int) and not isinstance(n, bool) and n in rows.index]
        ids = {n: (rows.at[n, "query_id"], rows.at[n, "gallery_id"]) for n in known}
        different = list(dict.fromkeys(one for pair in ids.values() for one in pair))
        with ThreadPoolExecutor(4) as pool:
            found = dict(zip(different, pool.map(lambda one: self._file(run, one), different), strict=True))
        return [{"number": n, "files": [found[one] for one in ids[n]]} for n in known]

    def _file(self, run: OpenRun, image_id: str) -> Thumbnail:
        try:
            path, box, theta = run.photograph(image_id)
            made = self._make(path, path.stat().st_mtime_ns, box, theta)
            if not Path(made).is_file():  # gradio deletes files of its cache after a day
                made = self._written(path, 0, box, theta)
        except (InputError, OSError) as error:
            return {"problem": str(error)}
        found = file_data(made)
        return {"path": found["path"], "meta": found["meta"]}

    def _written(self, path: Path, changed: int, box: tuple | None, theta: float) -> str:
        image, _ = images.load_image(path, box, theta)
        small = encoded(images.thumbnail(image, THUMBNAIL), "jpeg", quality=82)
        return cached(small, "thumbnail.jpg")
