"""A run as a value: what was run, and everything that happened, read from the log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from studio.errors import StudioError, UnknownTarget, UnknownTrace, nearest
from studio.graph.system import Build
from studio.observe.waterfall import Waterfall
from studio.simulation.checking.feeding import is_fed
from studio.simulation.faces import show
from studio.simulation.summary import Summary, summary_of
from studio.store.reader import RunLog

if TYPE_CHECKING:
    import polars as pl

    from studio.graph.system import System
    from studio.model.fault import Fault
    from studio.simulation.case import Case
    from studio.simulation.travel.fork import Parent
    from studio.simulation.travel.moment import Moment
    from studio.store import Log

__all__ = ["Run", "Summary"]


class Run:
    """What happened, in one run of one system.

    Every frame is Polars; `sql` asks anything else. Equal sources, scenario and seed give equal `sha256`.

    Args:
        log: Its records.
        build: What ran.
        plan: The faults it ran under.
        checked: Names of the invariants that have been evaluated; by default all of a scenario that was finished.
        unfed: Names of those among them that never saw data; by default that is told of SQL ones alone.
        promised: Names of Studio's own promises that the run has tested; by default that is looked up in its records.
        progress: Of a run that goes on: gives virtual time and the number of records so far.
        case: What decided it besides the sources; None for a world that is still played.
    """

    def __init__(
        self,
        log: RunLog,
        build: Build,
        plan: tuple[Fault, ...],
        *,
        checked: Collection[str] | None = None,
        unfed: Collection[str] | None = None,
        promised: Collection[str] | None = None,
        progress: Callable[[], tuple[int, int]] | None = None,
        case: Case | None = None,
    ) -> None:
        self.log, self.build, self.plan, self.case = log, build, plan, case
        self.parent: Parent | None = None
        self._checked, self._unfed, self._promised, self.progress = checked, unfed, promised, progress

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
        """Return `finished`, `stopped` (at a violation), `interrupted`, `aborted`, or `running` while it goes on."""
        return self.log.row.status

    @property
    def end_ns(self) -> int:
        """Return virtual time at the end, or now while it goes on."""
        return self.log.row.end_ns if self.progress is None else self.progress()[0]

    @property
    def records(self) -> int:
        """Return how many records there are."""
        return self.log.row.records if self.progress is None else self.progress()[1]

    @property
    def checked(self) -> frozenset[str]:
        """Return the names of the invariants that have been evaluated."""
        if self._checked is not None:
            return frozenset(self._checked)
        return frozenset(self.build.graph.invariants if self.scenario and self.status == "finished" else ())

    @property
    def unfed(self) -> frozenset[str]:
        """Return the names of the invariants that were evaluated and never saw data: this run has not tested them."""
        if self._unfed is not None:
            return frozenset(self._unfed)
        declared = self.build.graph.invariants
        return frozenset(
            name for name in self.checked if name in declared and declared[name].sql and not self._has_fed(name)
        )

    @property
    def promised(self) -> frozenset[str]:
        """Return the names of Studio's own promises that had something to look at."""
        if self._promised is not None:
            return frozenset(self._promised)
        from studio.simulation.promises.promised import tested_in

        return tested_in(self)

    def _has_fed(self, invariant: str) -> bool:
        try:
            return is_fed(self.log, self.build.graph.invariants[invariant].sql)
        except StudioError:  # it cannot be evaluated
            return True

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
    def policies(self) -> pl.DataFrame:
        """Return what policies did: calls tried again or refused, breakers that opened, fallbacks that answered."""
        return self.log.policies

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
    def phases(self) -> pl.DataFrame:
        """Return when each phase began: quiet, faults, heal, converge; nothing where the scenario declares none."""
        return self.sql("select at_ns, at_s, text as phase from logs where service = 'world' and level = 'phase'")

    @property
    def violations(self) -> pl.DataFrame:
        """Return the violations of invariants."""
        return self.log.violations

    @property
    def sha256(self) -> str:
        """Return the hash of the canonical encoding of all records."""
        return self.log.sha256()

    def collection(self, name: str) -> list[dict[str, Any]]:
        """Return the documents of a collection, `Inventory.stock`, by key.

        Raises:
            UnknownTarget: There is no such collection.
        """
        graph = self.build.graph
        owners: list[Any] = [*graph.services.values(), *graph.externals.values()]
        known = [f"{owner.name}.{each}" for owner in owners for each in owner.collections]
        if name not in known:
            raise UnknownTarget(what="collection(...)", target=name, known=nearest(name, known))
        return self.log.collection(name)

    def sql(self, text: str, **parameters: Any) -> pl.DataFrame:
        """Ask anything in SQL; `run.log.views` lists what there is to ask."""
        return self.log.sql(text, **parameters)

    def trace(self, which: int | str | None = None) -> Waterfall:
        """Return one trace as a waterfall.

        Args:
            which: Number of the trace, id of a saga instance, or key of an event (`order-1`); None takes the one that
                went wrong first, else the first.

        Raises:
            UnknownTrace: There is none such.
        """
        number = self._first_trace() if which is None else which if isinstance(which, int) else self._trace_of(which)
        records = self.log.trace(number)
        if not records:
            raise UnknownTrace(trace=str(which))
        title = f"Trace {number}" if which is None or isinstance(which, int) else f"Trace of {which}"
        return Waterfall.of(records, title=title, corner=f"{self.scenario or 'world'} · seed {self.seed}")

    def at(self, moment: int | str) -> Moment:
        """Return the run as it stood at a moment: collections, sagas, queues, breakers, lives, work under way.

        Args:
            moment: A time since it began, `"12.5s"`; a place among its records, from 0; `"message 7"` when that was
                sent.

        Raises:
            NoSuchMoment: It has none such.

        Example:
            run.at("2s").collection("Inventory.stock")
        """
        from studio.simulation.travel.moment import moment_of

        return moment_of(self, moment)

    def fork(
        self,
        *,
        at: int | str,
        faults: Sequence[Fault] | None = None,
        code: System | Build | None = None,
        log: Log | None = None,
    ) -> Run:
        """Return a run that is the same until a moment, and then goes on otherwise; its `parent` says from where.

        Args:
            at: As for `at`.
            faults: The plan from there on, instead of the one there was; empty for none. None keeps it.
            code: What every replica runs from there on: they crash and start again on it, and durable state stays.
            log: Where records go; by default memory.

        Raises:
            NoSuchMoment: The run has none such.
            NotForkable: Not all that decided the run is known.
            ForkDiffers: The way to the moment was another this time.

        Example:
            run.fork(at="2s", faults=[])
        """
        from studio.simulation.travel.fork import fork

        return fork(self, at=at, faults=faults, code=code, log=log)

    def explorer(self) -> Any:
        """Return an explorer for a notebook's cell: traces with their waterfalls, sagas, the graph.

        Raises:
            NoFrontEnd: Studio's extension is not loaded, or there is no notebook.
        """
        return show("explorer", self)

    def summary(self) -> Summary:
        """Return the run in a few numbers."""
        return summary_of(self)

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
