"""Take the stop button while long work of many runs goes on: it is noted, and heeded between two runs.

An interrupt that falls into a query is turned by the database into an error of its own, or passed over, and what was
found so far would be lost. A run that is under way has a handler of its own, which ends that run at once.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["stopped_between_runs"]


@contextmanager
def stopped_between_runs() -> Iterator[Callable[[], None]]:
    """Note interrupts within the block; what it gives raises `KeyboardInterrupt` once one was, so call it often.

    A second one is raised where it falls. In other threads than the main one, which none reaches, it does nothing.
    """
    noted: list[int] = []

    def note(number: int, frame: Any) -> None:
        if noted:
            signal.default_int_handler(number, frame)
        noted.append(number)

    note.gives_way = True  # type: ignore[attr-defined]  # a run that is under way takes the signal itself

    def heed() -> None:
        if noted:
            noted.clear()
            raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield heed
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield heed
    finally:
        signal.signal(signal.SIGINT, before)
