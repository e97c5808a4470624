"""LRP by zennit's rules: EpsilonPlus (PAIR-X B.2; Montavon et al. 2019), the reference engine.

zennit hooks modules. What happens between modules in a forward (sums, gates, reshapes) it does not see; `connections`
covers that.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn
from zennit.composites import LayerMapComposite
from zennit.rules import Epsilon, Norm, Pass, ZPlus
from zennit.types import Activation, AvgPool, BatchNorm, Convolution

from pairx.lrp.batchnorm import merge
from pairx.lrp.connections import Connections
from pairx.lrp.policy import Policy
from pairx.models import private_copy, record_outputs
from pairx.types import InputError

STABILIZER = 1e-6


SAME = 1e-3
"""How far the output under its hooks may be from the model's own, of the largest number."""


def epsilon_plus() -> LayerMapComposite:
    """ZPlus on convolutions, Epsilon on linear layers, Norm on average pooling, Pass on activations and BatchNorm."""
    return LayerMapComposite(
        [
            (AvgPool, Norm(STABILIZER)),
            ((Activation, BatchNorm), Pass()),
            (Convolution, ZPlus(STABILIZER)),
            (nn.Linear, Epsilon(STABILIZER)),
        ]
    )


class ZennitRecording:
    """One image's forward under zennit's hooks, on a private copy of the model. See `pairx.lrp.Recording`."""

    @torch.inference_mode(False)
    def __init__(self, module: nn.Module, x: torch.Tensor, layers: Sequence[str], policy: Policy) -> None:
        if policy.composite not in ("auto", "epsilon-plus"):
            raise InputError(f"The zennit engine has no composite {policy.composite!r}. Choose another engine.")
        self._lock = threading.Lock()
        with torch.no_grad():
            output, self.activations = record_outputs(module, layers, x)
        self.output = output[0]
        network = private_copy(module)
        if policy.batchnorm == "merge":
            merge(network, x)
        parts: Iterable[Any] = network.modules()
        for part in parts:
            if getattr(part, "inplace", False):
                part.inplace = False
        self._composite = epsilon_plus()
        self._composite.register(network)
        self._layers: dict[str, torch.Tensor] = {}
        for name in layers:
            network.get_submodule(name).register_forward_hook(partial(_keep, self._layers, name))
        runs = [part.register_forward_pre_hook(once(name)) for name, part in network.named_modules() if weighs(part)]
        try:
            with torch.enable_grad(), Connections(network, policy):
                self._input = x.clone().requires_grad_()
                self._output = network(self._input)
            require_same(self._output[0].detach(), self.output)
        except BaseException:
            self._composite.remove()
            raise
        finally:
            for handle in runs:
                handle.remove()

    def relevance(self, layer: str, seeds: torch.Tensor, account: object = None, last: bool = False) -> torch.Tensor:
        """Relevance of a layer's output from seeds (N, D) at the embedding: (N, *the output's shape). account: stays
        empty. last: frees nothing.
        """
        return torch.stack([self._propagate(self._output, self._layers[layer], seed[None]) for seed in seeds])

    def pixels(self, layer: str, seeds: torch.Tensor, account: object = None) -> Generator[torch.Tensor, None, None]:
        """Relevance of the input (3, H, W) from each of the seeds (N, *the layer's shape), in order. account: stays
        empty.
        """
        for seed in seeds:
            yield self._propagate(self._layers[layer], self._input, seed)[0]

    def keep(self, layers: Sequence[str]) -> None:
        """Free nothing: autograd holds its graph whole."""

    def narrow(self, layers: Sequence[str]) -> None:
        """Free nothing, as `keep`."""

    @property
    def memory(self) -> float:
        """Unknown, so without bound."""
        return float("inf")

    def __enter__(self) -> ZennitRecording:
        return self

    def __exit__(self, *_error: object) -> None:
        # zennit's hooks hold tensors whose graph holds the hooks: a circle through C++ that nobody else can undo.
        self._composite.remove()
        self._layers.clear()
        del self._input, self._output

    @torch.inference_mode(False)
    def _propagate(self, start: torch.Tensor, end: torch.Tensor, seed: torch.Tensor) -> torch.Tensor:
        with self._lock:  # zennit's hooks pass values from one to the next
            (relevance,) = torch.autograd.grad(start, end, grad_outputs=seed.to(start).clone(), retain_graph=True)
        return relevance.detach()


def weighs(part: nn.Module) -> bool:
    """Whether zennit's rule of a module keeps the input that it ran on last."""
    return isinstance(part, (AvgPool, Convolution, nn.Linear))


def once(name: str) -> Callable:
    """A hook of a module that raises InputError when it runs a second time."""
    ran: list[str] = []

    def hook(_module: nn.Module, _inputs: tuple) -> None:
        if ran:
            raise InputError(
                f"The module {name} runs twice, of which the zennit engine sees only the last. Choose another engine."
            )
        ran.append(name)

    return hook


def require_same(found: torch.Tensor, output: torch.Tensor) -> None:
    """Raise InputError where the network under zennit's hooks does not give the model's own output (D,)."""
    if not torch.allclose(found, output, rtol=SAME, atol=SAME * float(output.abs().max())):
        raise InputError(
            "Under the zennit engine this model gives another embedding, as one does that changes a tensor in place. "
            "Choose another engine."
        )


def _keep(
    outputs: dict[str, torch.Tensor], name: str, _module: nn.Module, _inputs: tuple, output: torch.Tensor
) -> None:
    outputs[name] = output
