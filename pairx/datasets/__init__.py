"""Data sets: photographs of known individuals, from any usual form, checked."""

from pairx.datasets.dataset import Dataset, ManifestError, Problem, describe
from pairx.datasets.herd import Herd, load_herd
from pairx.datasets.reading import Shown, cache_folder, open_cache, read_steps, say_no_cache
from pairx.datasets.sources import FORMS, Form, Found, load_dataset, load_steps
from pairx.datasets.wildlife import list_catalogue

__all__ = [
    "FORMS",
    "Dataset",
    "Form",
    "Found",
    "Herd",
    "ManifestError",
    "Problem",
    "Shown",
    "cache_folder",
    "describe",
    "list_catalogue",
    "load_dataset",
    "load_herd",
    "load_steps",
    "open_cache",
    "read_steps",
    "say_no_cache",
]
