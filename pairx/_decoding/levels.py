"""Values deeper than 8 bits, to 8 bits: what is black, what is white, and what is no value at all."""

from __future__ import annotations

import math

import numpy as np

NEUTRAL = 128  # where there is no value
_DEPTHS = (8, 10, 12, 14, 16, 24, 32)  # bits that sensors and files have
_ENDLESS = 1e30  # no light is as much: 3.4e38 is written where there is no value
_SPREAD = 1 / 8  # of black to white: a photograph whose values take less would hardly show anything
_FULL = 1 / 4  # of white: a photograph without a value above it was not meant for this white
_SPREAD_FLOATS, _FULL_FLOATS = 1 / 3, 1 / 2  # the same for floats above 1, which are measurements more often than light
_BELOW = 0.05  # of the values' range: so much less than 0 is still black; more has a meaning
_OVER, _FAR_OVER = 1.02, 1.5  # of white: so far beyond it floats of a resized photograph reach, and a few of them
_DISTINCT = 16  # different values that a photograph has at least
_SAMPLE = 1 << 20  # values from which percentiles are taken
_STRIP = 1 << 22  # values that are converted at once


def eight_bit(
    values: np.ndarray, nodata: float | None = None, full: int | None = None
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Values (H, W) or (H, W, C), whole numbers or floats, as uint8 of that shape, and what was guessed.

    nodata: what the file says stands for no value. full: given where zero is white: what is black then, the largest
    number that the file's bits hold. The rule is in `pairx.images.decode`.
    """
    if values.dtype.kind == "u" and values.dtype.itemsize <= 2:
        values = values.astype(np.uint16, copy=False)
    void, odd = _without_value(values, nodata)
    inverted = full is not None
    if full is not None and values.dtype == np.uint16:
        values, inverted = np.uint16(full) - values, False
    known = _sample(values, void)
    if not known.size:
        return np.full(values.shape, NEUTRAL, np.uint8), ("It holds no values at all.",)
    black, white, note = _limits(known, values.dtype)
    result = _scaled(values, black, white)
    if inverted:
        result = 255 - result
    notes = [note] if note else []
    if void is not None:
        result[void] = NEUTRAL
        notes.append(no_values(void, odd))
    return result, tuple(notes)


def no_values(void: np.ndarray, instead: list[str]) -> str:
    """What there is to say of a photograph without values where void (H, W) is true. instead: what stands there."""
    share = max(0.1, 100 * float(void.mean()))
    return f"{share:.1f} % of it has no value ({', '.join(instead)} in the file) and is drawn in neutral grey."


def _without_value(values: np.ndarray, nodata: float | None) -> tuple[np.ndarray | None, list[str]]:
    """(H, W) bool where there is no value, None if that is nowhere, and what stands there instead."""
    void = np.zeros(values.shape[:2], bool)
    odd: list[str] = []
    if values.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            _add(void, odd, ~(np.abs(values) < _ENDLESS), "nan or endless")
    if nodata is not None and math.isfinite(nodata):
        nearest = np.asarray(nodata).astype(values.dtype if values.dtype.kind == "f" else float)
        _add(void, odd, values == nearest, f"{nodata:g}")
    if values.ndim == 2:
        levels = np.unique(_sample(values, void if odd else None))
        while (end := _apart(levels, values.dtype)) is not None:
            _add(void, odd, values == values.dtype.type(levels[end]), f"{levels[end]:g}")
            levels = np.delete(levels, end)
    return (void, odd) if odd else (None, [])


def _add(void: np.ndarray, odd: list[str], found: np.ndarray, what: str) -> None:
    everywhere = np.asarray(found.all(-1) if found.ndim == 3 else found)
    if everywhere.any():
        void |= everywhere
        odd.append(what)


def _apart(levels: np.ndarray, kind: np.dtype) -> int | None:
    """Which end of the different values, ascending, is none: 0 or -1 where that one is farther from all others than
    these are from each other, and where with it they would show nothing (-9999 below temperatures, 0 around them).
    """
    if len(levels) <= _DISTINCT:
        return None
    white = max(levels[-1], _white(levels[-1], levels[-1], kind))
    below, above = levels[1] - levels[0], levels[-1] - levels[-2]
    for end, gap, others in ((0, below, levels[1:]), (-1, above, levels[:-1])):
        inner = others[-1] - others[0]
        if gap > inner and (levels[end] < 0 or inner < _SPREAD * white):
            return end
    between = levels[-2] - levels[1]  # with one at either end
    return 0 if min(below, above) > between and between < _SPREAD * white else None


def _sample(values: np.ndarray, void: np.ndarray | None) -> np.ndarray:
    """Values, as floats, spread evenly over those that are some."""
    flat = values.reshape(-1) if void is None else values[~void].reshape(-1)
    return flat[:: max(1, flat.size // _SAMPLE)].astype(float)


def _limits(known: np.ndarray, kind: np.dtype) -> tuple[float, float, str]:
    """Which values are black and white, and what there is to say of that."""
    low = float(np.percentile(known, 0.1, method="higher"))
    high = float(np.percentile(known, 99.9, method="lower"))
    top, bottom = float(known.max()), float(known.min())
    white = _white(top, high, kind)
    below = low < -_BELOW * (high - low)
    spread, full = (_SPREAD_FLOATS, _FULL_FLOATS) if kind.kind == "f" and white > 1 else (_SPREAD, _FULL)
    if top == bottom or not (below or high - low < spread * white or top <= full * white):
        usual = white == (1 if kind.kind == "f" else np.iinfo(kind).max)
        return 0.0, white, "" if usual or top == bottom else f"White was taken to be {white:,.0f}: no value is more."
    if low >= high:
        low, high = bottom, top
    return (
        low,
        high,
        f"Its values, {low:,.6g} to {high:,.6g}, were spread from black to white: they are no usual photograph's.",
    )


def _white(top: float, high: float, kind: np.dtype) -> float:
    """The smallest white that fits. top: the largest value; high: the same but for a few."""
    whites = [2.0**bits - 1 for bits in _DEPTHS]
    if kind.kind != "f":
        whites = sorted({*whites, float(np.iinfo(kind).max)})  # with a sign it has one bit less
        return next((white for white in whites if top <= white), top)
    if top <= _FAR_OVER or high <= _OVER:
        return 1.0
    return next((white for white in whites if high <= _OVER * white and top <= _FAR_OVER * white), top)


def _scaled(values: np.ndarray, black: float, white: float) -> np.ndarray:
    def scale(some: np.ndarray) -> np.ndarray:
        some = np.nan_to_num(some.astype(float), nan=black)
        return np.clip(np.rint((some - black) * (255 / (white - black or 1))), 0, 255).astype(np.uint8)

    if values.dtype == np.uint16:
        return scale(np.arange(1 << 16))[values]
    result = np.empty(values.shape, np.uint8)
    rows = max(1, _STRIP // max(1, values[0].size))
    for start in range(0, len(values), rows):
        result[start : start + rows] = scale(values[start : start + rows])
    return result
