"""Carry a world's records to the log beside the world: a slow disk, or a file that others hold, does not hold it up."""

from __future__ import annotations

import threading

from studio.store import Buffer

__all__ = ["Porter"]

TRIES = 20
"""How often it asks in one walk, while somebody in this process has a look at the log."""
PAUSE_S = 0.01


class Porter:
    """Carry what a buffer has sealed, one walk at a time.

    Args:
        buffer: Of the world.
    """

    def __init__(self, buffer: Buffer) -> None:
        self._buffer = buffer
        self._thread: threading.Thread | None = None

    def send(self) -> None:
        """Seal what was recorded and let it be carried; while the last walk goes on, it gathers for the next.

        Only who drives the world may do this.
        """
        if self._thread is not None and self._thread.is_alive():
            return
        if self._buffer.seal():
            self._thread = threading.Thread(target=self._walk, name="studio-porter", daemon=True)
            self._thread.start()

    def _walk(self) -> None:
        pause = threading.Event()
        for _ in range(TRIES):
            if self._buffer.carry() or self._buffer.failure is not None:
                return
            pause.wait(PAUSE_S)
