"""From a file of any usual format to upright 8-bit RGB. `pairx.images` is the door to this room."""

from pairx._decoding.formats import RAW_SUFFIXES, SUFFIXES
from pairx._decoding.photograph import (
    MAX_PIXELS,
    MAX_SIDE,
    Photograph,
    Source,
    label,
    open_photograph,
)

__all__ = ["MAX_PIXELS", "MAX_SIDE", "RAW_SUFFIXES", "SUFFIXES", "Photograph", "Source", "label", "open_photograph"]
