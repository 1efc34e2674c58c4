"""Say what went wrong beside the messages: in an author's callbacks and background tasks, or in the engine itself.

An author's error becomes a line of the run's log, as a real process would print it. An error of the engine's own must
never pass in silence: it ends the drive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.records import LogLine
from studio.runtime.spans import describe
from studio.simulation.virtual.incarnation import INCARNATION, Incarnation

if TYPE_CHECKING:
    from studio.simulation.cluster.cluster import Cluster

__all__ = ["Complaints", "raise_error"]


class Complaints:
    """What a world has to complain about.

    Args:
        cluster: Whose log it goes to.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._loop = cluster, cluster.loop

    def of_callback(self, _: Any, about: dict[str, Any]) -> None:
        """Log the error of a callback, as asyncio's exception handler; an error of the engine's own is raised."""
        error = about.get("exception")
        owner = self._owner_of(about)
        if owner is self._loop.world and error is not None:
            raise error
        raised = "failed" if error is None else f"raised {describe(error)[1]}"
        self._log(owner, f"a callback {raised}")

    def of_tasks(self) -> None:
        """Log every background task that failed and that nobody asked."""
        for task in list(self._loop.unretrieved.values()):
            error = task.exception()
            if error is not None:
                text = f"task {task.get_name()} raised {describe(error)[1]}, and nobody asked for its result"
                self._log(task.incarnation, text)

    def _owner_of(self, about: dict[str, Any]) -> Incarnation:
        handle = about.get("handle")
        if handle is not None:
            return handle._context.get(INCARNATION, self._loop.world)  # type: ignore[no-any-return]  # noqa: SLF001 - 3.11 has no accessor
        return INCARNATION.get(self._loop.world)

    def _log(self, incarnation: Incarnation, text: str) -> None:
        if self._cluster.recorder is not None:
            owner, _, rest = incarnation.name.partition("/")
            replica = int(rest.partition("#")[0] or 0)
            self._cluster.recorder.write(LogLine(self._loop.now_ns, owner, replica, "error", text, "{}", 0, 0))


def raise_error(task: Any) -> None:
    """Raise what a task of the engine's own raised, to whoever drives."""
    if not task.cancelled() and task.exception() is not None:
        raise task.exception()
