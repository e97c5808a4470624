"""Filling a network with a checkpoint's tensors, and saying what was taken, what was chosen and what was left out."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import nn

from pairx.models.checkpoints import Checkpoint, State
from pairx.models.heads import HEADS, RECOMPUTED, append, few, final_layer
from pairx.types import InputError

Shapes = Mapping[str, torch.Size]

AVERAGED = {"ema", "swa", "average", "averaged", "shadow", "teacher"}
WRAPPERS = {"state_dict", "model_state_dict", "model", "module", "_orig_mod", "net", "network", "backbone", "encoder"}
POSITIONS = re.compile(r"(.*\.)?(pos_embed\w*|positional_embedding|relative_position_bias_table|rel_pos\w*)$")


@dataclass(frozen=True)
class Reading:
    """What was read of a checkpoint.

    source: the file. under: what stood before the names of the tensors taken ("state_dict.module."). weights:
    "averaged" or "raw" where the file holds both, or says so by name; else "". left_out: shapes by name, those of the
    network's other weights apart. notes: what else was chosen, a clause each.
    """

    source: str
    under: str = ""
    weights: str = ""
    left_out: dict[str, tuple[int, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """One line; empty where every tensor of the file was taken as it is."""
        weights = f"{self.weights} weights " if self.weights else ""
        under = f"{weights}read from {self.under.removesuffix('.')}" if self.under else weights
        named = [f"{name} {list(shape)}" for name, shape in self.left_out.items() if not name.endswith(RECOMPUTED)]
        more = f" and {len(named) - 3} more" if len(named) > 3 else ""
        out = f"left out: {', '.join(named[:3])}{more}" if named else ""
        said = "; ".join(part for part in (under, *self.notes, out) if part)
        return f"{self.source}: {said}." if said else ""


def fill(
    module: nn.Module,
    checkpoint: Checkpoint,
    *,
    head: str | None = None,
    averaged: bool = True,
    published: Callable[[], Shapes] = dict,
) -> Reading:
    """Load a checkpoint into `module`, a network without a final layer of classes, and tell how.

    The network is looked for under whatever stands before its tensors' names. Where a file holds it twice, averaged
    (EMA) and raw, `averaged` decides. A final linear layer that comes after the network is kept as the embedding where
    its size or name, or a loss that follows it, say that it is one, and left out as a classifier otherwise; head:
    "keep" or "drop" decides instead. Names or shapes of the architecture's authors, of an older timm or of another
    input size are translated by timm, positions only where their grid is known: where they have the shapes of
    `published`, those of the architecture at its own input size.

    Raises InputError naming the first tensors that are missing, of another shape, unknown, or no finite numbers.
    """
    if head not in (None, *HEADS):
        raise InputError(f"head is {' or '.join(HEADS)}, not {head!r}.")
    source, own = checkpoint.source, module.state_dict()
    under, rivals, weights, notes = _under(own, checkpoint, averaged)
    state = {name.removeprefix(under): x for name, x in checkpoint.tensors.items() if name.startswith(under)}
    beside = {name: x for name, x in checkpoint.tensors.items() if not name.startswith((under, *rivals))}
    state, spread = _with_three_channels(own, state)
    translated, grid = state, ""
    if not _misfit(own, state):
        grid = _unusual_positions(own, state, published)
    else:
        _check_positions(own, state, published, source)
        translated = _translated(module, state)
    if problem := _misfit(own, translated):
        problem = _misfit(own, state) or problem
        raise InputError(
            f"{source} does not fit this architecture: it {problem}. Name the architecture that it was trained with."
        )
    if under.startswith("visual."):  # the other tower reads texts
        beside = {name: x for name, x in beside.items() if name.startswith("visual.")}
    extra = {name: x for name, x in translated.items() if name not in own} | beside
    final, kept = final_layer(module, extra, checkpoint, head)
    used = {name: x for name, x in translated.items() if name in own}
    _check_finite(used | kept, source)
    module.load_state_dict(used, strict=False)
    if kept:
        append(module, kept, source)
    taken = {x.untyped_storage().data_ptr() for x in (*used.values(), *kept.values()) if x.numel()}
    left_out = {
        name: tuple(x.shape)
        for name, x in checkpoint.tensors.items()
        if not (rivals and name.startswith(tuple(rivals)))
        and x.untyped_storage().data_ptr() not in taken
        and name.removeprefix(under) not in own
        and not (POSITIONS.match(name) and x.ndim > 1)  # resampled
    }
    return Reading(source, under, weights, left_out, tuple(filter(None, (*notes, spread, grid, final))))


def _under(own: State, checkpoint: Checkpoint, averaged: bool) -> tuple[str, list[str], str, list[str]]:
    """What stands before the network's names in a checkpoint, what before its other copies, "averaged" or "raw" where
    that is known, and notes.
    """
    wanted = [name for name in own if not name.endswith(RECOMPUTED)]
    found = _prefixes(set(wanted), checkpoint.tensors)
    most = max(found.values(), default=0)
    if 2 * most < len(wanted):
        return _wrapping(checkpoint.tensors), [], "", []
    whole = [prefix for prefix, count in found.items() if count >= 0.95 * most]
    means = [prefix for prefix in whole if _is_averaged(prefix)]
    raw = [prefix for prefix in whole if prefix not in means]
    chosen = (means or raw) if averaged else (raw or means)
    if len(chosen) > 1:
        listed = ", ".join(repr(prefix) for prefix in sorted(chosen))
        raise InputError(f"{checkpoint.source} holds this network {len(chosen)} times, under {listed}. Save one alone.")
    parts = [prefix for prefix, count in found.items() if prefix not in whole and 4 * count > most]
    partly = [f"{prefix} holds averaged weights of a part, not taken" for prefix in parts if _is_averaged(prefix)]
    rivals = [_branch(prefix, chosen[0]) for prefix in (*whole, *parts) if prefix != chosen[0]]
    weights = ("averaged" if chosen[0] in means else "raw") if means or partly else ""
    other = [prefix.removesuffix(".") for prefix in whole if prefix != chosen[0]]
    if means and other:
        taken = "--raw-weights takes them" if averaged else "without --raw-weights they are taken"
        partly.append(f"the {'raw' if averaged else 'averaged'} ones in {', '.join(other)} are not taken ({taken})")
    return chosen[0], rivals, weights, partly


def _branch(prefix: str, chosen: str) -> str:
    """Where a prefix leaves the chosen one: ("a.b.c.", "a.d.") to "a.b."."""
    steps, others = prefix.split("."), chosen.split(".")
    same = next((i for i, (one, other) in enumerate(zip(steps, others, strict=False)) if one != other), len(others))
    return ".".join(steps[: same + 1]) + "."


def _prefixes(wanted: set[str], tensors: Iterable[str]) -> Counter[str]:
    """How many of the wanted names stand behind each prefix."""
    found: Counter[str] = Counter()
    for name in tensors:
        starts = [0, *(match.end() for match in re.finditer(r"\.", name))]
        found.update(name[:start] for start in starts if name[start:] in wanted)
    return found


def _is_averaged(prefix: str) -> bool:
    return not AVERAGED.isdisjoint(re.split(r"[._]", prefix))


def _wrapping(tensors: Iterable[str]) -> str:
    """The wrapping words before all of the names."""
    common: list[str] = []
    split = [name.split(".") for name in tensors]
    while len({parts[0] for parts in split}) == 1 and split[0][0] in WRAPPERS and len(split[0]) > 1:
        common.append(split[0][0])
        split = [parts[1:] for parts in split]
    return "".join(f"{word}." for word in common)


def _with_three_channels(own: State, state: State) -> tuple[State, str]:
    """A first convolution over one channel, spread over red, green and blue: what timm's sum over them undoes."""
    gray = [
        name
        for name, x in state.items()
        if name in own and x.ndim == 4 and own[name].shape == (x.shape[0], 3, *x.shape[2:]) and x.shape[1] == 1
    ]
    spread = {name: state[name].expand(-1, 3, -1, -1) / 3 for name in gray}
    said = f"{gray[0]} takes one channel: red, green and blue carry a third of it each" if gray else ""
    return state | spread, said


