"""The relevance engine: a forward on a tape, and relevance swept back over it from any number of signals."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest

import torch
from torch import Tensor, nn

from pairx.lrp import handlers
from pairx.lrp.operators import Arithmetic
from pairx.lrp.parallel import in_threads
from pairx.lrp.patch import Patch
from pairx.lrp.policy import Policy
from pairx.lrp.rules import Node, Rule, held
from pairx.lrp.tape import Tape, refuse_unruled, tensors
from pairx.models import capture_outputs
from pairx.types import InputError

OUTPUT = ""  # the name of the root module, whose output is the embedding


@dataclass
class Account:
    """Where relevance went, as parts of what started (1 is all of it), or in its own units where that is said.

    started: the sum of its magnitudes at the start. arrived: at the layer or the pixels. parameters: what biases and
    other parameters kept, by module. unowned: what was at outputs to which nothing added anything positive, by module.
    lost: the rest, in divisions by almost zero, by module. The last four sum to 1; `error`, the sum of what each module
    lost, is what is unexplained.
    """

    started: float = 0.0
    arrived: float = 0.0
    parameters: dict[str, float] = field(default_factory=dict)
    unowned: dict[str, float] = field(default_factory=dict)
    lost: dict[str, float] = field(default_factory=dict)

    @property
    def error(self) -> float:
        return sum(abs(value) for value in self.lost.values())


class TapeRecording:
    """One image's forward, written down. See `pairx.lrp.Recording`. Nothing of the module is changed.

    memory: bytes that signals under way together may take. pixels: whether relevance shall go on from the layers to the
    pixels; where not, nothing before the layers is kept for it.
    """

    @torch.inference_mode(False)
    def __init__(
        self,
        module: nn.Module,
        x: Tensor,
        layers: Sequence[str],
        policy: Policy,
        arithmetic: Arithmetic,
        memory: int,
        pixels: bool = True,
    ) -> None:
        if policy.composite == "auto" and any(isinstance(part, nn.LayerNorm | nn.RMSNorm) for part in module.modules()):
            policy = replace(policy, composite="conserving")
        self._memory, self._lock, self._to_pixels = memory, threading.Lock(), pixels
        x = _outside(x.detach()).contiguous(memory_format=torch.channels_last)
        tape, outputs = _written(module, x, layers, policy, arithmetic, pixels)
        if policy.composite == "auto" and tape.attends:
            policy = replace(policy, composite="conserving")
            _free(tape.nodes)
            tape, outputs = _written(module, x, layers, policy, arithmetic, pixels)
        for name in (*layers, OUTPUT):
            refuse_constant(tape, name, outputs.get(name))
        self._nodes = {name: tape.pinned(output) for name, output in outputs.items()}
        self._tape, self._input = tape.nodes, tape.nodes[0]
        self._paths: dict[tuple[int, int], list[Node]] = {}
        settle(tape.nodes, self._nodes[OUTPUT], [self._input, *self._nodes.values()])
        self.activations = {name: outputs[name] for name in layers}
        self.output = outputs[OUTPUT][0]

    def relevance(self, layer: str, seeds: Tensor, account: Account | None = None, last: bool = False) -> Tensor:
        """Relevance of a layer's output from seeds (N, D) at the embedding: (N, *the output's shape). account, last:
        see `pairx.lrp.Recording`.
        """
        start, end = self._nodes[OUTPUT], self._nodes[layer]
        nodes = path(self._tape, start, end) if last else self._prepared(start, end)
        return self._sweep(nodes, start, end, seeds[:, None], account, last).dense()

    def pixels(self, layer: str, seeds: Tensor, account: Account | None = None) -> Generator[Tensor, None, None]:
        """Relevance of the input (3, H, W) from each of the seeds (N, *the layer's shape), in order. account: takes
        down, in its own units, where that went of the first, or of the first that are under way together.
        """
        if not self._to_pixels:
            raise InputError("This recording keeps no way to the pixels. Record with pixels=True.")
        start, end = self._nodes[layer], self._input
        nodes = self._prepared(start, end)
        if not len(seeds):
            return
        largest = 8 * max(node.shape.numel() for node in (start, *nodes)) * seeds.element_size()
        if seeds.device.type != "cpu":
            parts = seeds.split(max(1, self._memory // largest))
            for part, books in zip_longest(parts, (account,)):
                yield from self._sweep(nodes, start, end, part, books).dense()[:, 0]
            return
        workers = min(torch.get_num_threads(), max(1, self._memory // largest), max(1, len(seeds)))
        signals = zip_longest(seeds.split(1), (account,))
        yield from in_threads(lambda one: self._sweep(nodes, start, end, *one).dense()[0, 0], signals, workers)

    def keep(self, layers: Sequence[str]) -> None:
        """Free the memory of all that relevance from these layers does not pass; it can start nowhere else then."""
        with self._lock:
            kept = [self._nodes[layer] for layer in layers]
            needed = {self._input, *kept}.union(*(path(self._tape, start, self._input) for start in kept))
            for node in {*self._tape} - needed:
                node.free()
            self._nodes = {layer: self._nodes[layer] for layer in layers}
            self._paths.clear()

    def narrow(self, layers: Sequence[str]) -> None:
        """Free the memory of all that relevance from the output to these layers does not pass; it can go nowhere else
        then.
        """
        start, ends = self._nodes[OUTPUT], {layer: self._nodes[layer] for layer in layers}
        needed = {start, *ends.values()}.union(*(self._prepared(start, end) for end in ends.values()))
        with self._lock:
            for node in {*self._tape} - needed:
                node.free()
            self._nodes = {OUTPUT: start, **ends}

    @property
    def memory(self) -> int:
        """Bytes that the recording holds, the model's weights apart."""
        rules = [vars(node.rule) for node in self._tape if node.rule is not None]
        values = [node.value for node in self._tape if node.value is not None]
        storages = {one.untyped_storage() for one in tensors([rules, values, self.activations])}
        return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())

    def account(self, seed: Tensor, layer: str | None = None) -> Account:
        """Where the relevance of a seed (D,) went on its way to a layer, or to the pixels. Its sum must not be zero."""
        start, end = self._nodes[OUTPUT], self._input if layer is None else self._nodes[layer]
        if not (total := float(seed.sum())):
            raise InputError("This seed sums to zero, so there are no parts of it to account for.")
        account = Account()
        self._sweep(self._prepared(start, end), start, end, seed[None, None], account)
        account.started, account.arrived = account.started / total, account.arrived / total
        for part in (account.parameters, account.unowned, account.lost):
            part.update({name: value / total for name, value in part.items()})
        return account

    def __enter__(self) -> TapeRecording:
        return self

    def __exit__(self, *_error: object) -> None:
        _free(self._tape)
        for one in (self._tape, self._nodes, self._paths, self.activations):
            one.clear()

    def _prepared(self, start: Node, end: Node) -> list[Node]:
        """The nodes between, latest first, ready for signals."""
        with self._lock, torch.inference_mode(False), torch.no_grad():
            key = start.index, end.index
            if key not in self._paths:
                self._paths[key] = path(self._tape, start, end)
                for node in self._paths[key]:
                    held(node.rule).prepare()
            return self._paths[key]

    @torch.inference_mode(False)
    @torch.no_grad()
    def _sweep(
        self,
        nodes: Sequence[Node],
        start: Node,
        end: Node,
        seeds: Tensor,
        account: Account | None = None,
        last: bool = False,
    ) -> Patch:
        """Relevance at `end` from seeds (N, *shape) at `start`. nodes: ready for signals, or `last`, which makes each
        ready when its turn comes and frees it after that.
        """
        pending, wanted = {start: Patch.around(_outside(seeds))}, {*nodes, end}
        for node in nodes:
            rule, relevance = held(node.rule), pending.pop(node)
            if last:
                rule.prepare()
            shares = rule.share(relevance)
            if account is not None:
                _book(account, node.name, rule, relevance, shares)
            for source, share in zip(rule.sources, shares, strict=True):
                if source in wanted:
                    pending[source] = pending[source] + share if source in pending else share
            if last:
                node.rule = None  # its value may be another's, who releases it
        if account is not None:
            account.started += float(seeds.abs().sum(dtype=torch.float64))
            account.arrived += pending[end].total
        return pending[end]


