"""Hold an interrupt back while something is done that must be whole: loading an engine, closing a run, saving it.

A package whose import is interrupted stays half loaded for the rest of the process, and an impatient second press of
the stop button would lose the records that the first one kept.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Self

from studio.store.engine import load_libraries

__all__ = ["Shield", "load_engine"]


class Shield:
    """A context manager that notes interrupts instead of letting them through; it is for work of bounded length.

    Outside the main thread, and where somebody else handles the signal, nothing is held back.

    Attributes:
        interrupted: Whether one came; what follows from it is the caller's to say.
    """

    def __init__(self) -> None:
        self.interrupted = False
        self._is_up = False

    def __enter__(self) -> Self:
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._note)
            self._is_up = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_up:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self._is_up = False

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.interrupted = True


def load_engine() -> bool:
    """Load what writing records takes, whole, before anything is recorded; return whether an interrupt came."""
    with Shield() as shield:
        load_libraries()
    return shield.interrupted
