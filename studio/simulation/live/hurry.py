"""Say how long a thread waits for a world that another one plays: as long as it takes, or not long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from studio.errors import LoopBusyError

__all__ = ["HURRY_S", "held", "hurry", "patience_of_thread_s"]

HURRY_S = 2.0
_threads = threading.local()


def hurry() -> None:
    """Let the calling thread wait for no world for long, since others wait for it: it gets an error instead."""
    _threads.patience_s = HURRY_S


def patience_of_thread_s() -> float | None:
    """Return how long the calling thread waits for a world; None for as long as it takes."""
    return getattr(_threads, "patience_s", None)


@contextmanager
def held(lock: threading.RLock) -> Iterator[None]:
    """Hold a lock that somebody may hold for as long as a cell runs.

    Raises:
        LoopBusyError: The calling thread is in a hurry.
    """
    patience_s = patience_of_thread_s()
    if not lock.acquire(timeout=-1 if patience_s is None else patience_s):
        raise LoopBusyError(driver="a cell, or another thread, that plays it")
    try:
        yield
    finally:
        lock.release()
