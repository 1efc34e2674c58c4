"""Look at a run as it stood at one of its moments: folded from its records, without running anything again."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studio.errors import InvalidDuration, NoSuchMoment
from studio.model.duration import duration_ns, format_ns
from studio.records import (
    Delivery,
    DocumentChange,
    Life,
    Message,
    PolicyChange,
    Record,
    SagaChange,
    SagaStep,
    Span,
)

if TYPE_CHECKING:
    from studio.graph.system import Build, System
    from studio.model.fault import Fault
    from studio.simulation.run import Run

__all__ = ["Moment", "Point", "moment_of", "point_of"]

_SETTLED = {"acknowledged", "dead-lettered"}
_MESSAGE = re.compile(r"message[ =]?(\d+)")


@dataclass(frozen=True, slots=True)
class Point:
    """A place in a run.

    Attributes:
        seq: The last record that had been written; -1 before the first.
        at_ns: Virtual time.
        asked: How it was asked for.
        is_time: Whether a time was asked for, which falls after everything that was due then.
    """

    seq: int
    at_ns: int
    asked: str
    is_time: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """A run as it stood.

    Attributes:
        run: Which run.
        point: Where in it.
        collections: Documents by key, by collection (`Inventory.stock`).
        sagas: State, step, phase and attempt of each instance that had begun, by id.
        queues: Events that were not done with yet, by consumer; those with none are left out.
        breakers: State of each breaker that had changed, by `caller/replica → target`.
        lives: What ran at each replica: `up` or what became of it, with its incarnation.
        spans: Work that was under way: service, kind, name, since when.
    """

    run: Run = field(repr=False)
    point: Point
    collections: dict[str, dict[str, Any]]
    sagas: dict[str, dict[str, Any]]
    queues: dict[str, int]
    breakers: dict[str, str]
    lives: dict[str, str]
    spans: tuple[dict[str, Any], ...]

    def collection(self, name: str) -> list[dict[str, Any]]:
        """Return the documents of a collection by key, as `run.collection` does for the end."""
        self.run.collection(name)  # says which there are
        documents = self.collections.get(name, {})
        return [documents[key] for key in sorted(documents)]

    def fork(self, *, faults: Sequence[Fault] | None = None, code: System | Build | None = None) -> Run:
        """Go on from here under another plan, or with other code; see `Run.fork`."""
        return self.run.fork(at=self.point.asked, faults=faults, code=code)

    @property
    def title(self) -> str:
        """Return when it is."""
        return f"{format_ns(self.point.at_ns)}, after record {self.point.seq}"

    def text(self) -> str:
        """Return it in lines of text."""
        parts = {
            "Sagas": [f"{saga}: {_saga_words(values)}" for saga, values in self.sagas.items()],
            "Waiting for": [f"{consumer}: {count}" for consumer, count in self.queues.items()],
            "Breakers": [f"{name}: {state}" for name, state in self.breakers.items()],
            "Down": [f"{name}: {state}" for name, state in self.lives.items() if not state.startswith("up")],
            "Under way": [
                f"{span['service']} {span['kind']} {span['name']}, since {format_ns(span['start_ns'])}"
                for span in self.spans
            ],
            "Documents": [f"{name}: {len(documents)}" for name, documents in self.collections.items()],
        }
        lines = [f"{self.run.scenario or 'world'} · seed {self.run.seed} · {self.title}"]
        for title, found in parts.items():
            lines += [f"  {title}", *(f"    {each}" for each in found)] if found else []
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__


def point_of(run: Run, at: int | str) -> Point:
    """Return the place in a run that is meant.

    Args:
        run: Which run.
        at: A place among its records from 0; a time since it began, `"12.5s"`; `"message 7"` when that was sent.

    Raises:
        NoSuchMoment: It has none such.
    """
    times = [_written_ns(record) for record in run.log.records()]
    last = len(times) - 1
    if isinstance(at, str) and (found := _MESSAGE.fullmatch(at.strip())):
        rows = run.sql("select seq from messages where message = $id", id=int(found[1]))
        if not len(rows):
            raise NoSuchMoment(at=at, reason="no such message was sent", last=last)
        return Point(int(rows["seq"][0]), times[int(rows["seq"][0])], at, is_time=False)
    if isinstance(at, str) and not at.strip().isdecimal():
        return _at_time(run, at, times)
    seq = int(at)
    if not 0 <= seq <= last:
        raise NoSuchMoment(at=str(at), reason=f"it has records 0 to {last}", last=last)
    return Point(seq, max(times[: seq + 1]), str(at), is_time=False)


def _at_time(run: Run, at: str, times: list[int]) -> Point:
    try:
        at_ns = duration_ns(at)
    except InvalidDuration as error:
        raise NoSuchMoment(at=at, reason="it is no time", last=len(times) - 1) from error
    if at_ns > run.end_ns:
        raise NoSuchMoment(at=at, reason=f"it ended at {format_ns(run.end_ns)}", last=len(times) - 1)
    return Point(sum(1 for each in times if each <= at_ns) - 1, at_ns, at, is_time=True)


def moment_of(run: Run, at: int | str) -> Moment:
    """Return a run as it stood.

    Raises:
        NoSuchMoment: It has no such moment.
    """
    point = point_of(run, at)
    records = list(run.log.records())
    before, after = records[: point.seq + 1], records[point.seq + 1 :]
    return Moment(
        run, point, _collections(before), _sagas(before), _queues(before, run.build), _breakers(before),
        _lives(before), _open(after, point.at_ns),
    )  # fmt: skip


def _written_ns(record: Record) -> int:
    return record.end_ns if isinstance(record, Span) else record.at_ns


def _collections(records: Iterable[Record]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for record in records:
        if isinstance(record, DocumentChange):
            documents = found.setdefault(f"{record.service}.{record.collection}", {})
            documents.pop(record.key, None)
            if record.change != "delete":
                documents[record.key] = json.loads(record.body)
    return {name: found[name] for name in sorted(found)}


def _sagas(records: Iterable[Record]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for record in records:
        if isinstance(record, SagaChange):
            values = found.setdefault(record.saga, {"step": "", "phase": "", "attempt": 0})
            values |= {"state": record.state, "version": record.version, "since_ns": record.at_ns}
        elif isinstance(record, SagaStep):
            values = found.setdefault(record.saga, {"state": "running"})
            values |= {"step": record.step, "phase": record.phase, "attempt": record.attempt}
    return found


def _queues(records: Iterable[Record], build: Build) -> dict[str, int]:
    """Return how many events each consumer had not done with: what it wants of what was stored, less the settled."""
    waiting: Counter[str] = Counter()
    for record in records:
        if isinstance(record, Message) and record.kind == "event":
            waiting.update(_consumers(build, record.address))
        elif isinstance(record, Delivery) and record.outcome in _SETTLED and record.consumer:
            waiting[record.consumer] -= 1
    return {consumer: count for consumer, count in sorted(waiting.items()) if count > 0}


def _consumers(build: Build, address: str) -> list[str]:
    graph = build.graph
    services = [owner for owner, _ in graph.subscribers(address)]
    return [*services, *(saga.name for saga in graph.sagas.values() if str(saga.on) == address)]


def _breakers(records: Iterable[Record]) -> dict[str, str]:
    found: dict[str, str] = {}
    for record in records:
        if isinstance(record, PolicyChange) and record.policy == "breaker" and record.change != "refused":
            found[f"{record.service}/{record.replica} → {record.target}"] = record.change
    return found


def _lives(records: Iterable[Record]) -> dict[str, str]:
    found: dict[str, str] = {}
    for record in records:
        if isinstance(record, Life):
            state = "up" if record.change == "started" else record.change
            found[f"{record.service}/{record.replica}"] = f"{state}, incarnation {record.incarnation}"
    return found


def _open(records: Iterable[Record], at_ns: int) -> tuple[dict[str, Any], ...]:
    """Return the spans that had begun and were not over: they are written when they end."""
    spans = [each for each in records if isinstance(each, Span) and each.start_ns <= at_ns < each.end_ns]
    names = ("service", "replica", "kind", "name", "start_ns", "span", "trace", "saga")
    ordered = sorted(spans, key=lambda each: (each.start_ns, each.span))
    return tuple({name: getattr(each, name) for name in names} for each in ordered)


def _saga_words(values: dict[str, Any]) -> str:
    step = f", step {values['step']} {values['phase']}" if values.get("step") else ""
    return f"{values['state']}{step}"