def _misfit(own: State, state: State) -> str:
    """What keeps `state` from filling a module's `own` tensors; empty where all of them are there."""
    missing = [name for name in own if name not in state and not name.endswith(RECOMPUTED)]
    shapes = [name for name in own if name in state and own[name].shape != state[name].shape]
    for problem, names in (("lacks", missing), ("has other shapes for", shapes)):
        if names:
            return f"{problem} {few(names)}"
    return ""


def _translated(module: nn.Module, state: State) -> State:
    translate = getattr(sys.modules[type(module).__module__], "checkpoint_filter_fn", None)
    try:
        return translate(dict(state), module) if translate else state
    except Exception:  # the tensors are of something else
        return state


def _check_positions(own: State, state: State, published: Callable[[], Shapes], source: str) -> None:
    """Positions are resampled only from a grid that is known: N places may be rows and columns of several kinds."""
    for name, x in state.items():
        ours = "pos_embed" if name == "visual.positional_embedding" else name
        if not POSITIONS.match(name) or ours not in own or own[ours].shape[-2:] == x.shape[-2:]:
            continue
        native = published().get(ours)
        if native is None or native[-2:] != x.shape[-2:]:
            raise InputError(
                f"{source}: {name} {list(x.shape)} is neither of the input size chosen nor of the architecture's own, "
                "and which rows and columns its places make is not known. Give the size that it was trained at: "
                "--size 224, or --size 256x64 (height x width)."
            )


def _unusual_positions(own: State, state: State, published: Callable[[], Shapes]) -> str:
    """What is said of positions that fit the input size chosen, and not the architecture's own."""
    positions = [name for name in own if POSITIONS.match(name) and name in state]
    native = published() if positions else {}
    odd = [name for name in positions if native.get(name, own[name].shape) != own[name].shape]
    return f"{odd[0]} {list(own[odd[0]].shape)} is taken to be of this input size" if odd else ""


def _check_finite(state: State, source: str) -> None:
    for name, x in state.items():
        if x.is_floating_point() and not x.isfinite().all():
            raise InputError(f"{source}: {name} holds values that are no finite numbers (NaN or infinite). Use others.")
