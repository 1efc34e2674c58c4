"""Deadlines in queues: each that is reached expires in time, none that is done does, and no timer is left over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from studio.simulation.virtual.deadlines import DeadlineQueue, Deadlines
from studio.simulation.virtual.loop import VirtualLoop


@dataclass(eq=False)
class Item:
    name: int
    is_done: bool = False
    queue: DeadlineQueue | None = None

    def done(self) -> bool:
        return self.is_done

    def finish(self) -> None:
        self.is_done = True
        if self.queue is not None:
            self.queue.release()


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 3), st.none() | st.integers(0, 60)), max_size=20))
def test_what_is_not_done_in_time_expires_then_and_nothing_else_does(plan: list[tuple[int, int, int | None]]) -> None:
    loop, expired = VirtualLoop(), list[tuple[int, int]]()
    deadlines = Deadlines(loop, lambda item: expired.append((loop.now_ns, item.name)))

    def watch_for(wait_ns: int) -> Callable[[Item], None]:
        return lambda item: deadlines.watch(item, wait_ns)

    expected = []
    for name, (begin_ns, wait, done_after) in enumerate(plan):
        item, wait_ns = Item(name), wait * 10 + 1
        loop.at(begin_ns, 0, watch_for(wait_ns), item)
        if done_after is not None and done_after < wait_ns:
            loop.at(begin_ns + done_after, 0, Item.finish, item)
        else:
            expected.append((begin_ns + wait_ns, name))
    loop.run_until_idle()
    assert sorted(expired) == sorted(expected)
    assert loop.next_ns() is None
    loop.close()


def test_what_is_watched_while_another_expires_has_its_own_time() -> None:
    loop, expired = VirtualLoop(), []

    def expire(item: Item) -> None:
        expired.append((loop.now_ns, item.name))
        if item.name < 3:
            deadlines.watch(Item(item.name + 10), 5)
            deadlines.watch(Item(item.name + 20), 5)

    deadlines = Deadlines(loop, expire)
    for name in range(3):
        deadlines.watch(Item(name), 5)
    loop.run_until_idle()
    assert [at for at, _ in expired] == [5, 5, 5, 10, 10, 10, 10, 10, 10]
    assert loop.steps < 20
    loop.close()


def test_world_rests_once_all_is_done() -> None:
    loop = VirtualLoop()
    deadlines = Deadlines(loop, lambda _: None)
    items = [Item(name) for name in range(100)]
    for at, item in enumerate(items):
        deadlines.watch(item, 1_000 + at)  # more lengths than there are queues
    for item in items:
        item.finish()
    assert loop.next_ns() is None
    loop.close()


def test_what_is_past_expires_in_this_instant() -> None:
    loop, expired = VirtualLoop(), list[Item]()
    deadlines = Deadlines(loop, expired.append)
    deadlines.watch(Item(1), -5)
    loop.run_until_idle()
    assert len(expired) == 1
    assert loop.now_ns == 0
    loop.close()
