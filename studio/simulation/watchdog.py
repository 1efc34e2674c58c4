"""A look at the machine's clock from outside the simulation: end a handler that never yields.

It is the one thread of the simulator. It changes nothing that a run records: a run that it ends is aborted, and an
aborted run is never compared.
"""

from __future__ import annotations

import ctypes
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
    from studio.simulation.loop import VirtualLoop

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
        stop_s: The same once a stop was requested.
    """

    def __init__(self, loop: VirtualLoop, *, stall_s: float, stop_s: float = 0.5) -> None:
        self.fired = False
        self.handler = ""
        self.where: Where | None = None
        self._loop = loop
        self._stall_s = stall_s
        self._stop_s = stop_s
        self._thread_id = threading.get_ident()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="studio-watchdog", daemon=True)
        self._lock = threading.Lock()  # so that no exception is sent once the drive is over

    def __enter__(self) -> Self:
        with suppress(RuntimeError):  # while the process ends no thread can be started, and nobody waits for us
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._over.set()
            if self.fired:
                _send(self._thread_id, None)  # it may be under way still
        if self._thread.ident is not None:
            self._thread.join()

    def _watch(self) -> None:
        seen, since = self._loop.progress(), time.monotonic()
        pause_s = min(0.2, self._stall_s / 4)
        while not self._over.wait(pause_s):
            progress, now = self._loop.progress(), time.monotonic()
            if progress != seen:
                seen, since = progress, now
            elif now - since > (self._stop_s if self._loop.is_stopping else self._stall_s):
                self._fire(seen)
                since = now

    def _fire(self, seen: object) -> None:
        with self._lock:
            if not self._over.is_set() and self._loop.progress() == seen:
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


def _send(thread_id: int, kind: type[BaseException] | None) -> None:
    error = ctypes.py_object() if kind is None else ctypes.py_object(kind)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), error)
