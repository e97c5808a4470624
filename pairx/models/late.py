"""timm without all its models and what they pull in: torchvision's models and operations, and torch's compiler.

Together they take longer to import than torch. As packages that run at their first use, they cost nothing until then,
and a model that ships needs none of them.
"""

from __future__ import annotations

import sys
from importlib.abc import Loader
from importlib.machinery import PathFinder
from importlib.metadata import version
from importlib.util import module_from_spec
from threading import RLock
from types import ModuleType
from typing import Any

LATE = ("timm", "timm.models", "torchvision.datasets", "torchvision.io", "torchvision.models", "torchvision.ops")
"""Packages, of which timm or torchvision import all, and use little."""
_running = RLock()


class _Late(ModuleType):
    """A package whose code runs when something of it is first asked for. Its submodules can be imported before."""

    def __getattr__(self, name: str) -> Any:
        with _running:
            loader: Loader | None = self.__dict__.pop("_loader", None)
            if loader is not None:
                try:
                    loader.exec_module(self)
                except BaseException:
                    self._loader = loader
                    raise
                self.__class__ = ModuleType  # type: ignore[assignment]
        if isinstance(self, _Late):  # asked by its own code while that runs
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(self, name)


def put_off(name: str) -> None:
    """Let a package run at its first use, unless it, or what it is a part of, has run already, or is not there."""
    parent = name.rpartition(".")[0]
    around = PathFinder.find_spec(parent) if parent else None
    if name in sys.modules or type(sys.modules.get(parent)) is ModuleType or (parent and around is None):
        return
    spec = PathFinder.find_spec(name, around.submodule_search_locations if around else None)
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    module._loader = spec.loader  # type: ignore[attr-defined]
    module.__class__ = _Late
    sys.modules[name] = module
    if parent in sys.modules:
        setattr(sys.modules[parent], name.rpartition(".")[2], module)


for _name in LATE:
    put_off(_name)
sys.modules["timm"].__version__ = version("timm")  # type: ignore[attr-defined]  # which parts of timm ask it for
