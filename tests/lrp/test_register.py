"""Rules that a caller registers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.overrides import handle_torch_function, has_torch_function_unary

from pairx import lrp
from pairx.lrp import Policy, handlers, register_rule
from pairx.types import InputError
from tests.lrp.by_hand import assert_near, noise

PAGE = Path(__file__).parents[2] / "docs" / "add-a-rule.md"


@pytest.fixture(autouse=True)
def own_table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test registers ends with it."""
    monkeypatch.setattr(handlers, "LRP", handlers.LRP)
    monkeypatch.setattr(handlers, "GRADIENT", handlers.GRADIENT)
    yield


def mirrored(x: Tensor) -> Tensor:
    """The mean with the mirror image, by an operation that autograd cannot follow."""
    if has_torch_function_unary(x):
        return handle_torch_function(mirrored, (x,), x)
    values = x.detach().numpy()
    return torch.from_numpy((values + values[..., ::-1]) / 2)


def share(relevance: Tensor, inputs: list[Tensor], output: Tensor) -> list[Tensor]:
    part = relevance / output
    return [inputs[0] * (part + part.flip(-1)) / 2]


class Network(nn.Module):
    def __init__(self, operation: Callable[[Tensor], Tensor] = mirrored) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.operation = nn.Conv2d(3, 4, 3), operation
        self.double().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.operation(self.layer(x).abs()).flatten(1)


@pytest.mark.parametrize("engine", ["exact", "fast"])
def test_a_registered_rule_hands_relevance_on(engine: str) -> None:
    with pytest.raises(InputError, match="mirrored"):
        lrp.record(Network(), noise(6), ["layer"], engine=engine)
    register_rule(mirrored, lrp.shared(share))
    with lrp.record(Network(), noise(6), ["layer"], engine=engine) as recording:
        x = recording.activations["layer"].abs()
        seeds = torch.rand(2, 64, dtype=torch.float64)
        for one, found in zip(seeds, recording.relevance("layer", seeds), strict=True):
            part = one.view_as(x) / ((x + x.flip(-1)) / 2)
            assert_near(found, x * (part + part.flip(-1)) / 2)
        account = recording.account(seeds[0], "layer")
    assert account.arrived == pytest.approx(1, abs=1e-12)
    assert account.error < 1e-12


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (lrp.passed, lambda x, r: r),
        (lrp.moved, lambda x, r: -r * torch.special.i1(x)),
        (lrp.averaged, lambda x, r: -r * x * torch.special.i1(x) / -torch.special.i0(x)),
        (lrp.written_out(lambda x: x * 2.0 * x.sigmoid()), lambda x, r: r),
    ],
    ids=["passed", "moved", "averaged", "written_out"],
)
def test_the_ready_made_rules(handler: Callable, expected: Callable[[Tensor, Tensor], Tensor]) -> None:
    def operation(x: Tensor) -> Tensor:
        return -torch.special.i0(x)

    register_rule(torch.special.i0, handler)
    network, seed = Network(operation), torch.randn(1, 64, dtype=torch.float64)
    with lrp.record(network, noise(6), ["layer"], engine="exact") as recording:
        x = recording.activations["layer"].abs()
        sign = -1 if handler is lrp.moved else 1  # the sign in front is passed
        assert_near(recording.relevance("layer", seed)[0], sign * expected(x, seed.view_as(x)), 1e-5)


def test_refused_takes_a_rule_away() -> None:
    register_rule(torch.abs, lrp.refused)
    network = Network(lambda x: torch.abs(x))
    with pytest.raises(InputError, match="The operation abs has no relevance rule"):
        lrp.record(network, noise(6), [], engine="exact")


def test_without_a_derivative_the_gradient_composite_refuses_it() -> None:
    register_rule(mirrored, lrp.shared(share))
    with pytest.raises(InputError, match="mirrored"):
        lrp.record(Network(), noise(6), [], Policy(composite="gradient"), "exact")


@pytest.mark.parametrize("handler", [None, "pass", lambda: None, lambda x: x, share])
def test_what_is_no_handler_is_refused_when_it_is_registered(handler: object) -> None:
    with pytest.raises(InputError, match="handler\\(tape, function, args, kwargs\\)"):
        register_rule(mirrored, handler)
    with pytest.raises(InputError, match="torch function"):
        register_rule("mirrored", lrp.passed)


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        (lambda tape, func, args, kwargs: func(*args, **kwargs), "does not write its output on the tape"),
        (lambda tape, func, args, kwargs: None, "does not write its output on the tape"),
        (lrp.shared(lambda relevance, inputs, output: [relevance[..., :1]]), "for inputs of shapes"),
        (lrp.shared(lambda relevance, inputs, output: []), "for inputs of shapes"),
        (lrp.moved, "mirrored has no relevance rule"),
    ],
    ids=["runs only", "gives nothing", "wrong shape", "too few", "no derivative"],
)
def test_a_wrong_handler_is_told(handler: Callable, told: str) -> None:
    register_rule(mirrored, handler)
    with pytest.raises(InputError, match=told):
        lrp.record(Network(), noise(6), ["layer"], engine="exact").relevance("layer", torch.ones(1, 64).double())


def test_threads_register_and_record_at_once() -> None:
    """Nothing registered is lost, and a recording that has begun keeps its rules."""
    functions = [eval(f"lambda x: x + {i}") for i in range(200)]
    register_rule(mirrored, lrp.shared(share))
    with lrp.record(Network(), noise(6), ["layer"], engine="exact") as begun, ThreadPoolExecutor(8) as pool:
        recordings = [pool.submit(lrp.record, Network(), noise(6), ["layer"], engine="exact") for _ in range(8)]
        list(pool.map(lambda function: register_rule(function, lrp.passed), functions))
        register_rule(mirrored, lrp.refused)
        seed = torch.ones(1, 64).double()
        for recording in recordings:
            assert torch.equal(recording.result().relevance("layer", seed), begun.relevance("layer", seed))
    assert all(function in handlers.LRP for function in functions)


def test_the_page_runs_as_it_stands() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 3
    namespace: dict = {}
    for block in blocks:
        exec(block, namespace)
    assert namespace["account"].arrived == pytest.approx(1, abs=1e-3)
