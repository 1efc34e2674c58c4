"""A look at the machine's clock from outside the simulation: end a handler that never yields.

It is the one thread of the simulator, and the same for all drives of the process: starting one for each would cost a
short run half its time. It changes nothing that a run records: a run that it ends is aborted, and an aborted run is
never compared.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from asyncio.tasks import _current_tasks as current_tasks  # type: ignore[attr-defined]
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self, final

from studio.errors import Where
from studio.source.loader import outermost, place

if TYPE_CHECKING:
    from studio.simulation.virtual.loop import VirtualLoop

__all__ = ["Interruption", "Watchdog"]


@final
class Interruption(KeyboardInterrupt):
    """What is raised inside the handler that does not yield; asyncio and anyio let a KeyboardInterrupt pass."""


class Watchdog:
    """Watch one drive of a loop; a context manager around it, in the thread that drives.

    An asynchronous exception and not a signal: worlds are also driven from threads, which get no signals. It reaches
    Python code at its next bytecode; a call that blocks in C is ended when it returns.

    Args:
        loop: What is driven.
        stall_s: Seconds of the machine's time that one step may take.
        stop_s: The same once somebody waits for the drive to end.
    """

    def __init__(self, loop: VirtualLoop, *, stall_s: float, stop_s: float = 0.5) -> None:
        self.fired = False
        self.handler = ""
        self.where: Where | None = None
        self._loop = loop
        self._stall_s = stall_s
        self._stop_s = stop_s
        self.pause_s = min(0.2, stall_s / 4)
        self._thread_id = threading.get_ident()
        self._is_over = False
        self._lock = threading.Lock()  # so that no exception is sent once the drive is over
        self._seen: object = None
        self._since_s = 0.0

    def __enter__(self) -> Self:
        self._seen, self._since_s = self._loop.progress(), time.monotonic()
        _post().take(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._is_over = True
            if self.fired:
                _send(self._thread_id, None)  # it may be under way still
        _post().release(self)

    def look(self) -> None:
        """See whether the loop has done anything since the last look; called by the thread that watches."""
        progress, now_s = self._loop.progress(), time.monotonic()
        if progress != self._seen:
            self._seen, self._since_s = progress, now_s
        elif now_s - self._since_s > (self._stop_s if self._loop.is_urgent else self._stall_s):
            self._fire(progress)
            self._since_s = now_s

    def _fire(self, seen: object) -> None:
        with self._lock:
            if not self._is_over and self._loop.progress() == seen:
                self._blame()
                self.fired = True
                self._loop.request_stop()
                _send(self._thread_id, Interruption)

    def _blame(self) -> None:
        task = current_tasks.get(self._loop)
        self.handler = task.get_name() if task is not None else "a callback"
        frame = sys._current_frames().get(self._thread_id)  # noqa: SLF001 - the only way to see another thread's code
        if frame is not None:
            self.where = place(frame) or Where(frame.f_code.co_filename, frame.f_lineno)
            self.handler = outermost(frame) or self.handler


class _Post:
    """The thread that watches, and what it watches."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self._watched: list[Watchdog] = []
        self._call = threading.Condition()
        self._pause_s: float | None = None  # what it waits now; None where it waits to be called
        self._thread: threading.Thread | None = None

    def take(self, watchdog: Watchdog) -> None:
        """Watch one more drive."""
        with self._call:
            self._watched.append(watchdog)
            if self._thread is None:
                self._start()
            elif self._pause_s is None or watchdog.pause_s < self._pause_s:
                self._call.notify()

    def release(self, watchdog: Watchdog) -> None:
        """Watch a drive no more."""
        with self._call:
            if watchdog in self._watched:
                self._watched.remove(watchdog)

    def _start(self) -> None:
        thread = threading.Thread(target=self._watch, name="studio-watchdog", daemon=True)
        with suppress(RuntimeError):  # while the process ends no thread can be started, and nobody waits for us
            thread.start()
            self._thread = thread

    def _watch(self) -> None:
        while True:
            with self._call:
                self._pause_s = min((each.pause_s for each in self._watched), default=None)
                self._call.wait(self._pause_s)
                watched = list(self._watched)
            for each in watched:
                each.look()


_posts: list[_Post] = []


def _post() -> _Post:
    """Return this process's; a forked child has none of its parent's threads."""
    if not _posts or _posts[0].process != os.getpid():
        _posts[:] = [_Post()]
    return _posts[0]


def _send(thread_id: int, kind: type[BaseException] | None) -> None:
    error = ctypes.py_object() if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), error)
