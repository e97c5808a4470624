"""Recording changes nothing of the model, and threads do not meet."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor

import pytest
import timm
import torch

from pairx.lrp import Policy, record
from pairx.lrp.batchnorm import merge
from pairx.models import EmbeddingModel, private_copy
from pairx.types import InputError
from tests.lrp.test_rules import calibrated


def hooks(module: torch.nn.Module) -> int:
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules())


def test_the_model_is_the_same_before_and_after(lite0: EmbeddingModel) -> None:
    x = torch.randn(1, 3, 96, 96)
    state = {name: value.clone() for name, value in lite0.module.state_dict().items()}
    before, hooked = lite0.module(x), hooks(lite0.module)
    recording = record(lite0.module, x, ["blocks.3"])
    recording.pixels("blocks.3", recording.relevance("blocks.3", torch.rand(1280)))
    assert torch.equal(lite0.module(x), before)
    assert hooks(lite0.module) == hooked
    assert all(torch.equal(value, state[name]) for name, value in lite0.module.state_dict().items())
    assert not any(parameter.requires_grad for parameter in lite0.module.parameters())
    torch.testing.assert_close(recording.output, before[0], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", ["resnet18", "efficientnetv2_rw_t", "mobilenetv3_small_050", "densenet121"])
def test_merging_batchnorm_keeps_the_function(name: str) -> None:
    network = calibrated(timm.create_model(name, num_classes=0), 64)
    x = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    merged = private_copy(network)
    merge(merged, x)
    changed = [a is not b for a, b in zip(network.parameters(), merged.parameters(), strict=False)]
    assert any(changed)
    torch.testing.assert_close(merged(x), network(x), rtol=1e-9, atol=1e-9)


def test_threads_get_what_one_thread_gets(lite0: EmbeddingModel) -> None:
    inputs = [torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(i)) for i in range(4)]

    def relevance(x: torch.Tensor) -> torch.Tensor:
        recording = record(lite0.module, x, ["blocks.3"], Policy())
        return recording.pixels("blocks.3", recording.relevance("blocks.3", torch.ones(1280)))

    alone = [relevance(x) for x in inputs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(relevance, inputs))
    assert all(torch.equal(a, b) for a, b in zip(alone, together, strict=True))


def test_a_recording_leaves_no_tensor_behind(lite0: EmbeddingModel) -> None:
    def record_once() -> None:
        with record(lite0.module, torch.randn(1, 3, 96, 96), ["blocks.3"]) as recording:
            recording.pixels("blocks.3", recording.relevance("blocks.3", torch.ones(1280)))

    def tensors() -> int:
        gc.collect()
        return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())

    record_once()
    before = tensors()
    for _ in range(3):
        record_once()
    assert tensors() <= before


def test_an_unknown_engine_is_refused(lite0: EmbeddingModel) -> None:
    with pytest.raises(InputError, match="warp"):
        record(lite0.module, torch.randn(1, 3, 96, 96), [], engine="warp")
