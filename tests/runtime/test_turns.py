"""Turns at a document: one after another, in order, and in one line at a time."""

from __future__ import annotations

import asyncio

import pytest

from studio.runtime.turns import Turn, Turns

pytestmark = pytest.mark.anyio
TEA, MILK = ("stock", "tea"), ("stock", "milk")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_turns_come_in_the_order_of_asking() -> None:
    turns = Turns()
    seen: list[int] = []

    async def work(number: int) -> None:
        turn = Turn(turns)
        await turn.take(TEA)
        seen.append(number)
        await asyncio.sleep(0)
        turn.leave()

    await asyncio.gather(*(work(number) for number in range(5)))
    assert seen == [0, 1, 2, 3, 4]
    assert len(turns) == 0


async def test_a_turn_at_one_document_holds_up_nobody_at_another() -> None:
    turns = Turns()
    tea, milk = Turn(turns), Turn(turns)
    await tea.take(TEA)
    await milk.take(MILK)
    assert len(turns) == 2


async def test_two_that_change_places_do_not_wait_for_each_other() -> None:
    turns = Turns()
    one, other = Turn(turns), Turn(turns)
    await one.take(TEA)
    await other.take(MILK)
    swap = asyncio.gather(one.take(MILK), other.take(TEA))
    await asyncio.sleep(0)
    await swap
    assert len(turns) == 2


async def test_who_gives_up_waiting_leaves_no_gap() -> None:
    turns = Turns()
    first, second, third = Turn(turns), Turn(turns), Turn(turns)
    await first.take(TEA)
    waiting = asyncio.ensure_future(second.take(TEA))
    after = asyncio.ensure_future(third.take(TEA))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait({waiting})
    second.leave()
    first.leave()
    await after
    third.leave()
    third.leave()
    assert len(turns) == 0
