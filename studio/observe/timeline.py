"""Order the records of a trace for a picture: spans as a tree, and with each what struck it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from studio.observe.axis import Axis
from studio.observe.critical_path import CriticalPath, critical_path
from studio.observe.marks import Mark, MarkKind, mark_of
from studio.records import Delivery, FaultStrike, Life, LogLine, Message, PolicyChange, Record, SagaStep, Span

__all__ = ["Row", "Timeline"]

_PREFIXES = {"call": "→ ", "publish": "⇒ ", "external": "→ ", "compensation": "↺ "}
_MARKS_MAX = 12  # of one span
_WEIGHTS: tuple[MarkKind, ...] = (
    "fault",
    "crash",
    "violation",
    "policy",
    "step",
    "delivery",
    "log",
)  # which to keep first
_WITHIN = {"step", "compensation", "saga"}


@dataclass(frozen=True, slots=True)
class Row:
    """A span in its place.

    Attributes:
        span: What it shows.
        depth: How many spans it lies within.
        key: Of the message that it handles; empty for none.
        marks: What happened in it, in order.
    """

    span: Span
    depth: int
    key: str
    marks: tuple[Mark, ...]

    @property
    def title(self) -> str:
        """The span's name, with a sign for what waits for others (`→`) and what takes back (`↺`)."""
        name = self.span.name
        if self.span.kind in ("step", "compensation"):
            name = name.removeprefix(f"{self.span.service}.")  # whose it is stands beside it
        return _PREFIXES.get(self.span.kind, "") + name

    @property
    def spent_ns(self) -> int:
        """How long the span took; never less than nothing, though real clocks may go back."""
        return max(0, self.span.end_ns - self.span.start_ns)


@dataclass(frozen=True, slots=True)
class Timeline:
    """A trace, ready to be drawn.

    Attributes:
        axis: From its first to its last instant.
        rows: Parents before children, siblings as they began.
        loose: Marks of no span.
        hidden: Spans left out because there are more than asked for.
        path: Which spans determined the end, of all spans.
    """

    axis: Axis
    rows: tuple[Row, ...]
    loose: tuple[Mark, ...]
    hidden: int
    path: CriticalPath

    @classmethod
    def of(cls, records: Iterable[Record], *, spans_max: int) -> Timeline:
        """Order records.

        Args:
            records: Of one trace, in any order.
            spans_max: Spans shown at most, in the order of the rows.
        """
        found = list(records)
        spans = [record for record in found if isinstance(record, Span)]
        messages = {record.message: record for record in found if isinstance(record, Message)}
        home = _Homes(spans, messages)
        marks: dict[int, list[Mark]] = defaultdict(list)
        for record in found:
            owner = home.of(record)
            # What strikes a whole service is not told by the name of the span it happened to fall in.
            whole = isinstance(record, FaultStrike) and record.message == 0
            subject = "" if owner is None or whole else owner.name
            if (mark := mark_of(record, subject)) is not None:
                marks[owner.span if owner else 0].append(mark)
        ordered = _tree(spans)
        rows = tuple(
            Row(span, depth, messages[span.message].key if span.message in messages else "", _sorted(marks[span.span]))
            for span, depth in ordered[:spans_max]
        )
        every = [mark for listed in marks.values() for mark in listed]
        return cls(_axis(spans, every), rows, _sorted(marks[0]), len(ordered) - len(rows), critical_path(spans))


class _Homes:
    """Find the span that a record belongs to."""

    def __init__(self, spans: list[Span], messages: dict[int, Message]) -> None:
        self._by_id = {span.span: span for span in spans}
        self._messages = messages
        self._by_message: dict[int, list[Span]] = defaultdict(list)
        self._by_service: dict[str, list[Span]] = defaultdict(list)
        self._by_saga: dict[str, list[Span]] = defaultdict(list)
        for span in spans:
            self._by_message[span.message].append(span)
            self._by_service[span.service].append(span)
            if span.saga and span.kind in _WITHIN:
                self._by_saga[span.saga].append(span)

    def of(self, record: Record) -> Span | None:
        match record:
            case FaultStrike(message=0):
                return _innermost(self._by_service[record.target], record.at_ns)
            case FaultStrike() | Delivery():
                return self._of_message(record.message, record.at_ns)
            case LogLine() | PolicyChange():
                return self._by_id.get(record.span)
            case Life():
                mine = [span for span in self._by_service[record.service] if span.replica == record.replica]
                return _innermost(mine, record.at_ns)
            case SagaStep():
                spans = self._by_saga[record.saga]
                named = [span for span in spans if span.name.rpartition(".")[2] == record.step]
                return _innermost(named or spans, record.at_ns)
            case _:
                return None

    def _of_message(self, message: int, at_ns: int) -> Span | None:
        """Return the span that handles the message; before it is handled, and when it never is, the sender's."""
        sent = self._messages.get(message)
        found = _innermost([span for span in self._by_message[message] if span.start_ns <= at_ns], at_ns)
        return found or (self._by_id.get(sent.span) if sent else None) or _innermost(self._by_message[message], at_ns)


def _innermost(spans: list[Span], at_ns: int) -> Span | None:
    """Return the span that began last among those that hold an instant; or the one that ended nearest to it."""
    holding = [span for span in spans if span.start_ns <= at_ns <= span.end_ns]
    if holding:
        return max(holding, key=lambda span: (span.start_ns, span.span))
    return min(
        spans, key=lambda span: (min(abs(span.end_ns - at_ns), abs(span.start_ns - at_ns)), span.span), default=None
    )


def _tree(spans: list[Span]) -> list[tuple[Span, int]]:
    """Return spans with their depths, parents first; one whose parent is missing, or in a circle, is a root."""
    known = {span.span for span in spans}
    children: dict[int, list[Span]] = defaultdict(list)
    for span in sorted(spans, key=lambda span: (span.start_ns, span.span)):
        children[span.parent if span.parent in known and span.parent != span.span else 0].append(span)
    ordered: list[tuple[Span, int]] = []
    seen: set[int] = set()
    pending = [(span, 0) for span in reversed(children[0])]
    while pending or len(seen) < len(known):
        span, depth = pending.pop() if pending else (next(span for span in spans if span.span not in seen), 0)
        if span.span in seen:
            continue
        seen.add(span.span)
        ordered.append((span, depth))
        pending += [(child, depth + 1) for child in reversed(children[span.span])]
    return ordered


def _axis(spans: list[Span], marks: list[Mark]) -> Axis:
    times = [time for span in spans for time in (span.start_ns, span.end_ns)] or [mark.at_ns for mark in marks] or [0]
    start = min(times)
    return Axis(start, max(*times, start + 1))


def _sorted(marks: list[Mark]) -> tuple[Mark, ...]:
    found = sorted(marks, key=lambda mark: mark.at_ns)
    if len(found) <= _MARKS_MAX:
        return tuple(found)
    kept = sorted(found, key=lambda mark: (_WEIGHTS.index(mark.kind), mark.at_ns))[: _MARKS_MAX - 1]
    least = max(found, key=lambda mark: _WEIGHTS.index(mark.kind))
    rest = Mark(found[-1].at_ns, least.kind, f"and {len(found) - len(kept)} more marks")
    return (*sorted(kept, key=lambda mark: mark.at_ns), rest)
