"""Reduce a run to what a hunt compares and steers by: its outcome, what broke, how hard it went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from studio.records import Delivery, FaultStrike, LedgerEntry, Message, Record, SagaChange, SagaStep, Span, Violation

__all__ = ["Outcome", "outcome_of"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run.

    Attributes:
        signature: Saga states, violations, effects at third parties and delivered messages; equal for runs that are the
            same to everybody but the clock.
        violations: How many rows violate each broken invariant.
        strikes: How often faults struck.
        ran: Service, name and line of all that was handled or compensated.
        latency_ms: Longest time from a message from outside to the end of all that it caused.
        retries: Messages and steps that were tried again.
        queue: Most events that waited or were under way at once.
    """

    signature: tuple[object, ...]
    violations: dict[str, int]
    strikes: int
    ran: frozenset[tuple[str, str, int]]
    latency_ms: float
    retries: int
    queue: int


def outcome_of(records: Sequence[Record]) -> Outcome:
    """Return what came of a run, from its records in order."""
    states: dict[str, str] = {}
    effects: Counter[tuple[str, str]] = Counter()
    broken: Counter[str] = Counter()
    rows: set[tuple[str, str]] = set()
    strikes = retries = 0
    for record in records:
        match record:
            case SagaChange():
                states[record.saga] = record.state
            case LedgerEntry():
                effects[record.name, record.ledger] += 1
            case Violation():
                broken[record.invariant] += 1
                rows.add((record.invariant, record.row))
            case FaultStrike():
                strikes += 1
            case SagaStep() if record.attempt > 1 and record.phase in ("intent", "compensating", "done", "compensated"):
                retries += 1
            case Delivery() if record.outcome == "redelivered":
                retries += 1
            case _:
                pass
    signature = (_sorted(states), tuple(sorted(rows)), _sorted(effects), _sorted(_delivered(records)))
    return Outcome(signature, dict(broken), strikes, _ran(records), _latency_ms(records), retries, _queue(records))


def _sorted(counts: dict[str, str] | Counter[tuple[str, str]] | Counter[tuple[str, ...]]) -> tuple[object, ...]:
    return tuple(sorted(counts.items()))


def _delivered(records: Sequence[Record]) -> Counter[tuple[str, ...]]:
    """Count what became of messages, by address: health checks and ticks happen whatever else does."""
    addresses: dict[int, str] = {}
    counts: Counter[tuple[str, ...]] = Counter()
    for record in records:
        if isinstance(record, Message) and record.kind not in ("health", "job"):
            addresses[record.message] = record.address
        elif isinstance(record, Delivery) and record.message in addresses:
            counts[addresses[record.message], record.consumer, record.outcome, record.reason] += 1
    return counts


def _ran(records: Sequence[Record]) -> frozenset[tuple[str, str, int]]:
    return frozenset(
        (record.service, record.name, record.line)
        for record in records
        if isinstance(record, Span) and record.kind in ("handle", "compensation")
    )


def _latency_ms(records: Sequence[Record]) -> float:
    spans = [record for record in records if isinstance(record, Span) and record.kind not in ("health", "job")]
    begun: dict[int, int] = {}
    ended: dict[int, int] = {}
    for span in spans:
        begun[span.trace] = min(span.start_ns, begun.get(span.trace, span.start_ns))
        ended[span.trace] = max(span.end_ns, ended.get(span.trace, 0))
    return max((ended[trace] - begun[trace] for trace in begun), default=0) / 1e6


def _queue(records: Sequence[Record]) -> int:
    """Return the most events that were stored and not yet settled; the first word of a consumer settles one."""
    waiting: dict[int, None] = {}
    most = 0
    for record in records:
        if isinstance(record, Message) and record.kind == "event":
            waiting[record.message] = None
            most = max(most, len(waiting))
        elif isinstance(record, Delivery) and record.outcome in ("acknowledged", "dead-lettered"):
            waiting.pop(record.message, None)
    return most
