"""Run seeds once more where everything that a run may not depend on is otherwise.

The twin is a process of its own: other addresses, another hash seed, a bare environment, an empty working folder.
"""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

from studio.simulation.campaign.labour import Job, Task, work_all
from studio.simulation.campaign.seed_result import SeedResult

__all__ = ["Twin"]

_KEPT = ("PATH", "PYTHON", "LD_", "DYLD_", "VIRTUAL_ENV", "TMP", "TEMP", "SYSTEMROOT", "LOKY", "JOBLIB")
"""Beginnings of the names of variables without which an interpreter finds nothing."""


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

    def submit(self, job: Job, task: Task) -> Future[list[SeedResult]]:
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
        found: Future[list[SeedResult]] = self._executor.submit(work_all, job, [task], is_worker=True)
        return found

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
    """Take away from a process what a run must not lean on."""
    for name in [each for each in os.environ if not each.upper().startswith(_KEPT)]:
        del os.environ[name]
    os.chdir(folder)
