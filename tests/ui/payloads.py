"""Whether a value is of a payload's type."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict


def faults(value: Any, kind: Any, where: str = "value") -> list[str]:
    """What of a value is not as its type says, a line each. A number may be whole where it need not
    be, and a tuple travels as a list."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind is Any:
        return []
    if is_typeddict(kind):
        return _faults_of_dict(value, kind, where)
    if origin in (UnionType, Union):
        found = [faults(value, one, where) for one in inner]
        return [] if [] in found else min(found, key=len)
    if origin is list and isinstance(value, list | tuple):
        return [line for i, one in enumerate(value) for line in faults(one, inner[0], f"{where}[{i}]")]
    if origin is tuple and isinstance(value, tuple | list) and len(value) == len(inner):
        return [line for i, one in enumerate(value) for line in faults(one, inner[i], f"{where}[{i}]")]
    if origin is dict and isinstance(value, dict):
        return [line for key, one in value.items() for line in faults(one, inner[1], f"{where}.{key}")]
    if origin is None:
        plain = {float: (int, float), NoneType: NoneType}.get(kind, kind)
        if isinstance(value, plain) and not (isinstance(value, bool) and kind is not bool):
            return []
    return [f"{where} is {value!r:.60}, not {kind}"]


def _faults_of_dict(value: Any, kind: Any, where: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{where} is {value!r:.60}, not {kind.__name__}"]
    hints = get_type_hints(kind, include_extras=True)
    optional = {name for name, hint in hints.items() if get_origin(hint) is NotRequired or not kind.__total__}
    found = [f"{where} has no {name}" for name in hints.keys() - optional - value.keys()]
    found += [f"{where} has a {name}, which {kind.__name__} has not" for name in value.keys() - hints.keys()]
    for name in hints.keys() & value.keys():
        hint = get_args(hints[name])[0] if get_origin(hints[name]) is NotRequired else hints[name]
        found += faults(value[name], hint, f"{where}.{name}")
    return found
