"""Tell a run in a few numbers, and what its verdict rests on: what was checked, what never came up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.errors import NeverFed, in_words
from studio.graph.build import Graph
from studio.model.duration import SECOND_NS, duration_ns, format_ns
from studio.simulation.harming.fault_words import plan_in_words
from studio.simulation.harming.swarming import drawn_for

if TYPE_CHECKING:
    from studio.simulation.run import Run

__all__ = ["Summary", "busy_in_words", "never_ran", "overload_notes", "some", "summary_of"]

NO_SERVICE_TIMES = (
    "This says nothing about overload: no service_time(...) is stated, so work takes no time but where it waits."
)
NAMES_MAX = 6
"""Names in one line; of the rest only the number is told."""


_POLICIES = "select policy || ' ' || change as what, count(*) as n from policies group by what order by what"


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
        faults: The plan in words, each with how often it struck.
        policies: What policies did, by policy and change.
        unchecked: Invariants that nobody has evaluated yet.
        unseen: Invariants that never saw data: this run has not tested them.
        idle: Operations, event handlers and compensations that never ran.
        unfinished: Work that was under way at the end, by name.
        warnings: What the engine has to say, such as that the run did not come to rest.
        promised: Studio's own promises that it tested, and that held.
        notes: What the verdict does not say, in sentences: what never saw data, what takes no time.
        scenario: Its name; empty for a world played by hand.
        seed: Of the run.
        status: How it ended, or `running`.
        replay: What repeats it in a notebook; empty for a world.
    """

    title: str
    ended: str
    counts: tuple[tuple[str, int], ...]
    sagas: tuple[tuple[str, int], ...]
    failures: tuple[tuple[str, int], ...]
    violations: tuple[tuple[str, int], ...]
    faults: tuple[tuple[str, int], ...]
    policies: tuple[tuple[str, int], ...] = ()
    unchecked: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    unfinished: tuple[tuple[str, int], ...] = ()
    warnings: tuple[str, ...] = ()
    promised: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    scenario: str = ""
    seed: int = 0
    status: str = ""
    replay: str = ""

    @property
    def is_fine(self) -> bool:
        """Whether no invariant was found violated; that is not yet a proof."""
        return not any(count for _, count in self.violations)

    def __str__(self) -> str:
        lines = [f"{self.title}: {self.ended} of virtual time"]
        lines.append("  " + ", ".join(f"{count} {name}" for name, count in self.counts))
        if self.sagas:
            lines.append("  sagas: " + ", ".join(f"{count} {state}" for state, count in self.sagas))
        if self.faults:
            lines += ["  faults:"] + [f"    {words} ({_times(count)})" for words, count in self.faults]
        if self.failures:
            lines.append("  errors: " + ", ".join(f"{count} × {in_words(name)}" for name, count in self.failures))
        if self.policies:
            lines.append("  policies: " + ", ".join(f"{count} × {what}" for what, count in self.policies))
        lines += [self._line(name) for name, _ in self.violations]
        if self.promised:
            lines.append(f"  ✓ {len(self.promised)} promises of Studio's own held: {', '.join(self.promised)}")
        lines += [f"  ! {each}" for each in (*self.warnings, *self.notes)]
        if self.unfinished:
            under_way = [f"{count} × {name}" for name, count in self.unfinished]
            lines.append(f"  under way at the end: {some(under_way)}")
        if self.idle:
            lines.append(f"  never ran: {some(self.idle)}")
        return "\n".join(lines)

    __repr__ = __str__

    def verdict(self, invariant: str) -> str:
        """Return what came of an invariant, a sign first: violated, not checked, held, or held without data."""
        count = dict(self.violations).get(invariant, 0)
        if count:
            return f"✗ {count} violation{'s' if count > 1 else ''}"
        if invariant in self.unchecked:
            return "? not checked"
        return "✓ held" + (", but never saw data" if invariant in self.unseen else "")

    def _line(self, invariant: str) -> str:
        sign, _, words = self.verdict(invariant).partition(" ")
        return f"  {sign} {invariant}: {words}"


def summary_of(run: Run) -> Summary:
    """Return the summary of a run, finished or going on."""
    kinds = dict(run.sql("select kind, count(*) as n from messages group by kind").iter_rows())
    spans = int(run.sql("select count(*) as n from spans")["n"][0])
    states = run.sql("select state, count(*) as n from sagas group by state order by state")
    errors = run.sql(
        "select error, count(*) as n from spans where error <> '' group by error order by n desc, error limit 8"
    )
    violated = Counter(dict(run.sql("select invariant, count(*) as n from violations group by invariant").iter_rows()))
    struck = Counter(dict(run.sql("select fault, count(*) as n from faults group by fault").iter_rows()))
    invariants = run.build.graph.invariants
    return Summary(
        title=f"{run.scenario or 'world'} (seed {run.seed}, {run.status})",
        ended=format_ns(run.end_ns),
        counts=(
            ("calls", kinds.get("call", 0)),
            ("events", kinds.get("event", 0)),
            ("third-party requests", kinds.get("http", 0)),
            ("spans", spans),
            ("records", run.records),
        ),
        sagas=tuple(states.iter_rows()),
        failures=tuple(errors.iter_rows()),
        violations=tuple((name, violated[name]) for name in sorted({*invariants, *violated})),
        faults=tuple((words, struck[number]) for number, words in enumerate(plan_in_words(run.plan), start=1)),
        policies=tuple(run.sql(_POLICIES).iter_rows()),
        unchecked=tuple(sorted(set(invariants) - run.checked)),
        unseen=tuple(sorted(run.unfed)),
        idle=tuple(_idle(run)),
        unfinished=tuple(
            run.sql(
                "select kind || ' ' || name as what, count(*) as n from spans where status = 'unfinished' "
                "group by what order by n desc, what"
            ).iter_rows()
        ),
        warnings=tuple(_warnings(run)),
        promised=tuple(sorted(set(run.promised) - set(violated))),
        notes=tuple(_notes(run)),
        scenario=run.scenario,
        seed=run.seed,
        status=run.status,
        replay=_replay(run),
    )


