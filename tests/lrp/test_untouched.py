"""Recording changes nothing of the model and leaves nothing behind."""

from __future__ import annotations

import gc

import pytest
import torch

from pairx.lrp import ENGINES, record
from pairx.lrp.batchnorm import merge
from pairx.models import EmbeddingModel, GeM, private_copy
from pairx.types import InputError
from tests.lrp.by_hand import assert_near, build, pixels


def hooks(module: torch.nn.Module) -> int:
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules())


@pytest.mark.parametrize("engine", ENGINES)
def test_the_model_is_the_same_before_and_after(lite0: EmbeddingModel, engine: str) -> None:
    x = torch.randn(1, 3, 96, 96)
    state = {name: value.clone() for name, value in lite0.module.state_dict().items()}
    before, hooked, given = lite0.module(x), hooks(lite0.module), x.clone()
    parts, attributes = list(lite0.module.modules()), {name: set(vars(m)) for name, m in lite0.module.named_modules()}
    with record(lite0.module, x, ["blocks.3", "blocks.3.1"], engine=engine) as recording:
        seed = torch.rand(1, 1280)
        pixels(recording, "blocks.3", recording.relevance("blocks.3", seed)[0])
        assert_near(recording.output, before[0], 1e-4)
    assert torch.equal(lite0.module(x), before)
    assert torch.equal(x, given) and not x.requires_grad
    assert hooks(lite0.module) == hooked
    assert all(one is other for one, other in zip(lite0.module.modules(), parts, strict=True))
    assert {name: set(vars(m)) for name, m in lite0.module.named_modules()} == attributes
    assert all(torch.equal(value, state[name]) for name, value in lite0.module.state_dict().items())
    assert not any(parameter.requires_grad for parameter in lite0.module.parameters())


@pytest.mark.parametrize("engine", ENGINES)
def test_parameters_that_require_gradients_still_do(engine: str) -> None:
    torch.manual_seed(0)
    layers = torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(inplace=True), GeM(), torch.nn.Linear(4, 5)
    network, x = torch.nn.Sequential(*layers).eval(), torch.rand(1, 3, 8, 8)

    def maps() -> torch.Tensor:
        with record(network, x, ["1"], engine=engine) as recording:
            return pixels(recording, "1", recording.relevance("1", torch.ones(1, 5))[0])

    found = maps()
    assert not found.requires_grad
    assert all(parameter.requires_grad and parameter.grad is None for parameter in network.parameters())
    network.requires_grad_(False)
    assert torch.equal(found, maps())


@pytest.mark.parametrize("name", ["resnet18", "efficientnetv2_rw_t", "mobilenetv3_small_050", "densenet121"])
def test_merging_batchnorm_keeps_the_function(name: str) -> None:
    network = build(name, 64)
    x = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    merged = private_copy(network)
    merge(merged, x)
    changed = [a is not b for a, b in zip(network.parameters(), merged.parameters(), strict=False)]
    assert any(changed)
    torch.testing.assert_close(merged(x), network(x), rtol=1e-9, atol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_a_recording_leaves_no_tensor_behind(lite0: EmbeddingModel, engine: str) -> None:
    def record_once() -> None:
        with record(lite0.module, torch.randn(1, 3, 96, 96), ["blocks.3"], engine=engine) as recording:
            pixels(recording, "blocks.3", recording.relevance("blocks.3", torch.ones(1, 1280))[0])

    def tensors() -> int:
        gc.collect()
        return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())

    record_once()
    before = tensors()
    for _ in range(3):
        record_once()
    assert tensors() <= before


@pytest.mark.parametrize("engine", ENGINES)
def test_a_model_that_fails_leaves_nothing_either(engine: str) -> None:
    class Failing(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise RuntimeError("broken")

    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), Failing())
    with pytest.raises(RuntimeError, match="broken"):
        record(network, torch.randn(1, 3, 4, 4), ["0"], engine=engine)
    assert hooks(network) == 0
    assert network[0](torch.ones(1, 3, 1, 1)).shape == (1, 4, 1, 1)


def test_an_unknown_engine_is_refused(lite0: EmbeddingModel) -> None:
    with pytest.raises(InputError, match="warp"):
        record(lite0.module, torch.randn(1, 3, 96, 96), [], engine="warp")
