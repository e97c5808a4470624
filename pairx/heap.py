"""Memory of a process of our own: the C library's settings, and when Python looks for garbage. Both are the whole
process's, so only the command line, the app and workers of our own set them, never an import."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def share_heap() -> None:
    """One heap for all threads, from now on: glibc gives each its own, and what one thread frees no other can use. Its
    top is given back above 256 MiB, and no block is too large for it: fresh pages cost more time than they save memory.
    Call it before threads start: heaps that exist already stay. Without glibc nothing happens.
    """
    if sys.platform == "linux" and (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)):
        m_arena_max, m_mmap_threshold, m_trim_threshold = -8, -3, -1  # malloc.h
        mallopt(m_arena_max, 1)
        mallopt(m_mmap_threshold, 32 << 20)
        mallopt(m_trim_threshold, 256 << 20)


@contextmanager
def importing() -> Iterator[None]:
    """While modules are imported and a model is loaded, nobody looks for garbage: what they make stays."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def end() -> None:
    """Let nobody look for garbage in all that the process has made: it ends, and its memory with it. Triton, where
    anybody imported it, would print a page about what is left.
    """
    if "triton" not in sys.modules:
        gc.freeze()
