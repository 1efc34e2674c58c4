"""Give seeds to workers through joblib, and take their results as they come; nobody is left behind when it stops.

Processes of this machine (loky) by default; Dask or Ray by configuration. With one worker everything happens here.
A seed that ends its process is run again by itself, then reported; the rest goes on.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from studio.errors import BadCampaign, WorkerDied
from studio.simulation.campaign.backends import engaged, is_death
from studio.simulation.campaign.labour import Job, Task, work, work_all
from studio.simulation.campaign.seed_result import SeedResult

__all__ = ["Crew"]

_CHUNK_S = 0.5
"""A worker gets as many seeds at once as take about so long: handing over costs some milliseconds."""
_CHUNK_MAX = 64

Results = Generator[SeedResult, None, bool]
"""Yields results, and returns whether a worker died."""


@dataclass(frozen=True, slots=True)
class Crew:
    """Who works.

    Args:
        workers: Processes; 0 for one on each core. On a cluster it is the cluster that decides.
        backend: Of joblib.
        address: Of the cluster; empty lets the backend find or start one.
    """

    workers: int = 1
    backend: str = "loky"
    address: str = ""

    def __post_init__(self) -> None:
        if self.workers < 0:
            raise BadCampaign(
                name="workers", value=self.workers, reason="it is negative", advice="Say 1 or more, or 0."
            )
        if self.backend not in ("loky", "dask", "ray"):
            known = "Say loky for this machine, dask or ray for a cluster."
            raise BadCampaign(name="backend", value=self.backend, reason="nobody knows it", advice=known)
        if self.address and self.backend == "loky":
            advice = "Say --backend dask or ray with it, or leave it out."
            raise BadCampaign(name="address", value=self.address, reason="this machine needs none", advice=advice)

    @property
    def count(self) -> int:
        """How many work at once on this machine."""
        from joblib import cpu_count

        return self.workers or int(cpu_count())

    def results(self, job: Job, tasks: Iterable[Task]) -> Generator[SeedResult, None, None]:
        """Run tasks and yield their results as they come, in any order; closing it ends all workers.

        Args:
            job: What they have in common.
            tasks: Drawn only as workers have room.

        Raises:
            MissingExtra: The backend is not installed.
            ClusterUnreachable: The cluster does not answer.
        """
        if self.backend == "loky" and self.count == 1:
            yield from (work(job, task) for task in tasks)
            return
        with engaged(self.backend, self.count, self.address) as start:
            yield from _Shift(job, iter(tasks), start, self.count).results()


class _Shift:
    """One campaign's way through joblib: which tasks are out, what comes back, who died.

    Args:
        job: What tasks have in common.
        tasks: Those that are left.
        start: Gives a `joblib.Parallel`.
        workers: How many work at once, as far as is known.
    """

    def __init__(self, job: Job, tasks: Iterator[Task], start: Callable[[], Any], workers: int) -> None:
        self._job, self._tasks, self._start, self._workers = job, tasks, start, workers
        self._out: dict[int, Task] = {}
        self._pace_s = 0.0
        self._done, self._begun_s = 0, time.monotonic()

    def results(self) -> Iterator[SeedResult]:
        """Yield results; after a death go on with the rest, those that were out one by one."""
        while (yield from self._together(self._chunks())):
            for task in sorted(self._out.values(), key=lambda each: each.seed):
                yield from self._alone(task)

    def _together(self, chunks: Iterator[list[Task]]) -> Results:
        from joblib import delayed

        found = self._start()(delayed(work_all)(self._job, chunk, is_worker=True) for chunk in chunks)
        try:
            for results in found:
                for result in results:
                    self._came(result)
                    yield result
        except Exception as error:
            if not is_death(error):
                raise
            return True
        finally:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # that work is cut short, which is what is meant here
                found.close()
        return False

    def _chunks(self) -> Iterator[list[Task]]:
        """Yield tasks in chunks: single ones until it is known how long they take."""
        while chunk := list(islice(self._tasks, self._size())):
            self._out |= {task.seed: task for task in chunk}
            yield chunk

    def _alone(self, task: Task) -> Iterator[SeedResult]:
        """Run a task that may have killed its worker, while nothing else runs."""
        died = yield from self._together(iter([[task]]))
        if died:
            self._out.pop(task.seed, None)
            error = WorkerDied(seed=task.seed, replay=f"studio simulate PATH --seed {task.seed}")
            yield SeedResult(task.seed, error=error.code, error_text=str(error).splitlines()[0])

    def _size(self) -> int:
        return min(max(int(_CHUNK_S / self._pace_s), 1), _CHUNK_MAX) if self._pace_s else 1

    def _came(self, result: SeedResult) -> None:
        self._out.pop(result.seed, None)
        self._done += 1
        if self._done >= 2 * self._workers:  # the first ones wait for their process to start
            self._pace_s = (time.monotonic() - self._begun_s) * self._workers / self._done
