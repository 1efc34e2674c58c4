"""Run seeds a second time in another process and compare: by hand, and for some of a campaign's seeds."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self

from studio.errors import NotDeterministic, WorkerDied
from studio.graph.system import Build
from studio.simulation.campaign.labour import Job, Task, build_for, job_of, work
from studio.simulation.campaign.seed_result import SeedResult
from studio.simulation.case import Case
from studio.simulation.determinism.culprit import culprit_of
from studio.simulation.determinism.twin import Second, Twin
from studio.store import Log, compare

__all__ = ["Checks", "check_case", "check_with"]

_WAITING_MAX = 8
"""Second runs that a campaign lets wait before it waits for one."""

Checked = tuple[int, NotDeterministic | None]
"""A seed, and what was found."""


def check_case(build: Build, case: Case, *, twins: int = 2) -> NotDeterministic | None:
    """Run a case here, and again in other processes; return what differs, or None.

    Args:
        build: What to run.
        case: What decides the run besides the sources.
        twins: Other processes, each with a hash seed of its own: two strings in a set lie alike in half of all.
    """
    with ExitStack() as stack:
        return check_with(build, case, [stack.enter_context(Twin(seed)) for seed in range(1, twins + 1)])


def check_with(build: Build, case: Case, twins: Sequence[Twin]) -> NotDeterministic | None:
    """Run a case here, and again in the processes given; return what differs, or None."""
    job, task = job_of(build, case.scenario), Task(case.seed, case, is_full=True)
    running = [twin.submit(job, task) for twin in twins]
    first = work(job, task)
    found = (_difference(build, first, each.result()) for each in running)
    return next((each for each in found if each is not None), None)


class Checks:
    """The check of some seeds of a campaign, by one twin, beside its workers.

    Args:
        job: Of the campaign.
        seeds: That are checked.
    """

    def __init__(self, job: Job, seeds: Sequence[int]) -> None:
        self._job, self._seeds = job, frozenset(seeds)
        self._twin = Twin()
        self._waiting: deque[tuple[SeedResult, Task, Second]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._twin.__exit__(kind, error, trace)

    def look_at(self, result: SeedResult) -> Iterator[Checked]:
        """Have a result checked if it is one of those; yield what has been found meanwhile."""
        if result.seed in self._seeds and result.case:
            task = Task(result.seed, Case.from_json(result.case))
            self._waiting.append((result, task, self._twin.submit(self._job, task)))
        while self._waiting and (self._waiting[0][2].is_done or len(self._waiting) > _WAITING_MAX):
            yield from self._next()

    def rest(self) -> Iterator[Checked]:
        """Wait for what is under way."""
        while self._waiting:
            yield from self._next()

    def _next(self) -> Iterator[Checked]:
        """Yield what came of the check that waits longest; nothing where the twin was killed, and takes leave."""
        result, task, running = self._waiting.popleft()
        try:
            yield result.seed, self._found(result, task, running.result())
        except WorkerDied:
            self._waiting.clear()
            self._seeds = frozenset()

    def _found(self, result: SeedResult, task: Task, second: SeedResult) -> NotDeterministic | None:
        if (second.sha256, second.error) == (result.sha256, result.error):
            return None
        # Records were not returned, since few runs differ: both run once more, and so differ once more.
        full = replace(task, is_full=True)
        running = self._twin.submit(self._job, full)
        found = _difference(build_for(self._job), work(self._job, full), running.result())
        return found or _passing(self._job, result, second)


def _difference(build: Build, first: SeedResult, second: SeedResult) -> NotDeterministic | None:
    """Compare two full results."""
    if (first.sha256, first.error) == (second.sha256, second.error):
        return None
    log = Log.memory()
    if not first.parcel or not second.parcel:
        return _unended(first, second, 0)
    one, other = (log.run(log.adopt(each.parcel)) for each in (first, second))
    difference = compare(one, other)
    if difference is None or (first.error != second.error and None in (difference.first, difference.second)):
        return _unended(first, second, min(first.records, second.records))
    return culprit_of(build, difference, one, other)


def _passing(job: Job, first: SeedResult, second: SeedResult) -> NotDeterministic:
    """Say that two runs differed, though not when they were looked at closely."""
    return NotDeterministic(
        seed=first.seed,
        scenario=job.scenario,
        record=min(first.records, second.records),
        what=f"the hash of all records, {first.sha256[:12]} and {second.sha256[:12]}, though not in two later runs",
        cause="something that one run leaves behind for the next in its process, or the machine's clock",
        advice="Look for state that a library keeps, and run `studio simulate --check-determinism` on this seed.",
    )


def _unended(first: SeedResult, second: SeedResult, record: int) -> NotDeterministic:
    """Say that a run came to its end, or could begin, in one process only."""
    return NotDeterministic(
        seed=first.seed,
        scenario=Case.from_json(first.case or second.case).scenario if first.case or second.case else "",
        record=record,
        what=f"how they end: {_end(first)} in the one, {_end(second)} in the other",
        cause="what the scenario's cell, an invariant or the machine's load asks of the process",
        advice="Keep files, the environment, the clock and the working folder out of scenarios and invariants.",
    )


def _end(result: SeedResult) -> str:
    return result.error_text or "as they should"
