"""The task that drives a handler: what asyncio can await works in it, and the studio's own awaits take a short path.

On the long path a coroutine yields a future, as to any asyncio task. On the short path it yields nanoseconds to sleep,
or an `Effect`, and the loop resumes it straight from its timers: no future, no handle, no callback. Who calls whom, and
what a call means, is left to the runtime, which builds its awaits on `Effect`.

The class is our own throughout. asyncio's Python task costs twice as much to make (a weak set, a finaliser, a callback
for the first step), and its C task cannot be resumed from outside. asyncio asks only for the protocol of a future.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
import types
from asyncio import base_tasks
from asyncio.tasks import _current_tasks as current_tasks  # type: ignore[attr-defined]
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from heapq import heappush
from typing import TYPE_CHECKING, Any, ClassVar, TextIO, final

from studio.ports import ACTING

if TYPE_CHECKING:
    from studio.simulation.virtual.incarnation import Incarnation
    from studio.simulation.virtual.loop import VirtualLoop

__all__ = ["Effect", "HandlerTask", "Park"]

_PENDING, _CANCELLED, _FINISHED = "PENDING", "CANCELLED", "FINISHED"
_UNWIND_ATTEMPTS = 100
_UNCANCEL_WITHDRAWS = sys.version_info >= (3, 13)  # there, withdrawing the last request also stops a cancel to come

DoneCallback = Callable[[Any], object]


class Effect:
    """What a handler waits for on the short path.

    A subclass says in `arm` how the wake-up comes about; whoever holds the effect then calls `advance` or `throw_in`
    once. A wake-up that comes late, after a cancellation, does nothing, so that nobody need unregister.
    """

    __slots__ = ("task",)

    task: HandlerTask | None

    def arm(self, task: HandlerTask) -> None:
        """Arrange for the wake-up. It must come through the loop, never from within this call."""
        raise NotImplementedError

    def disarm(self) -> None:
        """Give back what `arm` took, since the handler was cancelled and no longer waits."""

    def advance(self, value: Any = None) -> None:
        """Resume the handler with a value."""
        task = self.task
        if task is not None:
            self.task = None
            task._context.run(_resume, task, value)  # noqa: SLF001 - task.advance(value), without the call

    def throw_in(self, error: BaseException) -> None:
        """Resume the handler by raising an error where it waits."""
        task = self.task
        if task is not None:
            self.task = None
            task.throw_in(error)

    def done(self) -> bool:
        """Say whether the handler no longer waits for this."""
        return self.task is None

    def cancel(self, msg: Any = None) -> bool:
        """Wake the handler with CancelledError; False where it no longer waits.

        It wakes through the ready queue and not the timers: anyio repeats a cancellation by `call_soon` until it is
        taken, and would keep the timers from their turn.
        """
        task = self.task
        if task is None:
            return False
        self.task = None
        self.disarm()
        task.interrupt(msg)
        return True


@final
class Park(Effect):
    """Wait for what never comes."""

    __slots__ = ()

    def arm(self, task: HandlerTask) -> None:
        """Arrange for nothing."""


class _Asleep:
    """Stand where a future would while a task sleeps on the short path."""

    __slots__ = ()

    @staticmethod
    def done() -> bool:
        return False


_ASLEEP = _Asleep()


class HandlerTask:
    """Run a coroutine for an incarnation.

    It is made pending and not yet started: `advance()` starts it at once, `start_soon` from the ready queue. When its
    incarnation crashes it never runs again, stays pending for ever, and calls nobody back.

    Args:
        coro: What to run.
        loop: The loop that runs it.
        context: Context for every step; not to be shared with code that starts this task from inside it.
        incarnation: Whose it is.
        on_done: Called once with this task when it ends, without a trip through the loop.
        name: For displays; None names it after the coroutine.
    """

    _asyncio_future_blocking = False
    _source_traceback: ClassVar[None] = None
    _log_destroy_pending = False
    _exception: BaseException | None = None
    _exception_tb: types.TracebackType | None = None
    _cancel_message: Any = None
    _cancelled_exc: BaseException | None = None
    _num_cancels_requested = 0
    _log_traceback = False
    _ordinal: int | None = None
    _name: str | None = None

    def __init__(  # noqa: PLR0917 - by position, since it is made for every message
        self,
        coro: Coroutine[Any, Any, Any],
        loop: VirtualLoop,
        context: Context,
        incarnation: Incarnation,
        on_done: Callable[[HandlerTask], object] | None = None,
        name: str | None = None,
    ) -> None:
        self._coro = coro
        self._send = coro.send
        self._loop = loop
        self._context = context
        self.incarnation = incarnation
        self.on_done = on_done
        # Whatever steps read or set stands here. Python 3.11 reads a class's default through an instance slowly, and
        # gives an instance that gets more attributes later a dictionary of its own.
        self._state = _PENDING
        self._result: Any = None
        self._wake_ns = 0
        self._must_cancel = False
        self._fut_waiter: Any = None
        self._callbacks: list[tuple[DoneCallback, Context]] | None = None
        if name is not None:
            self._name = name
        if incarnation.alive:
            incarnation.frames[id(self)] = self
        else:
            self.fence()
            loop.graveyard.bury(self)

    @property  # type: ignore[misc]  # read-only, unlike the type stubs' own
    def __class__(self) -> type[asyncio.Task[Any]]:  # type: ignore[override]
        """Pass for asyncio's own task, as mocks do: anyio asks `isinstance(waiter, asyncio.Future)`."""
        return asyncio.Task

    def __hash__(self) -> int:
        # By ordinal of first use: sets of tasks are iterated, and addresses differ from run to run.
        ordinal = self._ordinal
        if ordinal is None:
            ordinal = self._ordinal = self._loop.next_ordinal()
        return ordinal

    def __eq__(self, other: object) -> bool:
        return self is other

    def __repr__(self) -> str:
        return f"<HandlerTask {self.get_name()} {self._state.lower()}>"

    # -- steps

    def advance(self, value: Any = None) -> None:
        """Start it, or resume it with a value where it waits on the short path; from the loop only."""
        self._context.run(_resume, self, value)

    def throw_in(self, error: BaseException) -> None:
        """Resume it by raising an error where it waits on the short path; from the loop only."""
        self._context.run(self._raise, error)

    def start_soon(self) -> None:
        """Start it from the ready queue, as asyncio does."""
        self._loop.call_soon(self._resume, None, context=self._context)

    def interrupt(self, message: Any) -> None:
        """Raise CancelledError where it waits, from the ready queue."""
        self._fut_waiter = None
        self._loop.call_soon(self._raise, _cancelled_error(message), context=self._context)

    def _resume(self, value: Any) -> None:
        if self._must_cancel:
            self._raise(self._make_cancelled_error())
            return
        self._fut_waiter = None
        loop, send = self._loop, self._send  # first a name, then the call: Python 3.11 calls an attribute slowly
        current_tasks[loop] = self
        try:
            effect = send(value)
        except StopIteration as stop:
            self._finish(stop.value)
        except BaseException as error:  # noqa: BLE001 - a task keeps whatever its coroutine raised
            self._fail(error)
        else:
            if self._must_cancel:
                self._arm(effect)
            elif type(effect) is int:  # what _arm() and loop.at() do, without the calls: half of all awaits are sleeps
                self._fut_waiter = _ASLEEP
                self._wake_ns = when_ns = loop.now_ns + effect
                bucket = loop.buckets.get(when_ns)
                if bucket is None:
                    loop.buckets[when_ns] = [(self.incarnation.key, _wake, self)]
                    heappush(loop.times, when_ns)
                else:
                    bucket.append((self.incarnation.key, _wake, self))
            elif isinstance(effect, Effect) and self.incarnation.alive:  # likewise
                effect.task = self
                self._fut_waiter = effect
                effect.arm(self)
            else:
                self._arm(effect)
        finally:
            del current_tasks[loop]

    def _raise(self, error: BaseException) -> None:
        if self._state is not _PENDING or not self.incarnation.alive:
            return
        if self._must_cancel and not isinstance(error, asyncio.CancelledError):
            error = self._make_cancelled_error()
        self._must_cancel = False
        self._fut_waiter = None
        current_tasks[self._loop] = self
        try:
            effect = self._coro.throw(error)
        except StopIteration as stop:
            self._finish(stop.value)
        except BaseException as raised:  # noqa: BLE001 - a task keeps whatever its coroutine raised
            self._fail(raised)
        else:
            self._arm(effect)
        finally:
            del current_tasks[self._loop], error

    # -- waiting

    def _arm(self, effect: Any) -> None:
        if isinstance(effect, Effect):
            if not self.incarnation.alive:
                return  # it crashed itself in this step: what it asked for next was never asked
            effect.task = self
            self._fut_waiter = effect
            effect.arm(self)
        elif type(effect) is int:
            self._fut_waiter = _ASLEEP
            self._wake_ns = self._loop.now_ns + effect
            self._loop.at(self._wake_ns, self.incarnation.key, _wake, self)
        else:
            self._wait(effect)
        if self._must_cancel and self._cancel_waiter(self._cancel_message):
            self._must_cancel = False

    def _wait(self, future: Any) -> None:
        blocking = getattr(future, "_asyncio_future_blocking", None)
        if blocking and future is not self and future.get_loop() is self._loop:
            future._asyncio_future_blocking = False  # noqa: SLF001 - the protocol between tasks and futures
            future.add_done_callback(self._wakeup, context=self._context)
            self._fut_waiter = future
        elif future is None:  # a bare yield gives way for one round of the ready queue
            self._loop.call_soon(self._resume, None, context=self._context)
        else:
            error = RuntimeError(self._complaint(future, blocking=blocking))
            self._loop.call_soon(self._raise, error, context=self._context)

    def _complaint(self, future: Any, *, blocking: bool | None) -> str:
        if blocking is None:
            return f"{self!r} got a bad yield: {type(future).__name__}"
        if future is self:
            return f"{self!r} cannot await itself"
        if not blocking:
            return f"yield was used instead of yield from in {self!r}"
        return f"{self!r} got a future attached to a different loop"

    def _wakeup(self, future: Any) -> None:
        try:
            future.result()
        except BaseException as error:  # noqa: BLE001 - it is raised again where the coroutine waits
            self._raise(error)
        else:
            self._resume(None)

    # -- ends

    def _finish(self, value: Any) -> None:
        if self._must_cancel:  # cancelled by itself, in its last step
            self._must_cancel = False
            self._fail(_cancelled_error(self._cancel_message))
            return
        incarnation = self.incarnation
        if not incarnation.alive:
            return
        self._result = value
        self._state = _FINISHED
        del incarnation.frames[id(self)]  # what _end() does, without the call
        on_done = self.on_done
        if on_done is not None:
            on_done(self)
        if self._callbacks is not None:
            self._call_back()

    def _fail(self, error: BaseException) -> None:
        if self.incarnation.alive:
            if isinstance(error, asyncio.CancelledError):
                self._cancelled_exc = error
                self._state = _CANCELLED
            else:
                self._exception = error
                self._exception_tb = error.__traceback__
                self._state = _FINISHED
                if self.on_done is None:
                    self._log_traceback = True
                    self._loop.unretrieved[id(self)] = self
            self._end()
        if isinstance(error, KeyboardInterrupt | SystemExit):
            raise error

    def _end(self) -> None:
        del self.incarnation.frames[id(self)]
        if self.on_done is not None:
            self.on_done(self)
        self._call_back()

    def _call_back(self) -> None:
        callbacks, self._callbacks = self._callbacks, None
        for callback, context in callbacks or ():
            self._loop.call_soon(callback, self, context=context)

    # -- crash

    def fence(self) -> None:
        """Never step the coroutine again; see `Incarnation.crash`."""
        waiter = self._fut_waiter
        self._send = _fenced
        self._fut_waiter = None
        if isinstance(waiter, Effect) and waiter.task is self:
            waiter.task = None
            waiter.disarm()  # a deadline of the dead would keep the world from coming to rest

    def close(self) -> None:
        """Unwind the coroutine's frames; whatever they await or raise is dropped."""
        self._send = _fenced
        self._context.run(self._unwind)

    def _unwind(self) -> None:
        ACTING.set(None)  # so that no verb in a `finally` acts: they refuse, and nobody hears of it
        current_tasks[self._loop] = self
        try:
            for _ in range(_UNWIND_ATTEMPTS):
                try:
                    self._coro.close()
                except RuntimeError:  # a `finally` awaited, or raised this; then the next attempt finds it closed
                    continue
                except BaseException:  # noqa: BLE001 - the dead have nobody to tell
                    return
                return
            # It refuses to end. Dropping it would warn, even at the interpreter's exit: so it is never dropped.
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._coro))
        finally:
            del current_tasks[self._loop]

    # -- the protocol of a future and of a task, as asyncio and anyio use it

    def cancel(self, msg: Any = None) -> bool:
        """Ask the coroutine to end, by CancelledError where it waits; False when it has ended."""
        if self._state is not _PENDING:
            return False
        self._num_cancels_requested += 1
        if not self._cancel_waiter(msg):
            self._must_cancel = True
            self._cancel_message = msg
        return True

    def _cancel_waiter(self, message: Any) -> bool:
        waiter = self._fut_waiter
        if waiter is _ASLEEP:
            self._loop.disarm(self._wake_ns, self)
            self.interrupt(message)
            return True
        return waiter is not None and bool(waiter.cancel(msg=message))

    def cancelling(self) -> int:
        """Return how many requests to cancel are pending."""
        return self._num_cancels_requested

    def uncancel(self) -> int:
        """Withdraw one request to cancel; return how many remain."""
        if self._num_cancels_requested > 0:
            self._num_cancels_requested -= 1
            if self._num_cancels_requested == 0 and _UNCANCEL_WITHDRAWS:
                self._must_cancel = False
        return self._num_cancels_requested

    def done(self) -> bool:
        """Say whether it has ended."""
        return self._state is not _PENDING

    def cancelled(self) -> bool:
        """Say whether it has ended by cancellation."""
        return self._state is _CANCELLED

    def result(self) -> Any:
        """Return what the coroutine returned, or raise what it raised."""
        if self._state is _FINISHED and self._exception is None:
            return self._result
        error = self.exception()
        if error is not None:
            raise error.with_traceback(self._exception_tb)
        return self._result

    def exception(self) -> BaseException | None:
        """Return what the coroutine raised, or None."""
        if self._state is _CANCELLED:
            raise self._make_cancelled_error()
        if self._state is _PENDING:
            raise asyncio.InvalidStateError("Result is not ready.")
        if self._log_traceback:
            self._log_traceback = False
            self._loop.unretrieved.pop(id(self), None)
        return self._exception

    def _make_cancelled_error(self) -> BaseException:
        error, self._cancelled_exc = self._cancelled_exc, None
        return error or _cancelled_error(self._cancel_message)

    def add_done_callback(self, fn: DoneCallback, *, context: Context | None = None) -> None:
        """Call `fn` with this task, from the ready queue, once it has ended."""
        if self._state is not _PENDING:
            self._loop.call_soon(fn, self, context=context)
        elif self._callbacks is None:
            self._callbacks = [(fn, context or copy_context())]
        else:
            self._callbacks.append((fn, context or copy_context()))

    def remove_done_callback(self, fn: DoneCallback) -> int:
        """Forget a callback; return how often it was there."""
        before = self._callbacks or []
        self._callbacks = [entry for entry in before if entry[0] != fn] or None
        return len(before) - len(self._callbacks or [])

    def set_result(self, result: Any) -> None:
        """Refuse: only the coroutine gives a task its result."""
        raise RuntimeError("Task does not support set_result operation")

    def set_exception(self, exception: BaseException) -> None:
        """Refuse: only the coroutine gives a task its exception."""
        raise RuntimeError("Task does not support set_exception operation")

    def get_loop(self) -> VirtualLoop:
        """Return the loop that runs it."""
        return self._loop

    def get_coro(self) -> Coroutine[Any, Any, Any]:
        """Return the coroutine."""
        return self._coro

    def get_context(self) -> Context:
        """Return the context of its steps."""
        return self._context

    def get_name(self) -> str:
        """Return its name."""
        return self._name or str(getattr(self._coro, "__qualname__", type(self._coro).__name__))

    def set_name(self, value: object) -> None:
        """Name it."""
        self._name = str(value)

    def get_stack(self, *, limit: int | None = None) -> list[types.FrameType]:
        """Return the frames where it waits, or where it failed."""
        task: Any = self
        return base_tasks._task_get_stack(task, limit)  # noqa: SLF001

    def print_stack(self, *, limit: int | None = None, file: TextIO | None = None) -> None:
        """Print the frames where it waits, or where it failed."""
        task: Any = self
        output: Any = file  # the type stubs take it for a path
        base_tasks._task_print_stack(task, limit, output)  # noqa: SLF001

    def __await__(self) -> Generator[Any, None, Any]:
        if self._state is _PENDING:
            self._asyncio_future_blocking = True
            yield self
        return self.result()

    __iter__ = __await__


_resume = HandlerTask._resume  # noqa: SLF001 - called with the task as its argument: no bound method is made for a step


def _wake(task: HandlerTask) -> None:
    task._context.run(_resume, task, None)  # noqa: SLF001 - task.advance(), without the call


def _cancelled_error(message: Any) -> asyncio.CancelledError:
    return asyncio.CancelledError() if message is None else asyncio.CancelledError(message)


def _fenced(_value: Any) -> Effect:
    return Park()
