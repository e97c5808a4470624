"""Runs that the app itself is doing: in the background, one at a time, whoever is looking."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace

from pairx.datasets import Problem
from pairx.types import InputError, Step, Steps
from pairx.ui.shared.words import capitalised

log = logging.getLogger(__name__)
SKIP = "Go on without photographs that have problems"
"""Label of the form's box."""
OUR_FAULT = "The run broke off: a fault of ours. What is finished is kept; continue it, or start it again."


@dataclass(frozen=True)
class Progress:
    """How far a run is. what, done, total: of its present part. rate: per second, since that part began; remaining:
    seconds; both None as long as they are unknown. over: it ended; stopped: before it was finished; error: why it could
    not go on; note: what there is to say of a finished one.
    """

    name: str
    what: str = "starting"
    done: int = 0
    total: int = 0
    rate: float | None = None
    remaining: float | None = None
    over: bool = False
    stopped: bool = False
    error: str = ""
    note: str = ""


class Runner:
    """Does one run at a time in a thread of its own. A run outlives the page that started it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self.progress: Progress | None = None

    @property
    def busy(self) -> bool:
        return self.progress is not None and not self.progress.over

    @property
    def finished(self) -> str | None:
        """Name of the last run, where it came to its end."""
        last = self.progress
        return last.name if last and last.over and not (last.stopped or last.error) else None

    def require_idle(self) -> None:
        """Raises InputError while a run is under way."""
        if self.busy and self.progress is not None:
            raise InputError(f"{self.progress.name} is running. Wait for its end, or stop it.")

    def start(self, name: str, steps: Callable[[], Generator[Step, None, str]]) -> None:
        """Begin. steps: makes, in the thread, the run's steps, which return what there is to say at its end. Raises
        InputError while another run is under way."""
        with self._lock:
            self.require_idle()
            self._stop.clear()
            self.progress = Progress(name)
            self._thread = threading.Thread(target=self._work, args=(name, steps), daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the run at its next step; what is finished is kept."""
        self._stop.set()

    def wait(self) -> None:
        """Until nothing runs."""
        if self._thread is not None:
            self._thread.join()

    def _work(self, name: str, steps: Callable[[], Generator[Step, None, str]]) -> None:
        progress = Progress(name)
        try:
            computation = Steps(steps())
            taken, began, first = iter(computation), None, 0.0
            for step in taken:
                if began is None or (step.what, step.total) != (began.what, began.total):
                    began, first = step, self._clock()
                self.progress = progress = replace(measured(began, step, self._clock() - first), name=name)
                if self._stop.is_set():
                    taken.close()
                    self.progress = replace(progress, over=True, stopped=True)
                    return
            self.progress = replace(progress, over=True, note=computation.result)
        except InputError as error:
            self.progress = replace(progress, over=True, error=str(error))
        except Exception:
            log.exception("a run failed")
            self.progress = replace(progress, over=True, error=OUR_FAULT)


def measured(began: Step, now: Step, seconds: float) -> Progress:
    """Progress with its rate. began: the first step of this part; seconds: since then."""
    gained = now.done - began.done
    rate = gained / seconds if gained > 0 and seconds > 0 else None
    remaining = (now.total - now.done) / rate if rate else None
    return Progress("", now.what, now.done, now.total, rate, remaining)


def in_words(progress: Progress) -> str:
    """Such as "Scoring pairs: 120 of 400, 1.3 a second, 4 minutes left"."""
    parts = [capitalised(progress.what)]
    if progress.total > 1:
        parts[0] += f": {progress.done} of {progress.total}"
    if progress.rate:
        parts.append(f"{progress.rate:.2g} a second" if progress.rate < 10 else f"{progress.rate:.0f} a second")
    if progress.remaining is not None:
        parts.append(f"{_duration(progress.remaining)} left")
    return ", ".join(parts)


def in_form_words(message: str) -> str:
    """What is wrong with a data set, in the words of the form: a folder has no rows, and the box that skips has a
    label."""
    plain = re.sub(r" \(row \d+\)", "", message)
    tick = f"tick “{SKIP}” above"
    return plain.replace("skip these rows", tick).replace("skip them", tick)


def left_out(problems: Sequence[Problem]) -> str:
    """Such as "17 photographs were left out: missing file (16), no identity (1)."; nothing where none was. A photograph
    may have several problems."""
    rows = [problem for problem in problems if problem.row is not None]
    columns = [problem.where for problem in problems if problem.row is None]
    parts = []
    if rows:
        count = len({problem.row for problem in rows})
        kinds = ", ".join(f"{kind} ({number:,})" for kind, number in Counter(one.kind for one in rows).most_common())
        parts.append(f"{count:,} photograph{'s were' if count > 1 else ' was'} left out: {kinds}.")
    if columns:
        parts.append(f"Columns left out: {', '.join(columns)}.")
    return " ".join(parts)


def _duration(seconds: float) -> str:
    for unit, size in (("hours", 3600), ("minutes", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.0f} {unit}"
    return "1 second" if round(seconds) == 1 else f"{seconds:.0f} seconds"
