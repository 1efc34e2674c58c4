"""A run as a value: what was run, and everything that happened, read from the log."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.errors import UnknownTrace
from studio.graph.system import Build
from studio.model.duration import format_ns
from studio.observe.waterfall import Waterfall
from studio.simulation.fault_words import plan_in_words
from studio.store.reader import RunLog

if TYPE_CHECKING:
    import polars as pl

    from studio.model.fault import Fault

__all__ = ["Run", "Summary"]


@dataclass(frozen=True, slots=True)
class Summary:
    """A run in a few numbers.

    Attributes:
        title: Scenario (or `world`), seed, status.
        ended: Virtual time at the end.
        counts: What happened how often, in words.
        sagas: Instances by state.
        failures: Spans that went wrong, by error, most frequent first.
        violations: By invariant; those that hold with 0.
        unseen: Invariants whose tables never held a row: they have not been tested by this run.
        faults: The plan in words, each with how often it struck.
    """

    title: str
    ended: str
    counts: tuple[tuple[str, int], ...]
    sagas: tuple[tuple[str, int], ...]
    failures: tuple[tuple[str, int], ...]
    violations: tuple[tuple[str, int], ...]
    faults: tuple[tuple[str, int], ...]

    @property
    def is_fine(self) -> bool:
        """Whether no invariant was violated; that is not yet a proof."""
        return not any(count for _, count in self.violations)

    def __str__(self) -> str:
        lines = [f"{self.title}: {self.ended} of virtual time"]
        lines.append("  " + ", ".join(f"{count} {name}" for name, count in self.counts))
        if self.sagas:
            lines.append("  sagas: " + ", ".join(f"{count} {state}" for state, count in self.sagas))
        if self.faults:
            lines += ["  faults:"] + [f"    {words} (struck {count} times)" for words, count in self.faults]
        if self.failures:
            lines.append("  errors: " + ", ".join(f"{count} × {name}" for name, count in self.failures))
        for name, count in self.violations:
            lines.append(f"  {'✗' if count else '✓'} {name}: " + (f"{count} violations" if count else "held"))
        return "\n".join(lines)

    __repr__ = __str__


class Run:
    """What happened, in one run of one system.

    Every frame is Polars; `sql` asks anything else. Equal sources, scenario and seed give equal `sha256`.

    Args:
        log: Its records.
        build: What ran.
        plan: The faults it ran under.
    """

    def __init__(self, log: RunLog, build: Build, plan: tuple[Fault, ...]) -> None:
        self.log, self.build, self.plan = log, build, plan

    @property
    def scenario(self) -> str:
        """Return the scenario's name; empty for a world that is played by hand."""
        return self.log.row.info.scenario

    @property
    def seed(self) -> int:
        """Return the seed."""
        return self.log.row.info.seed

    @property
    def number(self) -> int:
        """Return the run's number in its log."""
        return self.log.run

    @property
    def status(self) -> str:
        """Return `finished`, `interrupted`, `aborted`, or `running` while a world is played."""
        return self.log.row.status

    @property
    def events(self) -> pl.DataFrame:
        """Return the events, each with what became of its deliveries."""
        return self.log.events

    @property
    def messages(self) -> pl.DataFrame:
        """Return every message."""
        return self.log.messages

    @property
    def deliveries(self) -> pl.DataFrame:
        """Return what was handed over, refused or lost."""
        return self.log.deliveries

    @property
    def spans(self) -> pl.DataFrame:
        """Return the spans."""
        return self.log.spans

    @property
    def sagas(self) -> pl.DataFrame:
        """Return the saga instances: the latest state of each, and its history."""
        return self.log.sagas

    @property
    def steps(self) -> pl.DataFrame:
        """Return the marks that saga steps passed."""
        return self.log.steps

    @property
    def documents(self) -> pl.DataFrame:
        """Return the last committed state of every document."""
        return self.log.documents

    @property
    def external(self) -> pl.DataFrame:
        """Return what third parties did."""
        return self.log.ledgers

    @property
    def faults(self) -> pl.DataFrame:
        """Return the faults that struck."""
        return self.log.faults

    @property
    def metrics(self) -> pl.DataFrame:
        """Return the measurements."""
        return self.log.metrics

    @property
    def logs(self) -> pl.DataFrame:
        """Return the log lines of handlers."""
        return self.log.logs

    @property
    def lives(self) -> pl.DataFrame:
        """Return starts and crashes of replicas."""
        return self.log.lives

    @property
    def violations(self) -> pl.DataFrame:
        """Return the violations of invariants."""
        return self.log.violations

    @property
    def sha256(self) -> str:
        """Return the hash of the canonical encoding of all records."""
        return self.log.sha256()

    def collection(self, name: str) -> list[dict[str, Any]]:
        """Return the documents of a collection, `Inventory.stock`, by key."""
        return self.log.collection(name)

    def sql(self, text: str, **parameters: Any) -> pl.DataFrame:
        """Ask anything in SQL; `run.log.views` lists what there is to ask."""
        return self.log.sql(text, **parameters)

    def trace(self, which: int | str | None = None) -> Waterfall:
        """Return one trace as a waterfall.

        Args:
            which: Number of the trace, id of a saga instance, or key of an event (`order-1`); None takes the one that went
                wrong first, else the first.

        Raises:
            UnknownTrace: There is none such.
        """
        number = self._first_trace() if which is None else which if isinstance(which, int) else self._trace_of(which)
        records = self.log.trace(number)
        if not records:
            raise UnknownTrace(trace=str(which))
        title = f"Trace {number}" if which is None or isinstance(which, int) else f"Trace of {which}"
        return Waterfall.of(records, title=title, corner=f"{self.scenario or 'world'} · seed {self.seed}")

    def summary(self) -> Summary:
        """Return the run in a few numbers."""
        counts = self.log.row.counts
        struck = Counter(dict(self.sql("select fault, count(*) as n from faults group by fault").iter_rows()))
        states = self.sql("select state, count(*) as n from sagas group by state order by state")
        errors = self.sql(
            "select error, count(*) as n from spans where error <> '' group by error order by n desc, error limit 8"
        )
        violated = Counter(dict(self.sql("select invariant, count(*) as n from violations group by invariant").iter_rows()))
        kinds = dict(self.sql("select kind, count(*) as n from messages group by kind").iter_rows())
        return Summary(
            title=f"{self.scenario or 'world'} (seed {self.seed}, {self.status})",
            ended=format_ns(self.log.row.end_ns),
            counts=(
                ("calls", kinds.get("call", 0)),
                ("events", kinds.get("event", 0)),
                ("third-party requests", kinds.get("http", 0)),
                ("spans", counts.get("spans", 0)),
                ("records", self.log.row.records),
            ),
            sagas=tuple(states.iter_rows()),
            failures=tuple(errors.iter_rows()),
            violations=tuple((name, violated.get(name, 0)) for name in sorted({*self.build.graph.invariants, *violated})),
            faults=tuple(
                (words, struck.get(number, 0)) for number, words in enumerate(plan_in_words(self.plan), start=1)
            ),
        )

    def __repr__(self) -> str:
        return str(self.summary())

    def _first_trace(self) -> int:
        found = self.sql("select trace from spans order by case when error <> '' then 0 else 1 end, start_ns limit 1")
        if not len(found):
            raise UnknownTrace(trace="(any)")
        return int(found["trace"][0])

    def _trace_of(self, which: str) -> int:
        for query in (
            "select trace from sagas where saga = $which or ends_with(saga, '/' || $which) limit 1",
            "select trace from messages where key = $which order by at_ns limit 1",
        ):
            found = self.sql(query, which=which)
            if len(found):
                return int(found["trace"][0])
        raise UnknownTrace(trace=which)
