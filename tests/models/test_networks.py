"""Looking into a network: what its submodules give, without changing it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import torch
from torch import Tensor, nn

from pairx.models import capture_outputs, record_outputs


def network() -> nn.Sequential:
    torch.manual_seed(0)
    stage = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU())
    return nn.Sequential(stage, nn.Sequential(nn.Conv2d(4, 4, 3), nn.Flatten())).requires_grad_(False)


def test_outputs_of_nested_modules_and_of_the_whole() -> None:
    module, x = network(), torch.randn(2, 3, 8, 8)
    output, outputs = record_outputs(module, ["0", "1.0", "0.0", ""], x)
    first = module[0][0](x)
    expected = {"0.0": first, "0": first.relu(), "1.0": module[1][0](first.relu()), "": module(x)}
    assert list(outputs) == list(expected)
    assert all(torch.equal(outputs[name], value) for name, value in expected.items())
    assert torch.equal(output, module(x))


def test_the_network_stays_as_it_is() -> None:
    module, seen = network(), []
    own = module[0].register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    other = capture_outputs(module, ["0.1", ""], lambda name, output: seen.append(name))
    assert other is not module and other[0] is not module[0]
    assert other[1] is module[1] and other[0][0] is module[0][0]
    other(torch.randn(1, 3, 8, 8))
    assert seen[0] == "0.1" and isinstance(seen[1], Tensor) and seen[2:] == [""]
    seen.clear()
    module(torch.randn(1, 3, 8, 8))
    assert len(seen) == 1
    own.remove()
    assert not any(part._forward_hooks for part in module.modules())


def test_threads_see_their_own_outputs() -> None:
    module = network()
    inputs = [torch.randn(1, 3, 8, 8) for _ in range(32)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda x: record_outputs(module, ["0"], x)[1]["0"], inputs))
    assert all(torch.equal(one, module[0](x)) for one, x in zip(found, inputs, strict=True))
