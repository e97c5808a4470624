"""Many threads, little memory, and who stops early."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn

from pairx.lrp import in_threads, record, tape
from pairx.lrp.engine import TapeRecording
from tests.lrp.by_hand import assert_near, build, noise, only


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return build("mobilenetv3_small_050", 64).float()


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["exact", "fast"])
def test_sixteen_threads_get_what_one_gets(network: nn.Module, engine: str) -> None:
    inputs = [noise(64, seed, torch.float32) for seed in range(16)]

    def explain(x: Tensor) -> list[Tensor]:
        with record(network, x, ["blocks.1"], engine=engine) as recording:
            relevance = recording.relevance("blocks.1", recording.output[None])
            starts = only(recording.activations["blocks.1"], [(0, 0), (3, 4)])
            return [recording.output, relevance, *recording.pixels("blocks.1", torch.cat([relevance, starts]))]

    alone = [explain(x) for x in inputs]
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(explain, inputs))
    for one, other in zip(alone, together, strict=True):
        assert len(one) == 5
        assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))
    assert not torch.equal(alone[0][1], alone[1][1])


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["exact", "fast", "zennit"])
def test_threads_share_a_recording(engine: str) -> None:
    network = build("mobilenetv3_small_050", 64)
    with record(network, noise(64), ["blocks.1"], engine=engine) as recording:
        seeds = torch.randn(8, 1, len(recording.output), dtype=torch.float64)
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda seed: recording.relevance("blocks.1", seed), seeds))
        for seed, relevance in zip(seeds, together, strict=True):
            assert_near(relevance, recording.relevance("blocks.1", seed))


@pytest.mark.parametrize("engine", ["exact", "fast"])
def test_little_memory_gives_the_same(network: nn.Module, engine: str) -> None:
    found = []
    for options in ({}, {"memory": 1}):
        with record(network, noise(64).float(), ["blocks.1"], engine=engine, **options) as recording:
            starts = only(recording.activations["blocks.1"], [(0, 0), (3, 4), (7, 1)])
            found.append(torch.stack(list(recording.pixels("blocks.1", starts))))
    assert torch.equal(*found)


def test_who_stops_iterating_stops_the_computation(network: nn.Module, monkeypatch: pytest.MonkeyPatch) -> None:
    swept, sweep = [], TapeRecording._sweep

    def counted(recording: TapeRecording, *args: object) -> object:
        swept.append(args)
        return sweep(recording, *args)

    monkeypatch.setattr(TapeRecording, "_sweep", counted)
    with record(network, noise(64).float(), ["blocks.1"], engine="exact") as recording:
        starts = only(recording.activations["blocks.1"], [(row, column) for row in range(8) for column in range(8)])
        maps = recording.pixels("blocks.1", starts)
        assert not swept
        next(maps)
        maps.close()
        assert 1 <= len(swept) <= 2 * torch.get_num_threads() + 1
        swept.clear()
        assert len(list(recording.pixels("blocks.1", starts))) == len(swept) == 64


def test_work_in_threads_comes_in_order() -> None:
    def waited(number: int) -> int:
        time.sleep(0.01 * (number % 3))
        return number

    assert list(in_threads(waited, range(20), 4)) == list(range(20))
    assert list(in_threads(waited, [], 4)) == []


def test_a_failure_in_a_thread_is_raised_and_ends_the_work() -> None:
    begun = []

    def failing(number: int) -> int:
        begun.append(number)
        if number == 3:
            raise ValueError("three")
        time.sleep(0.005)
        return number

    with pytest.raises(ValueError, match="three"):
        list(in_threads(failing, range(100), 2))
    assert len(begun) < 20


def test_items_are_taken_as_they_are_needed() -> None:
    taken = []
    results = in_threads(abs, (taken.append(number) or number for number in range(100)), 2)
    assert next(results) == 0
    assert len(taken) <= 4
    results.close()


@pytest.mark.parametrize("engine", ["exact", "fast", "zennit"])
def test_what_is_kept_gives_the_same(engine: str) -> None:
    network = build("mobilenetv3_small_050", 64)
    with record(network, noise(64), ["blocks.1", "blocks.3"], engine=engine) as recording:
        seeds = [recording.activations[layer][None] for layer in ("blocks.1", "blocks.3")]
        before = [next(recording.pixels(*start)) for start in zip(("blocks.1", "blocks.3"), seeds, strict=True)]
        recording.keep(["blocks.1", "blocks.3"])
        assert torch.equal(next(recording.pixels("blocks.3", seeds[1])), before[1])
        recording.keep(["blocks.1"])
        assert torch.equal(next(recording.pixels("blocks.1", seeds[0])), before[0])
        recording.keep([])


def test_what_is_not_kept_is_freed() -> None:
    network = build("mobilenetv3_small_050", 64)
    with record(network, noise(64), ["blocks.1"], engine="exact") as recording:
        relevance = recording.relevance("blocks.1", recording.output[None])
        held = [node for node in recording._tape if node.rule]
        recording.keep(["blocks.1"])
        left = [node for node in recording._tape if node.rule]
        assert 0 < len(left) < len(held) / 2
        assert len(list(recording.pixels("blocks.1", relevance))) == 1
        recording.keep([])
        assert not any(node.rule for node in recording._tape)


def test_only_a_cpu_gets_threads() -> None:
    def here(_item: int) -> int:
        return threading.get_ident()

    assert set(in_threads(here, range(4), 2, torch.device("meta"))) == {threading.get_ident()}
    assert threading.get_ident() not in set(in_threads(here, range(4), 2, torch.device("cpu")))


def test_names_of_operations_are_asked_for_by_one_thread_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # torch changes the process's warning filters for a moment as it resolves a name: two at once leave them changed.
    inside, most = [], []

    def slow(func: object) -> str:
        inside.append(func)
        most.append(len(inside))
        time.sleep(0.01)
        inside.remove(func)
        return "torch.name"

    monkeypatch.setattr(tape, "resolve_name", slow)
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(tape.title, [object() for _ in range(16)])) == {"name"}
    assert most == [1] * 16
