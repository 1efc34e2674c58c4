"""Drive a world from a thread of its own, in short stretches, and do between them what other threads ask for.

One thread at a time touches a world. While it runs that is the driver's: whoever else wants something done hands it
over, the driver ends its stretch at the next step, finishes the virtual instant, does it, and goes on. While it rests,
callers do it themselves, one after the other.
"""

from __future__ import annotations

import gc
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, Protocol, TypeVar

from studio.errors import LoopBusyError
from studio.model.duration import SECOND_NS
from studio.simulation.live.hurry import held, patience_of_thread_s
from studio.simulation.live.metronome import STRETCH_S, Interval, Metronome
from studio.simulation.virtual.loop import VirtualLoop
from studio.source.zone import utc_zone

__all__ = ["Driven", "Driver"]

FLUSH_S = 0.2
"""How often records go to the log; more rarely where the log takes longer for the last ones."""
SWEEP_S = 60.0
"""How often the garbage collector looks at everything, which it does not by itself while a world is driven."""
CHUNK_S = 0.01
"""About so long it drives without looking at the clock; a burst may take longer."""
CHUNK_NS_MAX = 10 * SECOND_NS
BREATH_S = 0.002
"""What a world that runs as fast as it can leaves to other threads after each stretch."""
PATIENT_S = 0.2
"""How long one wait lasts, of several."""
LOOK_IN_S = 0.01
"""How long somebody who waits for an answer sleeps between two looks."""
T = TypeVar("T")


class Driven(Protocol):
    """What a driver drives."""

    loop: VirtualLoop

    def run_until_ns(self, deadline_ns: int) -> bool:
        """Run everything until an instant, regular work included; False when stopped before."""
        ...

    def next_ns(self) -> int | None:
        """Return the next instant at which something happens; None where nothing ever will."""
        ...

    def send_records(self) -> None:
        """Let records go to the log, without waiting for it."""
        ...

    def come_to_rest(self) -> None:
        """Take notice that the driver stops here, between two instants, or a little later."""
        ...

    def demand_sound(self) -> None:
        """Raise what makes it impossible to drive on, where somebody's work met that."""
        ...

    def die(self, error: BaseException) -> None:
        """Take notice that it cannot be driven any more."""
        ...


class _Work:
    """Something that the driver is asked to do."""

    __slots__ = ("error", "function", "is_done", "result")

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function
        self.is_done = False
        self.result: Any = None
        self.error: BaseException | None = None

    def do(self) -> None:
        try:
            self.result = self.function()
        except Exception as error:  # noqa: BLE001 - it is raised where it was asked for
            self.error = error
        self.is_done = True