def _written(
    module: nn.Module, x: Tensor, layers: Sequence[str], policy: Policy, arithmetic: Arithmetic, pixels: bool
) -> tuple[Tape, dict[str, Tensor]]:
    """A forward on a tape, and the outputs of the layers and of the whole by name."""
    outputs: dict[str, Tensor] = {}

    def see(name: str, output: Tensor) -> None:
        outputs[name] = output if tape.node(output) is None else tape.alias(output)
        tape.wake()

    network = capture_outputs(module, (*layers, OUTPUT), see)
    table = handlers.GRADIENT if policy.composite == "gradient" else handlers.LRP
    tape = Tape(network, x, policy, arithmetic, table, asleep=not pixels)
    with torch.no_grad(), tape:
        network(x)
    return tape, outputs


def _free(nodes: Sequence[Node]) -> None:
    """Free the memory of nodes at once, which their rules hold and which hold their rules."""
    for node in nodes:
        node.free()


def _outside(tensor: Tensor) -> Tensor:
    """A tensor that autograd may take: not one of inference mode."""
    return tensor.clone() if tensor.is_inference() else tensor


def _book(account: Account, name: str, rule: Rule, relevance: Patch, shares: Sequence[Patch]) -> None:
    kept, unowned = rule.kept(relevance), rule.unowned(relevance)
    gone = relevance.total - sum(share.total for share in shares)
    books = (account.parameters, kept), (account.unowned, unowned), (account.lost, gone - kept - unowned)
    for book, value in books:
        book[name] = book.get(name, 0.0) + value


