"""Play one run in virtual time, from its first message to its verdict: work arrives, faults strike, all comes to rest.

The driver stops between two steps of the loop for whoever asked: at an instant, after the step that wrote a certain
record, or after any step that wrote what an invariant reads. Stopping changes nothing of what follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import takewhile

from studio.graph.system import Build
from studio.model.by_hand import CLOSE, Act
from studio.model.duration import duration_ns, exact_ns
from studio.model.scenario import Scenario, Workload
from studio.records import LogLine
from studio.simulation.checking.tap import Tap
from studio.simulation.checking.verdict import Verdict
from studio.simulation.cluster.cluster import Cluster, Conditions
from studio.simulation.cluster.outside import Outside
from studio.simulation.cluster.timetable import Rest, Timetable
from studio.simulation.live.hands import Hands, reach_ns
from studio.simulation.stage import set_up
from studio.simulation.workload.arrivals import Arrivals
from studio.store import Buffer
from studio.store.shelf import Status

__all__ = ["PHASE", "Intervention", "Play", "Progress"]

STRETCHES = 100
"""A run is driven in so many stretches where somebody wants to be told of its progress after each."""
MARKS = 5
"""How often *always* invariants are checked while work arrives."""

PHASE = "phase"
"""Level of the log lines of `world` that say which phase begins."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        now_ns: Virtual time; `end_ns` when work stops arriving.
        records: Written so far.
    """

    now_ns: int
    end_ns: int
    records: int


@dataclass(frozen=True, slots=True)
class Intervention:
    """Something that is done to a running cluster from outside, between two steps of its loop; then the run goes on.

    Attributes:
        act: Given the cluster; it may inject faults, crash nodes, look at what stands.
        at_ns: At that instant, after everything that was due then; used where `after_record` is 0.
        after_record: After the step in which that many records had been written; 0 for none.
        by_hand: The act of a script that is done; it sees for itself to what must have happened before.
    """

    act: Callable[[Cluster], object]
    at_ns: int = 0
    after_record: int = 0
    by_hand: Act | None = None


class Play:
    """One run.

    Args:
        build: What runs.
        scenario: What is asked of it.
        end_ns: When work stops arriving.
        conditions: Seed, plan, latencies.
        buffer: Where records go.
        interventions: Done as the run comes to them.
        check: When *always* invariants are checked.
        stop_at_violation: Whether the run ends at the first violation that is found.
        progress: Told at least a hundred times, and every few thousand steps.
    """

    def __init__(  # noqa: PLR0913 - what makes up a run; most by keyword
        self,
        build: Build,
        scenario: Scenario,
        end_ns: int,
        conditions: Conditions,
        buffer: Buffer,
        *,
        interventions: Sequence[Intervention] = (),
        check: str = "marks",
        stop_at_violation: bool = False,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._build, self._scenario, self._end_ns = build, scenario, end_ns
        self._conditions, self._buffer, self._progress = conditions, buffer, progress
        self._check, self._stops = check, stop_at_violation
        timed = [each for each in interventions if not each.after_record]
        timed += [Intervention(partial(self._repeat, act), reach_ns(act), by_hand=act) for act in scenario.acts]
        self._timed = sorted([*self._begin_phases(), *timed], key=lambda each: each.at_ns)
        self._is_played = any(act.verb == CLOSE for act in scenario.acts)
        self._hands: Hands | None = None
        self._counted = sorted(
            (each for each in interventions if each.after_record), key=lambda each: each.after_record
        )
        self._tap = Tap(buffer) if self._counted or check == "commits" else None
        self._cluster: Cluster | None = None
        self._arrivals: dict[int, tuple[Workload, Arrivals]] = {}
        self._is_closed = False

    def run(self, verdict: Verdict) -> Status:
        """Drive the run and check its invariants; say how it ended.

        Raises:
            HandlerStalledError: A handler never yields.
            TimeStandsStillError: Work goes on for ever in one instant.
        """
        try:
            recorder = self._buffer if self._tap is None else self._tap
            self._cluster = set_up(self._build, self._conditions, recorder, self._scenario.givens)
            self._cluster.redeployed.append(partial(self._adopt, self._cluster, verdict))
            if self._tap is not None:
                self._tap.watch(self._cluster.loop, verdict.tables if self._check == "commits" else frozenset())
                self._await_record()
            timetable, outside = Timetable(self._cluster), Outside(self._cluster)
            self._start_workloads(self._cluster, outside)
            self._take_hands(timetable, outside, verdict)
            if self._is_played:
                return self._play_out(self._cluster, timetable, verdict)
            return self._play(self._cluster, timetable, verdict)
        except KeyboardInterrupt:
            return "interrupted"

    def _play(self, cluster: Cluster, timetable: Timetable, verdict: Verdict) -> Status:
        loop = cluster.loop
        loop.heartbeat = self._tell
        stretches = STRETCHES if self._progress is not None else MARKS  # taking the loop up and putting it down costs
        for stretch in range(1, stretches + 1):
            if not self._run_until_ns(timetable, self._end_ns * stretch // stretches, verdict):
                return self._halted(verdict)
            self._tell()
            if verdict.is_watching and stretch % (stretches // MARKS) == 0 and stretch < stretches:
                verdict.check(loop.now_ns, finally_=False)
                if self._is_enough(verdict):
                    return "stopped"
        phases = self._conditions.phases
        rest = self._settle(timetable, self._end_ns + phases.converge_ns, verdict)
        if rest == "stopped":
            return self._halted(verdict)
        if rest == "busy":
            name = "converge" if self._scenario.converge else "settle"
            timetable.tell_busy(f"{name}={exact_ns(phases.converge_ns)}")
        verdict.check(loop.now_ns, finally_=True, is_busy=rest == "busy")
        return "stopped" if self._is_enough(verdict) else "finished"

    def _play_out(self, cluster: Cluster, timetable: Timetable, verdict: Verdict) -> Status:
        """Repeat a run that was played; it ends as it stands, as it did when it was played."""
        cluster.loop.heartbeat = self._tell
        if not timetable.run_until_ns(cluster.loop.now_ns):
            return "interrupted"
        while self._timed and not self._is_closed:
            if not self._run_until_ns(timetable, max(self._timed[0].at_ns, cluster.loop.now_ns), verdict):
                return self._halted(verdict)
        self._tell()
        return "finished"

    # -- acts by hand -----------------------------------------------------------------------------------------------

    def _take_hands(self, timetable: Timetable, outside: Outside, verdict: Verdict) -> None:
        """Make ready to do what the scenario says is done by hand."""
        assert self._cluster is not None
        cluster = self._cluster
        asked: list[Verdict] = []  # as a world asks: held to no scenario

        def check() -> None:
            asked[:] = asked or [Verdict(verdict.run, self._buffer)]
            asked[0].check(cluster.loop.now_ns, finally_=True)

        self._hands = Hands(
            cluster, timetable, outside, first_number=len(self._scenario.workloads) + 1, check=check
        )  # fmt: skip
        for number, (workload, arrivals) in self._arrivals.items():
            self._hands.adopt(number, workload, arrivals)

    def _repeat(self, act: Act, _: Cluster) -> None:
        assert self._hands is not None
        self._hands.repeat(act)
        self._is_closed = act.verb == CLOSE

    # -- time -------------------------------------------------------------------------------------------------------

    def _run_until_ns(self, timetable: Timetable, deadline_ns: int, verdict: Verdict) -> bool:
        """Run everything until an instant, interventions included; False when stopped before."""
        while True:
            stop_ns = min(deadline_ns, self._timed[0].at_ns) if self._timed else deadline_ns
            if self._is_by_hand_next(stop_ns):
                self._timed.pop(0).act(self._played)
            elif self._is_closed or stop_ns < self._played.loop.now_ns:  # an act may take its time
                return True
            elif not timetable.run_until_ns(stop_ns):
                if not self._answer_tap(verdict):
                    return False
            elif self._intervene_now(stop_ns) or self._is_by_hand_next(stop_ns):
                continue
            elif stop_ns == deadline_ns:
                return True

    def _is_by_hand_next(self, until_ns: int) -> bool:
        """Say whether an act is next whose instant has come, by the time that others before it may have taken."""
        if not self._timed or self._timed[0].by_hand is None:
            return False
        return not self._is_closed and self._timed[0].at_ns <= until_ns <= self._played.loop.now_ns

    @property
    def _played(self) -> Cluster:
        assert self._cluster is not None
        return self._cluster

    def _settle(self, timetable: Timetable, limit_ns: int, verdict: Verdict) -> Rest:
        """Run until nothing is left but regular work, interventions included."""
        assert self._cluster is not None
        while True:
            stop_ns = min(limit_ns, self._timed[0].at_ns) if self._timed else limit_ns
            rest = timetable.settle(stop_ns)
            if self._tap is not None and self._tap.is_due:
                if not self._answer_tap(verdict):
                    return "stopped"
            elif rest == "stopped":
                return rest
            elif self._timed and stop_ns == self._timed[0].at_ns:
                self._cluster.loop.run_until_ns(stop_ns)
                if not self._intervene_now(stop_ns):
                    self._timed.pop(0).act(self._cluster)
            else:
                return rest

    def _intervene_now(self, now_ns: int) -> bool:
        """Do what is to be done at this instant; say whether anything was."""
        assert self._cluster is not None
        due = list(takewhile(lambda each: each.at_ns <= now_ns and each.by_hand is None, self._timed))
        del self._timed[: len(due)]
        for each in due:
            each.act(self._cluster)
        return bool(due)

    def _answer_tap(self, verdict: Verdict) -> bool:
        """Do what the loop was stopped for; False where nobody of us stopped it, or the run ends here."""
        assert self._cluster is not None
        if self._tap is None or not self._tap.is_due:
            return False
        touched = self._tap.take()
        while self._counted and self._buffer.count >= self._counted[0].after_record:
            self._counted.pop(0).act(self._cluster)
        self._await_record()
        if touched:
            verdict.check(self._cluster.loop.now_ns, finally_=False, touched=touched)
            self._tap.watch(self._cluster.loop, verdict.tables)  # what functions read is known once they were asked
        return not self._is_enough(verdict)

    def _adopt(self, cluster: Cluster, verdict: Verdict) -> None:
        """Hold the run to the invariants of the code that was deployed."""
        verdict.adopt(cluster.build)
        if self._tap is not None and self._check == "commits":
            self._tap.watch(cluster.loop, verdict.tables)
            verdict.check(cluster.loop.now_ns, finally_=False, touched=())

    def _await_record(self) -> None:
        assert self._tap is not None
        self._tap.wanted = self._counted[0].after_record if self._counted else 0

    # -- phases -----------------------------------------------------------------------------------------------------

    def _begin_phases(self) -> list[Intervention]:
        """Return what writes down that a phase begins, where phases are declared."""
        phases = self._conditions.phases
        if not phases.is_declared:
            return []
        begun = {"quiet": 0} if phases.quiet_ns else {}
        begun |= {"faults": phases.quiet_ns} | ({} if phases.heal_ns is None else {"heal": phases.heal_ns})
        begun["converge"] = self._end_ns
        return [Intervention(partial(self._begin_phase, name), at_ns=at_ns) for name, at_ns in begun.items()]

    def _begin_phase(self, name: str, cluster: Cluster) -> None:
        self._buffer.write(LogLine(cluster.loop.now_ns, "world", 0, PHASE, name, "{}", 0, 0))

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _is_enough(self, verdict: Verdict) -> bool:
        return self._stops and verdict.is_violated

    def _halted(self, verdict: Verdict) -> Status:
        return "stopped" if self._is_enough(verdict) else "interrupted"

    def _tell(self) -> None:
        if self._progress is not None and self._cluster is not None:
            self._progress(Progress(self._cluster.loop.now_ns, self._end_ns, self._buffer.count))

    def _start_workloads(self, cluster: Cluster, outside: Outside) -> None:
        declared_ns = duration_ns(self._scenario.duration)
        for number, workload in enumerate(self._scenario.workloads, start=1):
            # One that lasts as long as the scenario lasts as long as the run.
            until_ns = self._end_ns if workload.until_ns == declared_ns else min(workload.until_ns, self._end_ns)
            arrivals = Arrivals(cluster, outside, workload, number, until_ns)
            arrivals.start()
            self._arrivals[number] = workload, arrivals

    def close(self) -> int:
        """End the world, whatever happened, and return its time."""
        if self._cluster is None:
            return 0
        self._cluster.close()
        return self._cluster.loop.now_ns
