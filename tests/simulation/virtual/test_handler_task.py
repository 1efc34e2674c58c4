"""Handler tasks: the short path, and everything asyncio and anyio expect of a task."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import pytest

from studio.errors import PortRequiredError
from studio.simulation.virtual.awaiting import park, perform, sleep_ns, suspend
from studio.simulation.virtual.loop import VirtualLoop
from studio.simulation.virtual.task import Effect, HandlerTask

Main = Callable[[], Coroutine[Any, Any, Any]]


def run(main: Main) -> tuple[Any, float]:
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main()), loop.time()
    finally:
        loop.close()


def test_short_sleep_takes_its_nanoseconds() -> None:
    async def main() -> str:
        await sleep_ns(1_500_000_000)
        await sleep_ns(-1)
        return "done"

    assert run(main) == ("done", 1.5)


def test_suspended_handler_gets_what_it_is_resumed_with() -> None:
    async def main() -> Any:
        loop = asyncio.get_running_loop()
        return await suspend(lambda effect: loop.call_later(2, effect.advance, "value"))

    # The wake-up runs in the caller's context, so it comes as a world's event would: from the heap.
    class Reply(Effect):
        __slots__ = ()

        def arm(self, task: HandlerTask) -> None:
            loop = task.get_loop()
            loop.at(loop.now_ns + 5, task.incarnation.key, self.advance, "reply")

    async def effect() -> Any:
        return await perform(Reply())

    assert run(effect)[0] == "reply"
    assert run(main) == ("value", 2)


def test_error_is_thrown_in_where_the_handler_waits() -> None:
    async def main() -> str:
        loop = asyncio.get_running_loop()
        try:
            await suspend(lambda effect: loop.call_later(1, effect.throw_in, LookupError("lost")))
        except LookupError as error:
            return str(error)
        return "not raised"

    assert run(main) == ("lost", 1)


def test_cancelled_short_sleep_wakes_with_the_message_and_leaves_no_timer() -> None:
    async def sleeper() -> None:
        await sleep_ns(3_600_000_000_000)

    async def main() -> tuple[Any, ...]:
        task = asyncio.create_task(sleeper())
        await sleep_ns(1)
        task.cancel("enough")
        with pytest.raises(asyncio.CancelledError) as raised:
            await task
        return raised.value.args

    loop = VirtualLoop()
    assert loop.run_until_complete(main()) == ("enough",)
    assert (loop.run_until_idle(), loop.now_ns) == (True, 1)


def test_late_wake_up_after_a_cancellation_does_nothing() -> None:
    async def main() -> list[str]:
        loop, seen = asyncio.get_running_loop(), []

        def arm(effect: Effect) -> None:
            loop.call_later(10, effect.advance, "late")

        with anyio.move_on_after(1):
            await suspend(arm)
        seen.append("timed out")
        await sleep_ns(60_000_000_000)
        return seen

    assert run(main) == (["timed out"], 61)


def test_task_that_cancels_itself_is_cancelled_at_its_next_await() -> None:
    async def main(wait: Main) -> str:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        try:
            await wait()
        except asyncio.CancelledError:
            task.uncancel()
            return "cancelled"
        return "not cancelled"

    for wait in (lambda: sleep_ns(5), park, lambda: asyncio.sleep(5), lambda: asyncio.sleep(0)):
        assert run(lambda wait=wait: main(wait)) == ("cancelled", 0)  # type: ignore[misc]


def test_task_cancelled_before_it_starts_never_runs() -> None:
    async def main() -> bool:
        task = asyncio.create_task(park())
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert run(main) == (True, 0)


def test_current_task_is_right_in_tasks_and_none_in_callbacks() -> None:
    async def main() -> list[bool]:
        mine, seen = asyncio.current_task(), []
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: seen.append(asyncio.current_task() is None))
        await sleep_ns(5)
        seen.append(asyncio.current_task() is mine)
        await asyncio.sleep(1)
        return [*seen, asyncio.current_task() is mine, isinstance(mine, asyncio.Task)]

    assert run(main)[0] == [True] * 4


def test_wait_for_timeout_gather_and_queue() -> None:
    async def main() -> list[Any]:
        seen: list[Any] = []
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await park()
        seen += await asyncio.gather(asyncio.sleep(3, "a"), asyncio.sleep(1, "b"))
        queue: asyncio.Queue[str] = asyncio.Queue(1)
        putting = asyncio.create_task(queue.put("c"))
        seen.append(await queue.get())
        await putting
        return seen

    assert run(main) == (["a", "b", "c"], 6)


def test_task_group_cancels_siblings_of_a_failure() -> None:
    async def fail() -> None:
        await sleep_ns(1_000_000_000)
        raise LookupError

    async def main() -> list[str]:
        seen: list[str] = []

        async def sibling() -> None:
            try:
                await park()
            finally:
                seen.append("cancelled")

        with pytest.raises(ExceptionGroup):  # noqa: PT012 - the group inside is what raises
            async with asyncio.TaskGroup() as group:
                group.create_task(sibling())
                group.create_task(fail())
        return seen

    assert run(main) == (["cancelled"], 1)


def test_shield_lets_the_inner_task_finish() -> None:
    async def main() -> str:
        inner = asyncio.create_task(asyncio.sleep(5, "kept"))
        with anyio.move_on_after(1):
            await asyncio.shield(inner)
        return await inner

    assert run(main) == ("kept", 5)


def test_anyio_scopes_catch_their_own_cancellation_on_the_short_path() -> None:
    async def main() -> list[bool]:
        with anyio.move_on_after(10) as outer, anyio.move_on_after(2) as inner:
            await park()
        with anyio.CancelScope(shield=True), anyio.move_on_after(1) as last:
            await sleep_ns(5_000_000_000)
        task = asyncio.current_task()
        assert task is not None
        return [outer.cancelled_caught, inner.cancelled_caught, last.cancelled_caught, task.cancelling() == 0]

    assert run(main) == ([False, True, True, True], 3)


def test_anyio_shielded_cleanup_takes_its_time() -> None:
    async def main() -> list[str]:
        seen: list[str] = []
        with anyio.move_on_after(1):
            try:
                await park()
            finally:
                with anyio.CancelScope(shield=True):
                    await sleep_ns(4_000_000_000)
                    seen.append("cleaned")
                await park()  # cancelled again at once: the scope insists
        return seen

    assert run(main) == (["cleaned"], 5)


def test_anyio_task_group_streams_and_locks() -> None:
    async def main() -> list[int]:
        send, receive = anyio.create_memory_object_stream[int](1)
        lock, seen = anyio.Lock(), []

        async def produce() -> None:
            async with send:
                for n in range(3):
                    await anyio.sleep(1)
                    await send.send(n)

        async with anyio.create_task_group() as group, receive:
            group.start_soon(produce)
            async for n in receive:
                async with lock:
                    seen.append(n)
        return seen

    assert run(main) == ([0, 1, 2], 3)


def test_anyio_threads_are_refused_without_a_runner() -> None:
    async def main() -> None:
        await anyio.to_thread.run_sync(print)

    with pytest.raises(PortRequiredError):
        run(main)


def test_async_generator_left_early_is_closed_in_the_loop() -> None:
    async def main() -> list[str]:
        seen: list[str] = []

        async def numbers() -> Any:
            try:
                for n in range(5):
                    yield n
            finally:
                await sleep_ns(1)
                seen.append("closed")

        async for _ in numbers():
            break
        await sleep_ns(5)
        return seen

    assert run(main)[0] == ["closed"]


def test_foreign_yields_and_futures_are_refused() -> None:
    class Odd:
        def __await__(self) -> Any:
            yield "odd"

    async def main() -> None:
        await Odd()

    with pytest.raises(RuntimeError, match="bad yield: str"):
        run(main)


def test_on_done_is_called_with_the_ended_task() -> None:
    loop, seen = VirtualLoop(), []

    async def handler() -> int:
        await sleep_ns(3)
        return 7

    task = HandlerTask(handler(), loop, loop.world.context(), loop.world, lambda done: seen.append(done.result()))
    loop.at(1, 1, task.advance, None)
    loop.run_until_idle()
    assert (seen, loop.now_ns, task.get_name()) == ([7], 4, handler.__qualname__)


def test_failure_that_nobody_retrieves_is_kept() -> None:
    async def fail() -> None:
        raise LookupError

    async def main() -> None:
        _ = asyncio.create_task(fail())  # noqa: RUF006 - nobody keeps it
        await sleep_ns(1)

    loop = VirtualLoop()
    loop.run_until_complete(main())
    assert [type(task.exception()) for task in list(loop.unretrieved.values())] == [LookupError]
    assert not loop.unretrieved
