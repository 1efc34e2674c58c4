"""Run seeds once more where everything that a run may not depend on is otherwise.

The twin is a process of its own: other addresses, another hash seed, a bare environment, an empty working folder.
"""

from __future__ import annotations

import os
import signal
import tempfile
from types import TracebackType
from typing import Any, Self

from studio.errors import WorkerDied
from studio.simulation.campaign.backends import is_death
from studio.simulation.campaign.labour import Job, Task, work_all
from studio.simulation.campaign.seed_result import SeedResult

__all__ = ["Second", "Twin"]

_KEPT = ("PATH", "PYTHON", "LD_", "DYLD_", "VIRTUAL_ENV", "TMP", "TEMP", "SYSTEMROOT", "LOKY", "JOBLIB")
"""Beginnings of the names of variables without which an interpreter finds nothing."""


class Second:
    """A second run under way.

    Args:
        seed: Of the run.
        future: Of its result.
    """

    def __init__(self, seed: int, future: Any) -> None:
        self._seed, self._future = seed, future

    @property
    def is_done(self) -> bool:
        """Whether `result` need not wait."""
        return bool(self._future.done())

    def result(self) -> SeedResult:
        """Wait for what came of it.

        Raises:
            WorkerDied: The twin's process ended.
        """
        try:
            found: SeedResult = self._future.result()[0]
        except Exception as error:
            if not is_death(error):
                raise
            raise WorkerDied(seed=self._seed, replay=f"studio simulate PATH --seed {self._seed}") from error
        return found


class Twin:
    """A process for second runs; it is started at the first task, and ended with the context.

    Args:
        hash_seed: By which it orders sets of strings.
    """

    def __init__(self, hash_seed: int = 1) -> None:
        is_taken = os.environ.get("PYTHONHASHSEED") == str(hash_seed)
        self._hash_seed = hash_seed + 1000 if is_taken else hash_seed
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._executor: Any = None

    def submit(self, job: Job, task: Task) -> Second:
        """Run a task there, sometime."""
        if self._executor is None:
            from joblib.externals.loky import ProcessPoolExecutor

            self._folder = tempfile.TemporaryDirectory(prefix="studio-twin-")
            self._executor = ProcessPoolExecutor(
                max_workers=1,
                env={"PYTHONHASHSEED": str(self._hash_seed)},
                initializer=_estrange,
                initargs=(self._folder.name,),
            )
        return Second(task.seed, self._executor.submit(work_all, job, [task], is_worker=True))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, kill_workers=True)
        if self._folder is not None:
            self._folder.cleanup()


def _estrange(folder: str) -> None:
    """Take away from a process what a run must not lean on; who started it ends it, not the stop button."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in [each for each in os.environ if not each.upper().startswith(_KEPT)]:
        del os.environ[name]
    os.chdir(folder)
