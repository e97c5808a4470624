"""Data sets."""

from pairx.datasets.herd import Herd, load_herd

__all__ = ["Herd", "load_herd"]