class Driver:
    """Run something in the background.

    Args:
        driven: What.
    """

    def __init__(self, driven: Driven) -> None:
        self._driven, self._loop = driven, driven.loop
        self._call = threading.Condition()
        self._hand, self._turn = threading.RLock(), threading.RLock()
        self._works: deque[_Work] = deque()
        self._thread: threading.Thread | None = None
        self._is_halting = False
        self._chunk_ns = SECOND_NS // 100
        self._flushing, self._sweeping = Interval(FLUSH_S), Interval(SWEEP_S)
        self.metronome: Metronome | None = None

    @property
    def is_running(self) -> bool:
        """Whether the thread drives."""
        return self._thread is not None

    @property
    def is_here(self) -> bool:
        """Whether the calling thread is the one that drives."""
        return self._thread is threading.current_thread()

    # -- from any thread --------------------------------------------------------------------------------------------

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Start, halt or end it, and look at how it stands before, while nobody else does.

        Simulated code, which drives, waits for nobody: who has the turn may be waiting for it to halt.
        """
        if self.is_here:
            yield
            return
        with held(self._turn):
            yield

    def start(self, speed: float | None) -> None:
        """Begin to drive, or go on at another speed."""
        self.do(lambda: self._start(speed))

    def _start(self, speed: float | None) -> None:
        self._is_halting = False  # also where the waiting for that was interrupted
        if self.metronome is not None and self.is_running:
            self.metronome.set_speed(self._loop.now_ns, speed)
            return
        self.metronome = Metronome(self._loop.now_ns, speed)
        thread = threading.Thread(target=self._run, name="studio-world", daemon=True)
        self._thread = thread
        thread.start()

    def halt(self, *, patience_s: float | None = None) -> bool:
        """Stop driving at the end of an instant, and return once that is so; False where it takes too long.

        Args:
            patience_s: Longest wait; None for as long as it takes.
        """
        if self.is_here:  # the collector dropped the world in this very thread
            self._is_halting = True
            return False
        with self._call:
            if self._thread is not None:
                self._is_halting = True
                self._loop.request_stop(is_urgent=patience_s is not None)
                self._call.notify_all()
            return self._call.wait_for(
                lambda: self._thread is None, patience_of_thread_s() if patience_s is None else patience_s
            )

    def do(self, function: Callable[[], T]) -> T:
        """Do something between two virtual instants, and return what came of it.

        Raises:
            LoopBusyError: It is asked for by simulated code, which runs in the very world; or by a thread in a hurry,
                while the world does not come to an instant's end.
        """
        if self.is_here:
            raise LoopBusyError(driver="thread studio-world")
        while True:
            with self._call:
                if self._thread is not None:
                    work = _Work(function)
                    self._works.append(work)
                    self._loop.request_stop(is_urgent=False)
                    self._call.notify_all()
                    break
            with held(self._hand):
                if self._thread is None:
                    return function()
        self._await(work, patience_of_thread_s())
        if work.error is not None:
            raise work.error
        return work.result  # type: ignore[no-any-return]

    def do_at_rest(self, function: Callable[[], object]) -> bool:
        """Do something where nobody drives just now, and say whether it was done; nobody waits for anybody."""
        if not self._hand.acquire(blocking=False):
            return False
        try:
            if self._thread is not None:
                return False
            function()
            return True
        finally:
            self._hand.release()

    def look_in(self, is_done: Callable[[], bool]) -> None:
        """Wait a moment for something that the driver is going to bring about; an interrupt ends that."""
        with self._call:
            if not is_done():
                self._call.wait(LOOK_IN_S)

    def _await(self, work: _Work, patience_s: float | None) -> None:
        waits = count() if patience_s is None else range(round(patience_s / PATIENT_S))
        try:
            with self._call:
                for _ in waits:  # an interrupt is heeded between two: libraries may take it so that it ends none
                    if self._call.wait_for(lambda: work.is_done, PATIENT_S):
                        return
            raise LoopBusyError(driver="thread studio-world, in a handler that does not yield")
        except BaseException:
            with self._call:
                if work in self._works:
                    self._works.remove(work)
            raise

    # -- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        failure: BaseException | None = None
        try:
            # For as long as it runs, not for each stretch: a zone that changes thirty times a second would be worse for
            # the other threads than one that is UTC meanwhile.
            with utc_zone():
                while self._go_on():
                    pass
        except BaseException as error:  # noqa: BLE001 - whatever it is, it must be said, and nobody is above us
            failure = error
        finally:
            self._loop.heartbeat = None
            if failure is not None:
                self._driven.die(failure)
            self._leave()

    def _leave(self) -> None:
        """Say that the thread drives no more; what was asked for and not done meets the world as it is now."""
        with self._hand, self._call:  # the hand too: who was about to act while it rested may hold that
            self._thread = None
            self._loop.forget_stop()
            works, self._works = list(self._works), deque()
            for work in works:
                work.do()
            self._call.notify_all()

    def _go_on(self) -> bool:
        """Do what was asked for, then drive a stretch; False once it is to end."""
        self._serve()
        if self._is_halting:
            self._finish_instant()
            self._driven.come_to_rest()
            with self._call:
                if not self._works:
                    return False
            return True
        self._stretch()
        if self._flushing.is_due():
            self._driven.send_records()
        if self._sweeping.is_due():
            gc.collect()
        self._rest()
        return True

    def _serve(self) -> None:
        while self._works:
            self._finish_instant()
            work = self._works.popleft()
            work.do()
            with self._call:
                self._call.notify_all()
            self._driven.demand_sound()

    def _stretch(self) -> None:
        """Drive for a while; whoever asks for something ends it."""
        metronome, driven = self.metronome, self._driven
        assert metronome is not None
        metronome.begin_stretch()
        self._loop.heartbeat = self._look
        while not metronome.is_over() and not self._is_wanted:
            deadline_ns = self._next_deadline_ns(metronome)
            if deadline_ns is None or deadline_ns <= self._loop.now_ns:
                break
            since_s = metronome.elapsed_s
            if not driven.run_until_ns(deadline_ns):
                self._finish_instant()
            self._size_chunk(metronome.elapsed_s - since_s)
        metronome.note(self._loop.now_ns)

    def _next_deadline_ns(self, metronome: Metronome) -> int | None:
        """Return until when to drive before the next look at the clock; None where nothing is left to happen."""
        chunk_end_ns = self._loop.now_ns + self._chunk_ns
        if metronome.speed is not None:
            return min(metronome.due_ns(), chunk_end_ns)
        next_ns = self._driven.next_ns()
        return None if next_ns is None else max(next_ns, chunk_end_ns)

    def _size_chunk(self, took_s: float) -> None:
        """Drive further at once where that went quickly, and less far where it did not."""
        if took_s < CHUNK_S / 2:
            self._chunk_ns = min(self._chunk_ns * 2, CHUNK_NS_MAX)
        elif took_s > CHUNK_S:
            self._chunk_ns = max(self._chunk_ns // 2, 1)

    def _finish_instant(self) -> None:
        """Run what is left of this instant, so that acts fall between two."""
        loop = self._loop
        while loop.next_ns() == loop.now_ns and not loop.run_until_ns(loop.now_ns):
            pass  # somebody else wants something

    def _look(self) -> None:
        """End the stretch when it is time; called by the loop every few steps."""
        assert self.metronome is not None
        if self._is_wanted or self.metronome.is_over():
            self._loop.request_stop(is_urgent=False)

    @property
    def _is_wanted(self) -> bool:
        return bool(self._works) or self._is_halting

    def _rest(self) -> None:
        """Leave the machine to others until the next stretch is due."""
        assert self.metronome is not None
        is_idle = self.metronome.speed is not None or self._driven.next_ns() is None
        with self._call:
            if not self._is_wanted:
                self._call.wait(STRETCH_S if is_idle else BREATH_S)
