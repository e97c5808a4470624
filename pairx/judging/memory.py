"""How much memory a computation takes at its height, where the system tells."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass
class Peak:
    """bytes: by how much the most in use exceeded what was in use before; NaN where the system does not tell."""

    bytes: float = math.nan


@contextmanager
def peak(device: torch.device) -> Iterator[Peak]:
    """Measure a block: of a GPU its own memory, otherwise this process's (Linux only)."""
    found = Peak()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        yield found
        found.bytes = float(torch.cuda.max_memory_allocated(device) - before)
        return
    try:
        _RESET.write_text("5")  # the most in use becomes what is in use: see proc(5)
        start = _most()
    except OSError:
        start = math.nan
    yield found
    found.bytes = _most() - start if math.isfinite(start) else math.nan


def _most() -> float:
    """Bytes of this process's largest resident set since the reset."""
    line = re.search(r"VmHWM\b\D+(\d+) kB", _STATUS.read_text())
    return 1024.0 * int(line[1]) if line else math.nan