def _replay(run: Run) -> str:
    """Return what repeats a run; in Python where its faults are not those of the scenario."""
    declared = run.build.graph.scenarios.get(run.scenario)
    if declared is None or run.case is None:
        return f'studio.simulate("{run.scenario}", seed={run.seed}, faults=run.plan)' if run.scenario else ""
    own_ns, bus = run.case.duration_ns, run.case.bus
    plan = drawn_for(run.build.graph, declared, declared.faults, run.seed, own_ns or duration_ns(declared.duration))
    if run.plan != plan or run.case.sends is not None:
        return "studio.simulate(run.case)"
    instead = (("duration", f"{own_ns / SECOND_NS:g}s" if own_ns else ""), ("bus", bus))
    options = "".join(f" --{name} {value}" for name, value in instead if value)
    return f"%simulate {run.scenario} --seed {run.seed}{options}"


def _idle(run: Run) -> list[str]:
    """Return what could have run and never did."""
    found = run.sql("select distinct service, name, line from spans where kind in ('handle', 'compensation')")
    return never_ran(run.build.graph, set(found.iter_rows()))


def never_ran(graph: Graph, ran: Collection[tuple[str, str, int]]) -> list[str]:
    """Return the operations, compensations and event handlers that are declared and did not run.

    Args:
        graph: What is declared.
        ran: Service, name and line of the spans of all that did.
    """
    operations = {(owner, address) for address, (owner, _) in graph.operations.items()}
    idle = operations - {(service, name) for service, name, _ in ran}
    undoings = {
        (saga.name, f"{saga.name}.{step.compensated_by.name}")
        for saga in graph.sagas.values()
        for step in saga.steps
        if step.compensated_by is not None
    } - {(service, name) for service, name, _ in ran}
    lines = {(service, line) for service, _, line in ran}
    handlers = [
        f"{service.name}.{each.name}"
        for service in graph.services.values()
        for each in service.subscriptions
        if each.where is not None and (service.name, each.where.line) not in lines
    ]
    return sorted([*(name for _, name in idle), *(name for _, name in undoings), *handlers])


def _warnings(run: Run) -> list[str]:
    """Return what the engine itself wrote into the log."""
    found = run.sql("select text, fields from logs where service = 'world' and level = 'warning' order by seq")
    return [f"{text}: {busy_in_words(fields)}" for text, fields in found.iter_rows()]


def _notes(run: Run) -> list[str]:
    """Return what the verdict of a run does not say."""
    notes = []
    if run.unfed:
        notes.append(NeverFed(names=some(sorted(run.unfed))).text.replace("\n  ", ". "))
    return notes + overload_notes(run.build.graph, run.scenario, {*run.promised, *run.policies["policy"]})


def overload_notes(graph: Graph, scenario: str, tested: Collection[str]) -> list[str]:
    """Return what a verdict on a scenario says of overload: nothing where no service time is stated.

    That goes without saying where the verdict does not rest on how much work there was.

    Args:
        graph: What is declared.
        scenario: Its name.
        tested: Promises of Studio's own, and policies, that had something to do.
    """
    declared = graph.scenarios.get(scenario)
    if declared is None or declared.service_times:
        return []
    is_bounded = any(each.concurrency for each in graph.services.values()) or bool(declared.queue_age)
    return [NO_SERVICE_TIMES] if is_bounded or not {"goodput_recovers", "bulkhead"}.isdisjoint(tested) else []


def busy_in_words(fields: str) -> str:
    """Say what kept a run from coming to rest.

    Args:
        fields: Of the line of the log that says so, as JSON.
    """
    told = [f"{count} {what} {name}" for what, each in json.loads(fields).items() for name, count in each.items()]
    return some(told) if told else "timers only"


def some(names: Iterable[str]) -> str:
    """Return the first names of many, and how many there are besides."""
    listed = list(names)
    rest = len(listed) - NAMES_MAX
    return ", ".join(listed[:NAMES_MAX]) + (f" and {rest} more" if rest > 0 else "")


def _times(count: int) -> str:
    return "never struck" if not count else "struck once" if count == 1 else f"struck {count} times"
