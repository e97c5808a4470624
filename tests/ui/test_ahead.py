"""What will probably be asked for next is computed with what is left, and never delays a person."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from pairx.types import Step
from pairx.ui.explore.pair_events import PairEvents
from pairx.ui.shared.ahead import Ahead, Waiting
from pairx.ui.shared.library import Library, Places
from tests.evaluation.made_up import write_run


class Work:
    """A computation of some steps that notes what is done with it."""

    def __init__(self, steps: int = 4) -> None:
        self.done, self.closed, self.steps = 0, False, steps

    def __iter__(self):
        try:
            for _ in range(self.steps):
                self.done += 1
                yield Step(self.done, self.steps, "working")
            return "result"
        finally:
            self.closed = True


async def always() -> bool:
    return True


def compute(ahead: Ahead, work: Work, wanted=always, key="pair"):
    return ahead.compute(key, iter(work), wanted)


def test_it_comes_to_its_end_while_nobody_waits():
    work = Work()
    assert asyncio.run(compute(Ahead(Waiting()), work)) == "result" and work.done == 4


def test_no_step_is_begun_while_a_person_waits():
    async def go() -> None:
        waiting, work = Waiting(), Work()
        with waiting:
            task = asyncio.create_task(compute(Ahead(waiting), work))
            await asyncio.sleep(0.3)
            assert work.done == 0
        assert await task == "result"

    asyncio.run(go())


def test_it_stops_when_it_is_wanted_no_longer():
    async def go() -> None:
        work, ahead = Work(1000), Ahead(Waiting())

        async def wanted() -> bool:
            return work.done < 3

        assert await compute(ahead, work, wanted) is None and work.done == 3
        await ahead.run(lambda: None)  # after what was under way
        assert work.closed and ahead.take("pair") is None

    asyncio.run(go())


def test_a_person_goes_on_with_what_was_begun():
    async def go() -> None:
        work, ahead, taken = Work(6), Ahead(Waiting()), []

        async def wanted() -> bool:
            if work.done == 2:
                taken.append(ahead.take("pair"))
            return True

        assert await compute(ahead, work, wanted) is None
        await ahead.run(lambda: None)
        assert not work.closed and work.done == 2
        assert [step.done for step in taken[0]] == [3, 4, 5, 6], "nothing is done twice"
        assert ahead.take("pair") is None

    asyncio.run(go())


def test_sessions_take_turns():
    async def go() -> list[str]:
        ahead, order = Ahead(Waiting()), []

        async def session(name: str) -> None:
            for _ in range(3):
                async with ahead.turn:
                    await compute(ahead, Work(), key=name)
                    order.append(name)

        await asyncio.gather(session("a"), session("b"))
        return order

    assert asyncio.run(go()) == ["a", "b"] * 3


@pytest.fixture
def pairs(app_state, tmp_path) -> PairEvents:
    write_run(tmp_path / "runs" / "cows")
    return PairEvents(app_state, Library(Places(None, tmp_path / "runs", own_machine=False)))


def wish(number, ticket: int = 1) -> gr.EventData:
    return gr.EventData(None, {"number": number, "ticket": ticket, "layer": "stage", "run": "cows"})


def session(left: bool = False):
    async def is_disconnected() -> bool:
        return left

    return SimpleNamespace(session_hash="me", request=SimpleNamespace(is_disconnected=is_disconnected))


@pytest.mark.slow
def test_a_pair_looked_at_ahead_is_what_choosing_it_shows(pairs, runs):
    ahead = asyncio.run(pairs.look_ahead(session(), wish(30)))
    *_, shown = pairs.explain(session(), wish(30))
    assert len(runs) == 1, "it is not computed again"
    assert ahead == shown and json.loads(Path(ahead["scene"]["path"]).read_text())["similarity"] == 0.5


@pytest.mark.parametrize("number", [None, 99, "3"])
def test_nothing_is_looked_at_ahead_where_there_is_no_such_pair(pairs, runs, number):
    assert asyncio.run(pairs.look_ahead(session(), wish(number))) == gr.skip() and not runs


def test_a_later_wish_or_a_closed_page_ends_an_earlier_one(pairs, runs):
    asyncio.run(pairs.look_ahead(session(), wish(None, ticket=5)))
    assert asyncio.run(pairs.look_ahead(session(), wish(3, ticket=4))) == gr.skip()
    assert asyncio.run(pairs.look_ahead(session(left=True), wish(3, ticket=6))) == gr.skip() and not runs


def test_whoever_waits_for_a_pair_is_known_to_wait(pairs):
    steps = pairs.explain(session(), wish(30))
    next(steps)
    assert pairs.app_state.waiting
    steps.close()
    assert not pairs.app_state.waiting
