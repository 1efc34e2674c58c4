"""A crash: nothing of the dead runs again, and no `finally` of theirs acts."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import anyio
import pytest

from studio.simulation.virtual.awaiting import park, sleep_ns
from studio.simulation.virtual.incarnation import INCARNATION, Incarnation
from studio.simulation.virtual.loop import VirtualLoop
from studio.simulation.virtual.task import HandlerTask

SECOND_NS = 1_000_000_000


class World:
    """A loop with one incarnation, and what its code did while it was alive."""

    def __init__(self) -> None:
        self.loop = VirtualLoop()
        self.incarnation = Incarnation("service", 77, self.loop)
        self.did: list[str] = []

    def act(self, what: str) -> None:
        """Do what a port does: nothing for the dead."""
        if INCARNATION.get().alive:
            self.did.append(what)

    def start(self, coro: Any) -> HandlerTask:
        task = HandlerTask(coro, self.loop, self.incarnation.context(), self.incarnation)
        self.loop.at(0, self.incarnation.key, task.advance, None)
        return task

    def crash_at(self, when_s: float) -> None:
        self.loop.at(int(when_s * SECOND_NS), 1, lambda _: self.incarnation.crash(), None)


async def short(world: World) -> None:
    await sleep_ns(10 * SECOND_NS)
    world.act("short")


async def long(world: World) -> None:
    await asyncio.sleep(10)
    world.act("long")


async def children(world: World) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(short, world)
        group.start_soon(long, world)


async def timer(world: World) -> None:
    asyncio.get_running_loop().call_later(10, world.act, "timer")
    await park()


async def cleanup(world: World) -> None:
    try:
        await park()
    finally:
        world.act("cleanup")
        await asyncio.sleep(1)
        world.act("later")


@pytest.mark.parametrize("main", [short, long, children, timer, cleanup])
def test_nothing_of_a_dead_incarnation_runs_again(main: Callable[[World], Any]) -> None:
    world = World()
    task = world.start(main(world))
    world.crash_at(5)
    assert world.loop.run_until_idle()
    assert world.loop.now_ns == 5 * SECOND_NS  # what the dead waited for does not move time
    world.loop.close()
    assert (world.did, task.done(), len(world.loop.graveyard)) == ([], False, 0)


def test_frames_are_kept_until_the_end_and_closed_in_order() -> None:
    world, closed = World(), list[Any]()

    async def main(name: str) -> None:
        try:
            await park()
        finally:
            closed.append((name, INCARNATION.get().alive))

    for name in ("first", "second"):
        _ = world.start(main(name))
    world.crash_at(1)
    world.loop.run_until_idle()
    gc.collect()
    assert closed == []
    world.loop.close()
    assert closed == [("first", False), ("second", False)]


def test_graveyard_is_bounded() -> None:
    world, closed = World(), list[Any]()

    async def main(number: int) -> None:
        try:
            await park()
        finally:
            closed.append(number)

    world.loop.graveyard.limit = 3
    for number in range(5):
        _ = world.start(main(number))
    world.crash_at(1)
    world.loop.run_until_idle()
    assert (closed, len(world.loop.graveyard), world.loop.graveyard.buried) == ([0, 1], 3, 5)


def test_end_of_the_run_fences_the_living_too() -> None:
    world = World()
    _ = world.start(cleanup(world))
    world.loop.run_until_ns(SECOND_NS)
    world.loop.close()
    assert (world.did, world.incarnation.alive) == ([], False)


def test_code_that_crashes_itself_does_nothing_more_after_parking() -> None:
    world, done = World(), list[HandlerTask]()

    async def main() -> None:
        world.incarnation.crash()
        await park()
        world.act("after")

    task = HandlerTask(main(), world.loop, world.incarnation.context(), world.incarnation, done.append)
    world.loop.at(1, 1, task.advance, None)
    world.loop.run_until_idle()
    world.loop.close()
    assert (world.did, done) == ([], [])


def test_code_that_crashes_itself_and_returns_answers_nobody() -> None:
    world, done = World(), list[HandlerTask]()

    async def main() -> None:
        world.incarnation.crash()

    task = HandlerTask(main(), world.loop, world.incarnation.context(), world.incarnation, done.append)
    world.loop.at(1, 1, task.advance, None)
    world.loop.run_until_idle()
    assert (done, task.done()) == ([], False)


def test_dead_task_cannot_be_resumed_by_hand() -> None:
    world = World()
    task = world.start(short(world))
    world.loop.run_until_ns(1)
    world.incarnation.crash()
    world.loop.at(2, 1, task.advance, None)
    world.loop.at(3, 1, task.throw_in, LookupError())
    world.loop.run_until_idle()
    assert world.did == []


def test_frames_that_refuse_to_end_do_not_disturb_the_closing() -> None:
    world = World()

    async def stubborn() -> None:
        while True:
            with suppress(BaseException):
                await park()

    async def raising() -> None:
        try:
            await park()
        finally:
            raise LookupError

    for main in (stubborn, raising):
        _ = world.start(main())
    _ = world.start(short(world))
    world.loop.run_until_ns(1)
    world.loop.close()


def test_task_made_by_the_dead_never_starts() -> None:
    world = World()

    async def main() -> None:
        try:
            await park()
        finally:
            _ = asyncio.create_task(short(world))  # noqa: RUF006 - nobody keeps it

    _ = world.start(main())
    world.crash_at(1)
    world.loop.run_until_idle()
    world.loop.close()
    assert world.did == []


def test_another_incarnation_lives_on() -> None:
    world = World()
    other = Incarnation("other", 78, world.loop)
    task = HandlerTask(short(world), world.loop, other.context(), other)
    world.loop.at(0, other.key, task.advance, None)
    world.crash_at(5)
    world.loop.run_until_idle()
    assert world.did == ["short"]
