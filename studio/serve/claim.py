"""Claim a file for this process, so that two do not serve from one database: both would deliver the same events."""

from __future__ import annotations

import os
from pathlib import Path

from studio.errors import DatabaseInUse, UnusableDatabase

__all__ = ["Claim"]


class Claim:
    """Hold an advisory lock beside a database; the operating system releases it however the process ends.

    A platform without `flock` (Windows) has no claim: there the database's own write lock is all that protects it.

    Args:
        database: Whose claim; the lock file has `.claim` appended to its name and stays when the claim is released.

    Raises:
        DatabaseInUse: Another process, or another storage of this one, holds it.
        UnusableDatabase: The lock file cannot be written.
    """

    __slots__ = ("_descriptor",)

    def __init__(self, database: Path) -> None:
        self._descriptor = -1
        try:
            import fcntl
        except ImportError:
            return
        path = database.with_name(f"{database.name}.claim")
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise UnusableDatabase(file=database.name, reason=error.strerror or "not writable") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = os.pread(self._descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            self.release()
            raise DatabaseInUse(file=database.name, pid=pid) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Give the file free; may be called twice."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
