"""Check invariants against the log of a run, and write down what they find.

SQL invariants see the run's views; a row is a violation. Python ones see the run. Those that hold *always* are checked
while the run goes on, at marks of virtual time (what breaks and mends itself between two marks can be missed) or after
every step that wrote what they read. An invariant is asked again only where something that it reads has been written.
Studio's own promises are asked once, in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from studio.errors import StudioError
from studio.graph.system import Build
from studio.model.scenario import Scenario
from studio.ports import Recorder
from studio.records import TABLES, Violation
from studio.simulation.checking.asking import Question, question_of
from studio.simulation.promises.promise import Evidence
from studio.simulation.promises.promised import asked
from studio.simulation.run import Run

__all__ = ["Verdict"]

ROWS_MAX = 100
"""Violations of one invariant that are written down; more are of no use to anybody."""


class Verdict:
    """The invariants of one run.

    Attributes:
        checked: Names of those that were evaluated as of now, `eventually` ones in the end only.
        unfed: Names of those that were evaluated and never saw data: this run has not tested them.
        promised: Names of Studio's own promises that the run has tested.
        failure: The first error of one that cannot be evaluated; it is left out from then on, and the run goes on.
        run: What they see.

    Args:
        run: Whose log is asked.
        recorder: Where violations are written.
        scenario: Says to which promises the run is held; None for a world that is played by hand.
        end_ns: When work stops arriving.
        view: Gives the run as it is seen with other code, after a deploy; None where none can come.
    """

    def __init__(
        self,
        run: Run,
        recorder: Recorder,
        *,
        scenario: Scenario | None = None,
        end_ns: int = 0,
        view: Callable[[Build], Run] | None = None,
    ) -> None:
        self.run, self._recorder, self._view = run, recorder, view
        self._scenario, self._end_ns = scenario, end_ns
        self._unasked: set[str] = set()
        self._questions = [question_of(each, run) for each in run.build.graph.invariants.values()]
        self._seen: dict[str, dict[str, None]] = {}
        self._counts: dict[str, dict[str, int]] = {}
        self.checked: set[str] = set()
        self.unfed: set[str] = set()
        self.promised: set[str] = set()
        self.failure: StudioError | None = None

    def adopt(self, build: Build) -> None:
        """Go on with the invariants of other code, which see all that was recorded; each is asked at the next check.

        What was found before stays found. One that is gone is not checked any more.
        """
        assert self._view is not None
        self.run = self._view(build)
        fed = {each.name for each in self._questions if each.is_fed}
        self._questions = [question_of(each, self.run) for each in build.graph.invariants.values()]
        for each in self._questions:
            each.is_fed = each.name in fed
        self._unasked = {each.name for each in self._questions}
        self.checked &= self._unasked
        self.unfed &= self._unasked
        self._counts.clear()

    @property
    def is_watching(self) -> bool:
        """Whether any invariant must hold at every moment."""
        return any(each.mode == "always" for each in self._questions)

    @property
    def is_violated(self) -> bool:
        """Whether any violation has been found."""
        return any(self._seen.values())

    @property
    def tables(self) -> frozenset[str]:
        """Return the tables that invariants of every moment read, as far as that is known; else all but violations."""
        always = [each.tables for each in self._questions if each.mode == "always"]
        if any(tables is None for tables in always):
            return frozenset(TABLES) - {"violations"}
        return frozenset(table for tables in always if tables is not None for table in tables) - {"violations"}

    def check(
        self, now_ns: int, *, finally_: bool, touched: Collection[str] | None = None, is_busy: bool = False
    ) -> None:
        """Check the invariants that must hold now; one that cannot be evaluated is kept in `failure`.

        Args:
            now_ns: Virtual time.
            finally_: Whether the run has come to its end, so that `eventually` and promises must hold too.
            touched: Tables that were written to since the last check; None where that has to be counted.
            is_busy: Whether it was stopped at its deadline, and did not come to rest.
        """
        counts = self.run.log.counts() if touched is None else None
        for question in list(self._questions):
            if question.mode == "always" or finally_:
                if counts is None:
                    is_due = question.tables is None or not question.tables.isdisjoint(touched or ())
                    is_due = is_due or question.name in self._unasked
                else:
                    is_due = self._has_news(question, counts)
                if is_due:
                    self._check(question, now_ns)
        if finally_:
            self._check_promises(now_ns, is_busy=is_busy)

    def _has_news(self, question: Question, counts: dict[str, int]) -> bool:
        """Tell whether an invariant could answer otherwise than it did: something it reads has been written."""
        if question.tables is None:
            return True
        now = {table: counts.get(table, 0) for table in question.tables}
        before = self._counts.get(question.name)
        self._counts[question.name] = now
        return before != now

    def _check(self, question: Question, now_ns: int) -> None:
        self._unasked.discard(question.name)
        if not self._ask(question, now_ns):
            self._questions.remove(question)
            return
        self.checked.add(question.name)
        if question.is_fed:
            self.unfed.discard(question.name)
        else:
            self.unfed.add(question.name)

    def _check_promises(self, now_ns: int, *, is_busy: bool) -> None:
        evidence = Evidence(self.run.log, self.run.build.graph, self._scenario, self._end_ns, now_ns)
        for question in asked(evidence, is_busy=is_busy):
            if self._ask(question, now_ns) and question.is_fed:
                self.promised.add(question.name)

    def _ask(self, question: Question, now_ns: int) -> bool:
        """Ask an invariant and write down what violates it; False where it cannot be evaluated."""
        try:
            texts = question.ask()
        except StudioError as error:
            self.failure = self.failure or error
            return False
        self._write_down(question, texts, now_ns)
        return True

    def _write_down(self, question: Question, texts: Iterable[str], now_ns: int) -> None:
        seen = self._seen.setdefault(question.name, {})
        for text in texts:
            if text not in seen and len(seen) < ROWS_MAX:
                seen[text] = None
                self._recorder.write(Violation(now_ns, question.name, question.mode, text))
