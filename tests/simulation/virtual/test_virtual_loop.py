"""The loop: virtual time, order at one instant, nesting, stopping, the watchdog, refusals."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from asyncio import events
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.errors import (
    HandlerStalledError,
    LoopBusyError,
    NothingLeftError,
    PortRequiredError,
    RunStoppedError,
    TimeStandsStillError,
)
from studio.simulation.randomness import stable_key
from studio.simulation.virtual.incarnation import Incarnation
from studio.simulation.virtual.loop import VirtualLoop


def order_at_one_instant(seed: int, names: str) -> str:
    loop, seen = VirtualLoop(seed), list[str]()
    for name in names:
        loop.at(5, stable_key(name), seen.append, name)
    loop.run_until_idle()
    return "".join(seen)


def test_time_jumps_to_what_is_due_next() -> None:
    loop, seen = VirtualLoop(), list[Any]()
    loop.at(3_000, 1, seen.append, "late")
    loop.at(1_000, 1, seen.append, "early")
    assert loop.run_until_idle()
    assert (seen, loop.now_ns, loop.time()) == (["early", "late"], 3_000, 3e-6)


def test_deadline_is_included_and_then_it_is_that_time() -> None:
    loop, seen = VirtualLoop(), list[Any]()
    for when_ns in (10, 20, 21):
        loop.at(when_ns, 1, seen.append, when_ns)
    assert loop.run_until_ns(20)
    assert (seen, loop.now_ns, loop.next_ns()) == ([10, 20], 20, 21)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=20), st.integers(0, 2**32))
def test_entity_is_served_first_come_first_served(keys: list[str], seed: int) -> None:
    loop, seen = VirtualLoop(seed), list[tuple[str, int]]()
    for number, key in enumerate(keys):
        loop.at(7, stable_key(key), seen.append, (key, number))
    loop.run_until_idle()
    for key in "abc":
        mine = [number for name, number in seen if name == key]
        assert mine == sorted(mine)


def test_every_order_of_three_entities_comes_up_under_some_seed() -> None:
    assert len({order_at_one_instant(seed, "abc") for seed in range(200)}) == 6


@given(st.permutations("abcdef"), st.integers(0, 2**64))
def test_order_between_entities_does_not_depend_on_who_came_first(names: list[str], seed: int) -> None:
    assert order_at_one_instant(seed, "".join(names)) == order_at_one_instant(seed, "abcdef")


def test_one_more_entity_does_not_reorder_the_others() -> None:
    for seed in range(50):
        assert order_at_one_instant(seed, "abcx").replace("x", "") == order_at_one_instant(seed, "abc")


def test_cancelled_timers_do_not_move_time() -> None:
    loop = VirtualLoop()
    timers = [loop.call_later(60, print) for _ in range(600)]
    loop.call_later(1, lambda: list(map(asyncio.TimerHandle.cancel, timers)))
    assert loop.run_until_idle()
    assert loop.now_ns == 1_000_000_000


def test_polling_without_waiting_sees_time_pass() -> None:
    loop, seen = VirtualLoop(), list[Any]()

    async def poll() -> float:
        while not seen:  # noqa: ASYNC110 - the point of the test
            await asyncio.sleep(0)
        return loop.time()

    loop.call_later(3, seen.append, "now")
    assert loop.run_until_complete(poll()) == 3


def test_time_that_stands_still_is_an_error() -> None:
    loop = VirtualLoop(instant_steps_max=10_000)

    async def poll() -> None:
        while True:  # noqa: ASYNC110 - the point of the test
            await asyncio.sleep(0)

    with pytest.raises(TimeStandsStillError, match="instant_steps_max"):
        loop.run_until_complete(poll())


def test_nothing_left_to_run_is_an_error() -> None:
    async def wait_for_ever() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NothingLeftError, match="wait_for_ever"):
        VirtualLoop().run_until_complete(wait_for_ever())


def test_loop_runs_nested_under_a_running_loop_and_restores_it() -> None:
    async def inner() -> str:
        await asyncio.sleep(3600)
        return "inner"

    async def outer() -> tuple[str, bool]:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        result = VirtualLoop().run_until_complete(inner())
        await asyncio.sleep(0)
        return result, loop is asyncio.get_running_loop() and task is asyncio.current_task()

    assert asyncio.run(outer()) == ("inner", True)


def test_outer_loop_is_restored_when_the_inner_run_fails() -> None:
    def fail(_: object) -> None:
        raise LookupError("boom")

    async def outer() -> bool:
        loop = VirtualLoop()
        loop.at(1, 1, fail, None)
        with pytest.raises(LookupError):
            loop.run_until_idle()
        return asyncio.get_running_loop() is not loop

    assert asyncio.run(outer())
    assert events._get_running_loop() is None  # noqa: SLF001 - the accessor that does not raise


def test_world_has_one_driver_at_a_time() -> None:
    loop = VirtualLoop()
    loop.at(1, 1, lambda _: loop.run_until_idle(), None)
    with pytest.raises(LoopBusyError, match="MainThread"):
        loop.run_until_idle()


def test_stop_ends_between_two_steps_and_running_on_continues_there() -> None:
    loop, seen = VirtualLoop(), list[Any]()
    loop.at(1, 1, seen.append, "first")
    loop.at(1, 1, lambda _: loop.request_stop(), None)
    loop.at(1, 1, seen.append, "second")
    assert not loop.run_until_ns(50)
    assert (seen, loop.now_ns) == (["first"], 1)
    assert loop.run_until_ns(50)
    assert (seen, loop.now_ns, loop.aborted) == (["first", "second"], 50, False)


def test_stop_from_another_thread_ends_a_run_that_would_go_on() -> None:
    loop = VirtualLoop()

    async def tick() -> None:
        threading.Thread(target=loop.request_stop).start()
        while True:  # noqa: ASYNC110 - the point of the test
            await asyncio.sleep(1)

    with pytest.raises(RunStoppedError):
        loop.run_until_complete(tick())


def test_interrupt_stops_cleanly_and_the_run_can_go_on() -> None:
    loop, seen = VirtualLoop(), list[Any]()
    loop.at(1, 1, lambda _: signal.raise_signal(signal.SIGINT), None)
    loop.at(2, 1, seen.append, "after")
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_idle()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert loop.run_until_idle()
    assert (seen, loop.aborted) == (["after"], False)


def spin() -> None:
    while True:
        pass


async def never_yields() -> None:
    spin()


def test_handler_that_never_yields_is_ended_and_the_run_aborted() -> None:
    loop = VirtualLoop(stall_s=0.05)
    with pytest.raises(HandlerStalledError, match="never_yields") as raised:
        loop.run_until_complete(never_yields())
    assert loop.aborted
    assert raised.value.where is not None
    assert raised.value.where.cell == __file__


def test_watchdog_works_in_a_thread_and_when_the_handler_catches_everything() -> None:
    async def stubborn() -> None:
        with suppress(BaseException):
            spin()

    caught: list[BaseException] = []

    def drive() -> None:
        try:
            VirtualLoop(stall_s=0.05).run_until_complete(stubborn())
        except HandlerStalledError as error:
            caught.append(error)

    thread = threading.Thread(target=drive)
    thread.start()
    thread.join()
    assert len(caught) == 1


def test_interrupt_ends_a_handler_that_never_yields() -> None:
    loop = VirtualLoop(stall_s=60)

    def interrupt_and_spin(_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        spin()

    loop.at(1, 1, interrupt_and_spin, None)
    with pytest.raises(KeyboardInterrupt):
        loop.run_until_idle()
    assert loop.aborted


@pytest.mark.parametrize(
    "ask",
    [
        lambda loop: loop.run_in_executor(None, print),
        lambda loop: loop.create_connection(asyncio.Protocol, "example.com", 80),
        lambda loop: loop.subprocess_exec(asyncio.SubprocessProtocol, "ls"),
        lambda loop: loop.getaddrinfo("example.com", 80),
        lambda loop: loop.add_signal_handler(signal.SIGTERM, print),
    ],
)
def test_the_machine_is_refused_and_the_port_named(ask: Any) -> None:
    with pytest.raises(PortRequiredError, match="Use "):
        ask(VirtualLoop())


def test_thread_may_not_call_into_the_loop() -> None:
    loop, refused = VirtualLoop(), []

    def intrude() -> None:
        try:
            loop.call_soon_threadsafe(print)
        except PortRequiredError as error:
            refused.append(error)

    def start(_: object) -> None:
        thread = threading.Thread(target=intrude)
        thread.start()
        thread.join()

    loop.at(1, 1, start, None)
    loop.run_until_idle()
    assert len(refused) == 1


def test_executor_work_goes_to_the_worlds_runner_where_it_has_one() -> None:
    loop = VirtualLoop()

    async def run_sync(function: Any) -> Any:
        await asyncio.sleep(2)
        return function()

    async def main() -> Any:
        return await asyncio.to_thread(sum, [1, 2])

    loop.run_sync = run_sync
    assert (loop.run_until_complete(main()), loop.now_ns) == (3, 2_000_000_000)


def test_callback_errors_are_kept() -> None:
    loop = VirtualLoop()
    loop.call_soon(lambda: 1 / 0)
    loop.run_until_idle()
    assert isinstance(loop.failures[0]["exception"], ZeroDivisionError)


def test_two_incarnations_may_not_share_a_key() -> None:
    loop = VirtualLoop()
    Incarnation("a", 5, loop)
    with pytest.raises(AssertionError):
        Incarnation("b", 5, loop)
