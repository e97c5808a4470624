"""A forward of an unmodified module, written down operation by operation as it happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from threading import Lock
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef
from torch.overrides import TorchFunctionMode, resolve_name
from torch.utils.weak import WeakIdKeyDictionary

from pairx.lrp.linear_rules import Product
from pairx.lrp.operators import Arithmetic
from pairx.lrp.policy import Policy
from pairx.lrp.rules import ATTENTION, Node, Rule, Unruled
from pairx.types import InputError

LATEST = 8  # nodes, at least as many as an operation adds
ARITHMETIC = {"__add__", "__sub__", "__mul__", "__truediv__", "__pow__"}
# torch's resolve_name changes the process's warning filters for a moment; two at once would leave them changed.
NAMING = Lock()


class Tape(TorchFunctionMode):
    """During `with tape:` every torch function on a signal, that is, on what depends on the input, becomes a `Node`.

    Thread-local. The `handlers` run each operation and choose its rule; one that they do not know is kept as `Unruled`.
    network: whose parameters name the operations. asleep: run the operations alike, but keep no rules until `wake`.
    """

    def __init__(
        self,
        network: nn.Module,
        x: Tensor,
        policy: Policy,
        arithmetic: Arithmetic,
        handlers: dict[Callable, Callable],
        asleep: bool = False,
    ) -> None:
        super().__init__()
        self.policy, self.handlers, self.asleep = policy, handlers, asleep
        self.arithmetic, self._awake = (Arithmetic() if asleep else arithmetic), arithmetic
        self.nodes: list[Node] = []
        self.attends = False  # whether signals mixed each other, as attention does
        self._found = WeakIdKeyDictionary()  # tensor to node
        self._stale: set[StorageWeakRef] = set()  # memory that the model itself would have written over
        self._folded: dict[Node, tuple[Product, Product]] = {}  # rules without and with the BatchNorm folded in
        self._names = {id(tensor): name.rpartition(".")[0] or name for name, tensor in network.named_parameters()}
        self._parts: list[Tensor] = []
        self.add(x, None, "input")

    def add(self, output: Tensor, rule: Rule | None, name: str, kind: str = "") -> Node:
        """Write down a tensor, how relevance goes on from it, what to call it and what kind it is of: see `Node`."""
        node = Node(len(self.nodes), rule, output.shape, name, kind)
        self.nodes.append(node)
        self._found[output] = node
        for source in rule.sources if rule else ():
            source.users += 1
        return node

    def node(self, thing: object) -> Node | None:
        """The node of a signal; None for constants and whatever is no tensor."""
        return self._found.get(thing) if isinstance(thing, Tensor) else None

    def node_of(self, signal: Tensor) -> Node:
        """The node of a tensor that is known to be a signal. Raises KeyError for any other."""
        return self._found[signal]

    def alias(self, signal: Tensor) -> Tensor:
        """The same node by another tensor, which stays as it is when the model writes over the first."""
        alias = signal.detach()
        self._found[alias] = self._found[signal]
        self._found[signal].branch = None  # relevance is asked for here, so it must not go past
        return alias

    def wake(self) -> None:
        """Keep what is needed for relevance from here on; none goes further back than to what was there before."""
        if self.asleep:
            self.asleep, self.arithmetic = False, self._awake
            self._forget(self.nodes)

    def _forget(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            node.free()
            self._folded.pop(node, None)

    def pinned(self, signal: Tensor) -> Node:
        """The node of a signal, which now keeps its value."""
        return self._found[signal].pin(signal.detach())

    def fold(self, node: Node, linear: Product, merged: Product) -> None:
        """Put a node's linear rule with the BatchNorm after it in the place of that without, whose output need not be
        kept.
        """
        self._folded[node] = linear, merged
        linear.release()
        node.rule = merged

    def _unfold(self, signal: Tensor) -> None:
        """Undo that: somebody else reads the tensor between the two."""
        node = self._found[signal]
        if node in self._folded:
            linear, merged = self._folded.pop(node)
            merged.release()
            node.rule = linear
            linear.hold(signal)

    def rename(self, part: Tensor, parameter: Tensor) -> None:
        """Call a part of a parameter by the parameter's name."""
        if (name := self._names.get(id(parameter))) is not None:
            self._names[id(part)] = name
            self._parts.append(part)  # alive, so that its id is not given to another tensor

    def name(self, parameter: object, otherwise: str) -> str:
        """The module that a parameter belongs to, or the parameter's own name if that is the whole model."""
        return self._names.get(id(parameter), otherwise)

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        read = tensors((args, kwargs))
        if self._stale and any(StorageWeakRef(tensor.untyped_storage()) in self._stale for tensor in read):
            raise InputError(f"{title(func)} reads a tensor that was written over in place; rewrite that.")
        signals = self.signals(read)
        if not signals:
            return func(*args, **kwargs)
        for signal in signals:
            self._unfold(signal)
        plain = out_of_place(func)
        if plain or kwargs.get("inplace"):
            if self.asleep:
                return self._in_place(func, args, kwargs)
            kwargs = {name: value for name, value in kwargs.items() if name != "inplace"}
            return self._out_of_place(plain or func, args, kwargs)
        versions = [version(tensor) for tensor in read]
        result = self._run(func, args, kwargs)
        if versions != [version(tensor) for tensor in read]:
            raise InputError(f"The operation {title(func)} writes over its input here; use its form that does not.")
        return result

    def _run(self, func: Callable, args: tuple, kwargs: dict) -> Any:
        if self.asleep:
            self._forget(self.nodes[-LATEST:-1])  # a BatchNorm may still be folded into the last
        handler = self.handlers.get(func) or self.handlers.get(getattr(func, "overloadpacket", func), unknown)
        sources = [self._found[signal] for signal in self.signals((args, kwargs))]
        result = handler(self, func, args, kwargs)
        written = list(filter(None, map(self.node, tensors(result))))
        if all(source.kind == ATTENTION for source in sources):
            for node in written:
                node.kind = ATTENTION
        for source in sources if written else ():
            source.branch = None
        return result

    def _in_place(self, func: Callable, args: tuple, kwargs: dict) -> Tensor:
        """Run the operation as the model would, for no rule keeps what it writes over."""
        result = func(*args, **kwargs)
        if not self.node(result):
            self.add(result, None, title(func))
        return result

    def _out_of_place(self, func: Callable, args: tuple, kwargs: dict) -> Tensor:
        """Run the operation into new memory, so that values that rules keep stay. The model's own tensor then lies in
        that, too; who reads the old memory by another tensor is told.
        """
        target, result = args[0], self._run(func, args, kwargs)
        self._stale.add(StorageWeakRef(target.untyped_storage()))
        if target in self._found and (result.shape, result.dtype) == (target.shape, target.dtype):
            self._found[target] = self._found[result]
            target.data = result
            return target
        return result

    def signals(self, things: object) -> list[Tensor]:
        """The signals among arguments, nested or not, each once."""
        return list({id(tensor): tensor for tensor in tensors(things) if tensor in self._found}.values())


