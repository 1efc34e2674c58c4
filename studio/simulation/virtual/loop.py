"""An asyncio event loop on virtual time: run what is ready, else jump to the next instant at which something is due.

Time is integer nanoseconds and passes only in jumps. What is due is kept by instant: a heap of instants, and for each a
list of `(entity key, function, argument)`. Work of one entity (an incarnation) that is due at the same instant runs
first come, first served; between entities the order is shuffled by a hash of seed, entity, instant and occurrence, so
that every order comes up under some seed and none depends on a memory address. Priorities are worked out for a whole
instant when it comes, not for each timer when it is set: most instants have one entity.

What is left elsewhere: stepping handlers (`task`), the watchdog's clock (`watchdog`), refusing the machine
(`refusals`), what a crash does (`incarnation`).
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import sys
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context, copy_context
from functools import partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any, TypeVar

from studio.errors import LoopBusyError, NothingLeftError, RunStoppedError, TimeStandsStillError
from studio.simulation.randomness import mix
from studio.simulation.virtual.blame import blame
from studio.simulation.virtual.driving import Drive
from studio.simulation.virtual.graveyard import Graveyard
from studio.simulation.virtual.incarnation import INCARNATION, Incarnation
from studio.simulation.virtual.refusals import RefusingLoop, refuse_thread
from studio.simulation.virtual.task import HandlerTask

if TYPE_CHECKING:
    from studio.simulation.cluster.skew import Skew

__all__ = ["VirtualFuture", "VirtualLoop", "VirtualTimer"]

_TOMBSTONES_FROM = 256  # timers at one instant beyond which a cancelled one is marked and not searched for
_FOREVER = 1 << 200
_COLLECT_STEPS = 100_000
_BEAT_STEPS = 5_000

Entry = tuple[int, Callable[[Any], object], Any]
T = TypeVar("T")


class VirtualFuture(asyncio.Future[T]):
    """A future that hashes by ordinal of first use, so that sets of them have the same order in every run."""

    __slots__ = ("_ordinal",)

    _ordinal: int

    def __hash__(self) -> int:
        try:
            return self._ordinal
        except AttributeError:
            loop = self.get_loop()
            assert isinstance(loop, VirtualLoop)
            self._ordinal = loop.next_ordinal()
            return self._ordinal


class VirtualTimer(asyncio.TimerHandle):
    """A timer that knows its place in the loop."""

    __slots__ = ("when_ns",)

    when_ns: int

    __eq__ = object.__eq__
    __hash__ = object.__hash__


class VirtualLoop(RefusingLoop):
    """Run tasks, callbacks and timers in virtual time; one driver at a time, also nested under a running loop.

    Args:
        seed: Orders work of different entities that is due at the same instant.
        stall_s: Seconds of the machine's time after which a handler that does not yield is ended.
        instant_steps_max: How many steps one instant may take; a loop that polls without waiting would go on for ever.
        busy_rounds_max: How often the ready queue may refill itself before whoever is due next gets a turn, as the
            passing of real time would give it: code that polls with `asyncio.sleep(0)` thus sees time pass.

    Attributes:
        has_skews: Whether the clock of any machine is wrong.
        is_urgent: Whether somebody waits for the drive to end at once.
        heartbeat: Called every few thousand steps by whoever drives, for a display of progress; it changes nothing.
    """

    now_ns: int

    def __init__(
        self,
        seed: int = 0,
        *,
        stall_s: float = 10.0,
        instant_steps_max: int = 1_000_000,
        busy_rounds_max: int = 1_000,
    ) -> None:
        super().__init__()
        super().set_debug(False)  # whatever the environment says: debug mode would change what runs
        self.seed = seed
        self.stall_s = stall_s
        self.instant_steps_max = instant_steps_max
        self.busy_rounds_max = busy_rounds_max
        self.now_ns = 0
        self.steps = 0
        self.aborted = False
        self.buckets: dict[int, list[Entry]] = {}
        self.times: list[int] = []
        self.dead: set[int] = set()
        self.halted: set[int] = set()  # the dead, and those who stand still for a while
        self.paused: dict[int, list[Entry]] = {}
        self.graveyard = Graveyard()
        self.unretrieved: dict[int, HandlerTask] = {}
        self.failures: deque[dict[str, Any]] = deque(maxlen=1_000)
        self.run_sync: Callable[[Callable[[], Any]], Awaitable[Any]] | None = None
        self.incarnations: dict[int, Incarnation] = {}
        self.world = Incarnation("world", 0, self)
        self._due: list[Entry] = []  # this instant's entries, the next one last
        self._ready: deque[asyncio.Handle] = deque()
        self._timer = self._run_timer  # one object, so that entries compare by identity
        self._stop = False
        self.is_urgent = False
        self._instant_ns = 0
        self._instant_steps = 0
        self._occurrence = 0
        self._ordinals = 0
        self._driver = ""
        self._unwinding = False
        self._collect_at = _COLLECT_STEPS
        self._beat_at = _BEAT_STEPS
        self.heartbeat: Callable[[], object] | None = None
        self.has_skews = False

    def __del__(self) -> None:
        # At best: the collector may finalise frames first. Whoever makes a loop closes it.
        if not (sys.is_finalizing() or self.is_closed() or self.is_running()):
            self.close()

    def __repr__(self) -> str:
        return f"<VirtualLoop seed={self.seed} now_ns={self.now_ns} {self._driver or 'at rest'}>"

    # -- the clock and what is due

    def time(self) -> float:
        """Return virtual time in seconds, for asyncio: as the machine of the calling code counts it."""
        skew = self._skew() if self.has_skews else None
        return (self.now_ns if skew is None else skew.elapsed_ns()) / 1e9

    def at(self, when_ns: int, entity_key: int, function: Callable[[Any], object], argument: Any) -> None:
        """Call `function(argument)` at an instant, in no particular context; it cannot be cancelled, only fenced.

        Args:
            when_ns: Virtual time; what is past counts as now.
            entity_key: Whose work it is: an incarnation's key, or 0 for the world's own.
            function: What to call; an error it raises ends the drive.
            argument: Its one argument.
        """
        if when_ns < self.now_ns:  # noqa: PLR1730 - max() would cost a call, on the hottest way into the loop
            when_ns = self.now_ns
        bucket = self.buckets.get(when_ns)
        if bucket is None:
            self.buckets[when_ns] = [(entity_key, function, argument)]
            heappush(self.times, when_ns)
        else:
            bucket.append((entity_key, function, argument))

    def disarm(self, when_ns: int, argument: object) -> None:
        """Take back the first entry of an instant that has this very argument."""
        due = self.buckets.get(when_ns, [])
        if not _remove(due, argument):
            _remove(self._due, argument)
        elif not due:
            del self.buckets[when_ns]

    def pause(self, entity_key: int) -> None:
        """Let an entity stand still: what is due for it from now on waits until it is resumed."""
        self.paused.setdefault(entity_key, [])
        self.halted.add(entity_key)

    def resume(self, entity_key: int) -> None:
        """Let an entity go on: all that waited for it is due now, in the order in which it was due."""
        if entity_key not in self.dead:
            self.halted.discard(entity_key)
        for entry in self.paused.pop(entity_key, ()):
            self.at(self.now_ns, *entry)

    def halt_for_good(self, entity_key: int) -> None:
        """Fence an entity: what is due for it, now or later, is dropped."""
        self.dead.add(entity_key)
        self.halted.add(entity_key)
        self.paused.pop(entity_key, None)

    def _put_off(self, entry: Entry) -> None:
        """Keep what is due for an entity that stands still; drop what is due for a dead one."""
        waiting = self.paused.get(entry[0])
        if waiting is not None:
            waiting.append(entry)

    def next_ordinal(self) -> int:
        """Count what needs an identity that is the same in every run."""
        self._ordinals += 1
        return self._ordinals

    def next_ns(self) -> int | None:
        """Return the next instant at which something is due; None when nothing is left to run."""
        if self._ready or self._due:
            return self.now_ns
        while self.times and not self._is_anything_due(self.times[0]):
            self.buckets.pop(heappop(self.times), None)
        return self.times[0] if self.times else None

    def _is_anything_due(self, when_ns: int) -> bool:
        """Say whether an instant holds work of anybody who lives."""
        return any(entry[0] not in self.dead for entry in self.buckets.get(when_ns, ()))

    # -- asyncio's scheduling

    def call_soon(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Call back in this instant, after what is ready already."""
        self._check_closed()
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back after seconds, rounded to nanoseconds and at least one where the delay is positive."""
        delay_ns = max(round(delay * 1e9), 1) if delay > 0 else 0
        skew = self._skew() if self.has_skews else None
        if skew is not None:
            delay_ns = skew.true_ns(delay_ns)
        return self._call_at_ns(self.now_ns + delay_ns, callback, args, context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back when `time()` is `when`."""
        skew = self._skew() if self.has_skews else None
        if skew is not None:
            return self.call_later(when - self.time(), callback, *args, context=context)
        when_ns = max(round(when * 1e9), self.now_ns)
        if when_ns == self.now_ns and when > self.time():
            when_ns += 1
        return self._call_at_ns(when_ns, callback, args, context)

    def _skew(self) -> Skew | None:
        """Return what is wrong with the clock of the machine that the calling code runs on."""
        incarnation = INCARNATION.get(None)
        return None if incarnation is None else incarnation.skew

    def _call_at_ns(
        self, when_ns: int, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> asyncio.TimerHandle:
        self._check_closed()
        context = context or copy_context()
        incarnation = context.get(INCARNATION)
        timer = VirtualTimer(when_ns / 1e9, callback, args, self, context)
        timer.when_ns = when_ns
        self.at(when_ns, incarnation.key if incarnation is not None else self.world.key, self._timer, timer)
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        assert isinstance(handle, VirtualTimer)
        bucket = self.buckets.get(handle.when_ns)
        if bucket is None or len(bucket) > _TOMBSTONES_FROM:
            return  # due in this instant, or among so many that the mark `_cancelled` must do
        self.disarm(handle.when_ns, handle)

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> asyncio.Handle:
        """Do as `call_soon` from the thread that drives, and refuse other threads."""
        if self._thread_id not in (None, threading.get_ident()):
            refuse_thread("loop.call_soon_threadsafe() from another thread")
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """Hand the function to `run_sync`, which suspends it virtually; refuse where the world has set none.

        As with a thread, who stops waiting does not stop the function.
        """
        if self.run_sync is None:
            refuse_thread("loop.run_in_executor()")
        return asyncio.shield(asyncio.ensure_future(self.run_sync(partial(func, *args)), loop=self))

    def create_future(self) -> asyncio.Future[Any]:
        """Return a future of this loop."""
        return VirtualFuture(loop=self)

    def create_task(  # type: ignore[override]
        self,
        coro: Coroutine[Any, Any, T],
        *,
        name: object = None,
        context: Context | None = None,
        eager_start: bool | None = None,
    ) -> asyncio.Task[T]:
        """Run a coroutine as a task of the context's incarnation, from the ready queue.

        Args:
            coro: What to run.
            name: For displays.
            context: Context of its steps; None copies the current one.
            eager_start: Accepted for asyncio 3.14 and not followed: a task starts from the ready queue.
        """
        self._check_closed()
        if not (asyncio.iscoroutine(coro) or (inspect.isawaitable(coro) and inspect.isgenerator(coro))):
            raise TypeError(f"a coroutine was expected, got {coro!r}")
        context = context or copy_context()
        incarnation = context.get(INCARNATION) or self.world
        task = HandlerTask(coro, self, context, incarnation, None, None if name is None else str(name))
        task.start_soon()
        return task  # type: ignore[return-value]  # it keeps the protocol, and its own class

    def set_debug(self, enabled: bool) -> None:  # noqa: FBT001 - asyncio's signature
        """Ignore: debug mode would change what runs."""

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Keep a callback's error in `failures`, and hand it to the handler where one is set."""
        self.failures.append(context)
        if self._exception_handler is not None:
            self._exception_handler(self, context)

    def _write_to_self(self) -> None:
        pass

    def _process_events(self, event_list: list[Any]) -> None:
        pass

    def _asyncgen_finalizer_hook(self, agen: Any) -> None:
        self._asyncgens.discard(agen)
        closing = agen.aclose()
        incarnation = INCARNATION.get(self.world)
        if self.is_closed() or self._unwinding or not incarnation.alive:
            _unwind_now(closing)
        else:
            _ = self.create_task(closing)

    # -- driving

    @property
    def is_stopping(self) -> bool:
        """Say whether the drive will end before its next step."""
        return self._stop

    def progress(self) -> tuple[int, int, int]:
        """Return numbers that change with every step, for the watchdog."""
        return self.steps + self.now_ns, len(self._due), len(self._ready)

    def request_stop(self, *, is_urgent: bool = True) -> None:
        """End the drive between two steps; from any thread, or from a signal handler. Running on continues there.

        Args:
            is_urgent: Whether a handler that does not yield soon is ended; else it has all the time that it always has.
        """
        self.is_urgent = self.is_urgent or is_urgent
        self._stop = True

    def forget_stop(self) -> None:
        """Take back a stop that was requested and has had nothing to stop."""
        self._stop = self.is_urgent = False

    def stop(self) -> None:
        """Do as `request_stop`, by asyncio's name."""
        self._stop = True

    def run_until_ns(self, deadline_ns: int) -> bool:
        """Run everything due until an instant, that instant included; then it is that time.

        Returns:
            False where a stop was requested before.
        """
        if not self._drive(deadline_ns):
            return False
        self.now_ns = max(self.now_ns, deadline_ns)
        return True

    def run_until_idle(self, *, limit_ns: int | None = None) -> bool:
        """Run until nothing is left to run, which regular work may put off for ever.

        Args:
            limit_ns: Virtual time beyond which nothing is run; None means no limit. Unlike `run_until_ns`, time stays
                at the last instant at which something ran.

        Returns:
            Whether nothing is left to run.
        """
        return self._drive(_FOREVER if limit_ns is None else limit_ns) and self.next_ns() is None

    def run_until_complete(self, future: Any) -> Any:
        """Run until an awaitable is done, and return its result.

        Raises:
            NothingLeftError: It can never be done.
            RunStoppedError: A stop was requested before.
        """
        task = asyncio.ensure_future(future, loop=self)
        task.add_done_callback(self._stop_callback)
        try:
            self._drive(_FOREVER)
        finally:
            task.remove_done_callback(self._stop_callback)
        if task.done():
            return task.result()
        if self.next_ns() is None:
            raise NothingLeftError(awaited=_name(future), now_ns=self.now_ns)
        raise RunStoppedError(now_ns=self.now_ns, awaited=_name(future))

    def run_forever(self) -> None:
        """Run until stopped, or until nothing is left to run: in virtual time nothing comes from outside."""
        self._drive(_FOREVER)

    def _stop_callback(self, _future: object) -> None:
        self._stop = True

    def _check_running(self) -> None:
        if self.is_running():
            raise LoopBusyError(driver=self._driver)

    def _drive(self, deadline_ns: int) -> bool:
        self._check_closed()
        with self._driving():
            done = self._work(deadline_ns)
            self.graveyard.trim()
        return done

    @contextmanager
    def _driving(self) -> Iterator[None]:
        self._check_running()
        self._thread_id = threading.get_ident()
        self._driver = f"thread {threading.current_thread().name}"
        try:
            with Drive(self, (self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)):
                yield
        finally:
            self._thread_id = None
            self._driver = ""
            self._stop = self.is_urgent = False

    def _work(self, deadline_ns: int) -> bool:  # noqa: C901, PLR0912 - one loop, since each call would cost a tenth
        """Run everything due until an instant; False when stopped before. The loop below is the simulator's hottest."""
        ready, halted, times, buckets = self._ready, self.halted, self.times, self.buckets
        due = self._due
        if ready:
            self._run_ready()
        while True:
            while due:
                if self._stop:
                    return False
                key, function, argument = due.pop()
                if halted and key in halted:
                    self._put_off((key, function, argument))
                    continue
                function(argument)
                if ready:
                    self._run_ready()
            if self._stop:
                return False
            if not times or times[0] > deadline_ns:
                if not ready or deadline_ns != _FOREVER:
                    return True
                self._run_ready()  # it keeps itself busy, and nobody else is due: the limit on steps decides
                continue
            when_ns = heappop(times)
            bucket = buckets.pop(when_ns, None)
            if bucket is None:
                continue
            if len(bucket) > 1 or when_ns == self.now_ns or self.steps >= self._collect_at:
                self._due = due = self._enter(when_ns, bucket)
                continue
            key, function, argument = bucket[0]  # the common case: one thing, and time passes
            if halted and key in halted:
                self._put_off(bucket[0])
                continue
            self.now_ns = when_ns
            self.steps += 1
            function(argument)
            if ready:
                self._run_ready()

    def _enter(self, when_ns: int, bucket: list[Entry]) -> list[Entry]:
        """Enter an instant: return what is due, the first last; nothing, and time stays, when all is cancelled."""
        bucket = self._sift(bucket)
        if not bucket:
            return bucket
        self.now_ns = when_ns
        self._count(len(bucket), bucket)
        self._occurrence += 1
        first = bucket[0][0]
        for entry in bucket:
            if entry[0] != first:
                salt = mix(self.seed, when_ns, self._occurrence)
                modulus = salt >> 34 | 0x2000_0001
                # Keys are hashes, so the rest by a random modulus is one too, and fits a machine word. The sort is
                # stable, which keeps an entity's entries in their order.
                bucket.sort(key=lambda entry: (entry[0] ^ salt) % modulus)
                break
        bucket.reverse()
        return bucket

    def _sift(self, bucket: list[Entry]) -> list[Entry]:
        dead, timer = self.dead, self._timer
        if dead:
            bucket = [entry for entry in bucket if entry[0] not in dead]
        if len(bucket) > _TOMBSTONES_FROM:
            bucket = [entry for entry in bucket if entry[1] is not timer or not entry[2].cancelled()]
        return bucket

    def _run_ready(self) -> None:
        ready, halted = self._ready, self.halted
        rounds = 0
        while ready and not self._stop:
            count = len(ready)
            self._count(count)
            for _ in range(count):
                handle = ready.popleft()
                if not handle.cancelled() and not (halted and self._is_halted(handle)):
                    handle._run()  # noqa: SLF001 - it is what an event loop does with a handle
            rounds += 1
            if rounds >= self.busy_rounds_max:
                return

    def _is_halted(self, handle: asyncio.Handle) -> bool:
        """Say whether a handle's owner is dead, or stands still: then it is put off."""
        incarnation = handle._context.get(INCARNATION)  # type: ignore[attr-defined]  # noqa: SLF001 - 3.11 has no accessor
        if incarnation is None or incarnation.key not in self.halted:
            return False
        self._put_off((incarnation.key, _run_handle, handle))
        return True

    def _run_timer(self, timer: VirtualTimer) -> None:
        if not timer.cancelled():
            timer._run()  # noqa: SLF001 - it is what an event loop does with a handle

    def _count(self, steps: int, entering: list[Entry] | None = None) -> None:
        if self.now_ns != self._instant_ns:
            self._instant_ns, self._instant_steps, self._occurrence = self.now_ns, 0, 0
        self.steps += steps
        self._instant_steps += steps
        if self._instant_steps > self.instant_steps_max:
            self._instant_steps = 0
            where, stack = blame(self._ready, entering or self._due)
            raise TimeStandsStillError(
                where=where, steps=self.instant_steps_max, limit="instant_steps_max", now_ns=self.now_ns, stack=stack
            )
        if self.steps >= self._beat_at:
            self._beat()

    def _beat(self) -> None:
        """Do what is due by steps: tell whoever watches, collect garbage. None of it changes what is run."""
        self._beat_at = self.steps + _BEAT_STEPS
        if self.heartbeat is not None:
            self.heartbeat()
        if self.steps >= self._collect_at:
            self._collect_at = self.steps + _COLLECT_STEPS
            gc.collect()
            gc.freeze()  # what survived will not be looked at again in this drive

    # -- the end

    def close(self) -> None:
        """End the run: fence whatever lives and unwind all frames, in order; afterwards nothing can be run."""
        if self.is_closed():
            return
        with self._driving():
            self._unwinding = True
            for incarnation in list(self.incarnations.values()):
                incarnation.crash()
            self.graveyard.close()
        self._ready.clear()
        self._due.clear()
        self.buckets.clear()
        self.times.clear()
        super().close()


def _run_handle(handle: asyncio.Handle) -> None:
    if not handle.cancelled():
        handle._run()  # noqa: SLF001 - it is what an event loop does with a handle


def _remove(due: list[Entry], argument: object) -> bool:
    for index, entry in enumerate(due):
        if entry[2] is argument:
            del due[index]
            return True
    return False


def _name(awaited: Any) -> str:
    return str(getattr(awaited, "__qualname__", None) or getattr(awaited, "get_name", lambda: "the awaited future")())


def _unwind_now(closing: Any) -> None:
    try:
        closing.send(None)
    except BaseException:  # noqa: BLE001 - it ended, or what it raised in its last breath
        return
    closing.close()
