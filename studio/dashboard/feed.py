"""Say what a dashboard looks at: a log, and the kernel's world where there is one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Self

from studio.simulation.current import current_system, latest
from studio.simulation.world import World
from studio.store.disk import FileShelf
from studio.store.windows.log_view import LogView

if TYPE_CHECKING:
    from studio.graph.system import Build
    from studio.store import Log
    from studio.store.shelf import RunRow

__all__ = ["Feed"]

_ROWS_AGE_S = 0.2  # all sessions look at the list of runs several times a second


class Feed:
    """What is looked at; one for all sessions of a dashboard.

    Args:
        log_view: The runs.
        world: Gives the latest world of this process, None while there is none; None where there can be none.
        build: What is declared, for links to cells and for contracts; None takes the world's, else the current one.
        log: What `log_view` looks at, where this process writes it.
        file: Where the runs are kept, unless in memory: it is opened only when it has changed.
    """

    def __init__(
        self,
        log_view: LogView,
        *,
        world: Callable[[], World | None] | None = None,
        build: Build | None = None,
        log: Log | None = None,
        file: Path | None = None,
    ) -> None:
        self.log_view, self.log, self.file = log_view, log, file
        self._world, self._build = world, build
        self._rows: list[RunRow] = []
        self._stamp: object = None

    @classmethod
    def of_file(cls, file: Path | str, *, build: Build | None = None) -> Self:
        """Look at the runs in a file, which another process may be writing; nothing can be acted on."""
        return cls(LogView.open(Path(file)), build=build, file=Path(file))

    @classmethod
    def of_log(cls, log: Log, *, build: Build | None = None) -> Self:
        """Look at this process's log, and at whatever world was played last."""
        return cls(LogView.of(log), world=_latest_world(), build=build, log=log, file=_file_of(log))

    @classmethod
    def of_world(cls, world: World) -> Self:
        """Look at the log in which a world is recorded, and act on that world."""
        log = world.recorded_in  # its log may be another feed's
        return cls(LogView.of(log), world=lambda: world, build=world.build, log=log)

    @property
    def rows(self) -> list[RunRow]:
        """All runs, oldest first, as of a moment ago.

        Raises:
            LogLocked: Another process holds the file.
        """
        stamp = _stamp(self.file)
        if stamp != self._stamp:
            self._rows, self._stamp = self.log_view.runs(), stamp
        return self._rows

    @property
    def world(self) -> World | None:
        """The latest world, whichever run is shown; it may be closed."""
        return None if self._world is None else self._world()

    @property
    def build(self) -> Build | None:
        """What is declared, as far as it is known."""
        if self._build is not None:
            return self._build
        world = self.world
        if world is not None:
            return world.build
        system = None if self._world is None else current_system()
        return None if system is None else system.build()

    def is_live_run(self, run: int) -> bool:
        """Tell whether a run is the latest world's, and that world not over."""
        world = self.world
        return world is not None and world.number == run and world.state not in ("closed", "died")


def _file_of(log: Log) -> Path | None:
    return log.shelf.file if isinstance(log.shelf, FileShelf) else None


def _stamp(file: Path | None) -> object:
    """Return what differs when there may be something new."""
    if file is None:
        return int(time.monotonic() / _ROWS_AGE_S)
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _latest_world() -> Callable[[], World | None]:
    """Return what remembers the latest world also after something else was run."""
    seen: list[World] = []

    def find() -> World | None:
        played = latest()
        if isinstance(played, World):
            seen[:] = [played]
        return seen[0] if seen else None

    return find
