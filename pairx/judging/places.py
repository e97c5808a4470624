"""Criteria of right places: does an explanation point where it is known to have to? None is what is not defined."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.stats import rankdata

from pairx.judging import disturbing
from pairx.judging.case import WITHIN, Case

TOP = 20
"""Strongest matches that are looked at, as many as PAIR-X draws lines."""
THRESHOLDS = (0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
OVERLAP = 0.5


def right_places(case: Case) -> float | None:
    """Share, 0 to 1, of the strongest matches that end within WITHIN cells of the true place; both directions."""
    return _mean([_hits(case, number) for number in (0, 1)])


def distance(case: Case) -> float | None:
    """Median distance, pixels of the photograph, from the true place, of the strongest matches that have one."""
    return _mean([_distance(case, number) for number in (0, 1)])


def energy(case: Case) -> float | None:
    """Share, 0 to 1, of the positive evidence that lies on the animal."""
    if case.maps is None or case.masks is None:
        return None
    shares = []
    for one, mask in zip(case.maps, case.masks, strict=True):
        positive = np.maximum(one, 0)
        shares.append(float(positive[mask].sum() / positive.sum()) if positive.any() else 0.0)
    return _mean(shares)


def pointing(case: Case) -> float | None:
    """Whether the highest place of each map is on the animal, 0 or 1; of equal places their share on it."""
    if case.maps is None or case.masks is None:
        return None
    pairs = zip(case.maps, case.masks, strict=True)
    return _mean([float(mask[one == one.max()].mean()) for one, mask in pairs])


def localisation(case: Case) -> float | None:
    """Share, 0 to 1, of THRESHOLDS times the maximum at which the box of the largest component overlaps the animal's
    box by more than OVERLAP of their union."""
    if case.maps is None or case.masks is None:
        return None
    hits = []
    for one, mask in zip(case.maps, case.masks, strict=True):
        true = _box(mask)
        hits += [_iou(_largest(one, share), true) > OVERLAP if one.max() > 0 else False for share in THRESHOLDS]
    return _mean([float(hit) for hit in hits])


def label_transfer(case: Case) -> float | None:
    """Mean IoU, 0 to 1, of the animal and of the rest, sent from one photograph to the other through the tensor."""
    if case.sent is None or case.masks is None:
        return None
    overlaps = []
    for sent, truth in zip(case.sent, case.masks, strict=True):
        overlaps += [_overlap(sent, truth), _overlap(~sent, ~truth)]
    return _mean(overlaps)


def parts(case: Case) -> float | None:
    """Share, 0 to 1, of the named parts whose partner lies within WITHIN cells of the same part; both directions."""
    if case.truth.parts is None:
        return None
    shares: list[float] = []
    for number in (0, 1):
        if (found := case.partners(number, case.truth.parts[number])) is None:
            return None
        away = np.linalg.norm((found - case.truth.parts[1 - number]) / case.cell(1 - number), axis=1)
        shares.append(float((away <= WITHIN).mean()))
    return _mean(shares)


def twins(case: Case) -> float | None:
    """Probability, 0 to 1, that a pixel of a marking that differs has less evidence than another pixel of the animal;
    .5 is chance."""
    if case.maps is None or case.masks is None or case.differences is None:
        return None
    found = []
    for one, mask, marks in zip(case.maps, case.masks, case.differences, strict=True):
        marks = marks & mask
        ranks, differs = rankdata(-one[mask]), marks[mask]
        n, m = int(differs.sum()), int((~differs).sum())
        if n and m:
            found.append(float((ranks[differs].sum() - n * (n + 1) / 2) / (n * m)))
    return _mean(found)


def orientation(case: Case) -> float | None:
    """Degrees, 0 to 180, by which the highest places of the maps of a photograph and of the same, turned, tell its turn
    wrongly."""
    turned = case.turned
    if turned is None:
        return None
    first, second = (_highest(turned, number) for number in (0, 1))
    return None if first is None or second is None else _off(turned, first, second)


def orientation_partner(case: Case) -> float | None:
    """The same, of the highest place of the first map and its partner; 90, chance, where it has no partner."""
    turned = case.turned
    if turned is None or (first := _highest(turned, 0)) is None:
        return None
    if (found := turned.partners(0, first[None])) is None:
        return None
    return _off(turned, first, found[0]) if np.isfinite(found).all() else 90.0


def _highest(turned: Case, number: int) -> np.ndarray | None:
    """(2,) x/y of the highest place of a photograph that the other shows, too, pixels of its image."""
    one = (turned.explanation.map0, turned.explanation.map1)[number]
    if one is None:
        return None
    centres, image = turned.centres(number), turned.at.pair.images[number]
    there = disturbing.turned_points(centres, image, back=number == 1)
    shown = ((there >= 0) & (there < image.shape[1::-1])).all(1)
    return centres[np.argmax(np.where(shown, one.ravel(), -np.inf))]


def _off(turned: Case, first: np.ndarray, second: np.ndarray) -> float:
    middle = np.array(turned.at.pair.image0.shape[1::-1]) / 2
    angles = [np.degrees(np.arctan2(*(point - middle)[::-1])) for point in (first, second)]
    return float(abs((angles[1] - angles[0] - disturbing.TURN + 180) % 360 - 180))


def _mean(numbers: list[float | None] | list[float]) -> float | None:
    known = [number for number in numbers if number is not None]
    return float(np.mean(known)) if known else None


def _hits(case: Case, number: int) -> float | None:
    """A match that starts off the animal, or on a spot that the other photograph does not show, misses."""
    if (found := _away(case, number)) is None:
        return None
    away, known = found
    near = np.linalg.norm(away / case.cell(1 - number), axis=1) <= WITHIN
    return float((known & near).mean())


def _distance(case: Case, number: int) -> float | None:
    if (found := _away(case, number)) is None or not found[1].any():
        return None
    away, known = found
    return float(np.median(np.linalg.norm(away[known], axis=1)))


def _away(case: Case, number: int) -> tuple[np.ndarray, np.ndarray] | None:
    """(N, 2) from the true places to where the strongest matches end, and (N,) bool: whether there is a true place."""
    matches = case.strongest(number, TOP)
    if matches is None or case.truth.correspondence is None:
        return None
    true, visible = case.truth.correspondence(number, matches[0])
    known = visible & np.isfinite(true).all(1)
    return np.where(known[:, None], matches[1] - true, 0), known


def _largest(one: np.ndarray, share: float) -> tuple[int, int, int, int]:
    """Box (x0, y0, x1, y1) of the largest connected part of a map above a share of its maximum."""
    _, _, stats, _ = cv2.connectedComponentsWithStats((one >= share * one.max()).astype(np.uint8))
    x, y, w, h = stats[1 + np.argmax(stats[1:, cv2.CC_STAT_AREA])][:4] if len(stats) > 1 else (0, 0, 0, 0)
    return int(x), int(y), int(x + w), int(y + h)


def _box(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(mask)
    if not len(rows):
        return 0, 0, 0, 0
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def _iou(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    width, height = (max(0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1))
    areas = [(one[2] - one[0]) * (one[3] - one[1]) for one in (a, b)]
    return width * height / max(1, sum(areas) - width * height)


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    return float((a & b).sum() / max(1, (a | b).sum()))