def tensors(things: object) -> list[Tensor]:
    """All tensors in nested sequences and mappings, in order."""
    if isinstance(things, Tensor):
        return [things]
    if isinstance(things, dict):
        things = things.values()
    elif not isinstance(things, list | tuple):
        return []
    return [tensor for thing in things for tensor in tensors(thing)]


def mapped(things: Any, change: Callable[[Tensor], Any]) -> Any:
    """The same nested sequences and mappings, with `change` of every tensor."""
    if isinstance(things, Tensor):
        return change(things)
    if isinstance(things, dict):
        return {name: mapped(thing, change) for name, thing in things.items()}
    if isinstance(things, list | tuple):
        make = getattr(type(things), "_make", type(things))
        return make([mapped(thing, change) for thing in things])
    return things


def unknown(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Any:
    """The handler of operations that no rule knows."""
    result = func(*args, **kwargs)
    for output in tensors(result):
        tape.add(output, Unruled(title(func)), title(func))
    return result


@cache
def out_of_place(func: Callable) -> Callable | None:
    """The function that an in-place one (`relu_`, `+=`) applies; None for any other."""
    name = title(func).rpartition(".")[2]
    if name.startswith("__i") and (plain := f"__{name[3:]}") in ARITHMETIC:
        return getattr(Tensor, plain)
    plain = name[:-1]
    if not name.endswith("_") or plain.endswith("_"):
        return None
    homes = [home for home in (Tensor, torch, F) if getattr(home, name, None) is func]
    found = [getattr(home, plain) for home in (*homes, torch) if callable(getattr(home, plain, None))]
    return found[0] if homes and found else None


def version(tensor: Tensor) -> int | None:
    """How often a tensor was written to; None for a tensor of inference mode, which does not count."""
    return None if tensor.is_inference() else tensor._version


def title(func: Callable) -> str:
    """A torch function's name for people."""
    with NAMING:
        return _title(func)


@cache
def _title(func: Callable) -> str:
    name = resolve_name(func) or getattr(func, "__name__", str(func))
    return name.removeprefix("torch.").removeprefix("nn.functional.")


def refuse_unruled(nodes: Sequence[Node]) -> None:
    """Raise InputError, naming the operation, if relevance would reach one that has no rule."""
    for node in nodes:
        if isinstance(node.rule, Unruled):
            raise InputError(
                f"The operation {node.rule.operation} has no relevance rule. Choose a model made of usual layers, or "
                "another method."
            )