def refuse_constant(tape: Tape, name: str, output: object) -> None:
    """Raise InputError where a layer's output is no tensor, or none that is computed from the photograph."""
    if isinstance(output, tuple | list | dict):
        raise InputError(
            f"{name or 'The model'} gives a {type(output).__name__}, not one tensor. "
            + ("Choose a layer within it." if name else "Wrap it in a module that returns the embedding alone.")
        )
    if tape.node(output) is None:
        raise InputError(
            f"{name or 'The model'} gives no output that is computed from the photograph, as far as that can be "
            "followed. Turn gradient checkpointing off; autograd functions of one's own hide what they compute, too."
        )


def refuse_hidden(module: nn.Module, x: Tensor) -> None:
    """Raise InputError where a model's operations cannot be followed, or not on this input."""
    if len(x) != 1:
        raise InputError(f"Relevance is of one photograph (1, 3, H, W) at a time, not of {tuple(x.shape)}.")
    for name, part in module.named_modules():
        where = f"The module {name}" if name else "The model"
        if isinstance(part, torch.jit.ScriptModule):
            raise InputError(f"{where} is traced or scripted, which hides its operations. Give the Python module.")
        if part._compiled_call_impl is not None or hasattr(part, "_orig_mod"):
            raise InputError(f"{where} is compiled, which hides its operations. Give the module before torch.compile.")
    if any(parameter.dtype == torch.float16 for parameter in module.parameters()):
        raise InputError("The model is in float16, in which relevance overflows. Give model.float().")


def settle(nodes: list[Node], output: Node, kept: Sequence[Node]) -> None:
    """After the forward: refuse operations without a rule, free what no relevance will need.

    Raises InputError, naming it, for an operation without a rule on the way from the output to the input.
    """
    reached = {output}
    for node in sorted(nodes, key=lambda node: -node.index):
        if node in reached:
            refuse_unruled([node])
            reached.update(node.rule.sources if node.rule else ())
    for node in nodes:
        node.branch = None
        if node not in reached and node not in kept:
            node.free()


def path(nodes: Sequence[Node], start: Node, end: Node) -> list[Node]:
    """The nodes after `end` that relevance from `start` passes on its way to `end`, latest first."""
    leading = {end}
    for node in nodes[end.index + 1 : start.index + 1]:
        if node.rule and leading.intersection(node.rule.sources):
            leading.add(node)
    if start not in leading:
        raise InputError("No relevance flows between these layers: the second is not computed from the first.")
    reached, passed = {start}, []
    for node in reversed(nodes[end.index + 1 : start.index + 1]):
        if node in reached:
            passed.append(node)
            reached.update(leading.intersection(held(node.rule).sources))
    return passed
