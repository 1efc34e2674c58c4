"""State what can happen, as values: every table of the log has its record here, and a canonical encoding to compare by.

Records are named tuples, not dataclasses: a run makes millions, and a tuple is built in a third of the time. Times are
integer nanoseconds since the run began (simulated) or since the epoch (real). Identifiers are ordinals within a run
when simulated. No record holds a path, an object address or the text of a foreign error, except in the columns
`UNCOMPARED`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

__all__ = [
    "TABLES",
    "UNCOMPARED",
    "Delivery",
    "DocumentChange",
    "FaultStrike",
    "LedgerEntry",
    "Life",
    "LogLine",
    "Measurement",
    "Message",
    "PolicyChange",
    "Record",
    "SagaChange",
    "SagaStep",
    "Span",
    "Violation",
    "canonical",
]


class Message(NamedTuple):
    """A message entered the bus: a call, an event, an HTTP request or a job's tick."""

    at_ns: int
    message: int
    kind: str  # call, event, http, job, health
    address: str
    sender: str
    replica: int
    key: str
    trace: int
    span: int  # the sender's span; 0 from outside
    cause: int  # the message being handled when this one was sent; 0 from outside
    causal: int  # stable across code edits: hashed from the cause's key, the address and the ordinal of the send
    saga: str
    body: str


class Delivery(NamedTuple):
    """A message, or its reply, was handed over, refused or lost."""

    at_ns: int
    message: int
    consumer: str
    replica: int
    attempt: int
    outcome: str  # delivered, acknowledged, refused, lost, duplicated, redelivered, dead-lettered, replied, timed-out
    reason: str


class Span(NamedTuple):
    """A stretch of work, written when it ends (or when the run does)."""

    start_ns: int
    end_ns: int
    span: int
    parent: int
    trace: int
    kind: str  # handle, call, publish, saga, step, compensation, http, external, job, health
    name: str
    service: str
    replica: int
    status: str  # ok, error, timeout, crashed, unfinished
    error: str  # the error's code or type name
    message: int
    saga: str
    cell: str
    line: int
    error_text: str


class SagaChange(NamedTuple):
    """A saga instance entered a state."""

    at_ns: int
    saga: str
    name: str
    version: str
    state: str  # running, compensating, completed, compensated, stuck, abandoned
    epoch: int
    trace: int
    reason: str


class SagaStep(NamedTuple):
    """A step of a saga instance passed a mark in its journal."""

    at_ns: int
    saga: str
    step: str
    phase: str  # intent, done, failed, unknown, compensating, compensated, compensation-failed
    attempt: int
    error: str
    body: str


class DocumentChange(NamedTuple):
    """A document of a collection changed, at commit."""

    at_ns: int
    service: str
    collection: str
    key: str
    version: int
    change: str  # insert, put, delete
    message: int
    body: str


class LedgerEntry(NamedTuple):
    """A third party's stub wrote down something that it did."""

    at_ns: int
    name: str
    ledger: str
    message: int
    body: str


class FaultStrike(NamedTuple):
    """A fault of the plan took effect."""

    at_ns: int
    fault: int  # its place in the plan, from 1
    kind: str
    target: str
    message: int
    detail: str


class PolicyChange(NamedTuple):
    """A policy did something with a call: tried again, refused, opened, ejected or answered in the callee's place."""

    at_ns: int
    service: str  # the caller's; its memory is where the policy's state lives
    replica: int
    policy: str  # deadline, fallback, retry, budget, breaker, bulkhead, balance, discovery
    target: str  # address, callee, or callee/replica
    change: str  # retried, exhausted, refused, opened, half-open, closed, ejected, returned, refreshed, used, stale
    detail: str
    message: int  # the message being handled when it happened; 0 for none
    span: int  # the work's span
    trace: int


class Measurement(NamedTuple):
    """A metric was counted, set or observed."""

    at_ns: int
    service: str
    replica: int
    name: str
    kind: str  # counter, gauge, histogram, summary
    labels: str
    value: float


class LogLine(NamedTuple):
    """A handler wrote a log line."""

    at_ns: int
    service: str
    replica: int
    level: str
    text: str
    fields: str
    span: int
    trace: int


class Life(NamedTuple):
    """A replica started, crashed, stopped or woke."""

    at_ns: int
    service: str
    replica: int
    incarnation: int
    change: str  # started, crashed, stopped
    reason: str


class Violation(NamedTuple):
    """An invariant did not hold."""

    at_ns: int
    invariant: str
    mode: str  # always, eventually
    row: str


Record = (
    Message
    | Delivery
    | Span
    | SagaChange
    | SagaStep
    | DocumentChange
    | LedgerEntry
    | FaultStrike
    | PolicyChange
    | Measurement
    | LogLine
    | Life
    | Violation
)

TABLES: dict[str, type[tuple[object, ...]]] = {
    "messages": Message,
    "deliveries": Delivery,
    "spans": Span,
    "sagas": SagaChange,
    "saga_steps": SagaStep,
    "documents": DocumentChange,
    "ledgers": LedgerEntry,
    "faults": FaultStrike,
    "policies": PolicyChange,
    "metrics": Measurement,
    "logs": LogLine,
    "lives": Life,
    "violations": Violation,
}
"""Table name to record type, in the order in which tables are shown."""

UNCOMPARED = frozenset({"error_text", "fault"})
"""Columns that `canonical` leaves out: a text that foreign libraries word, and a fault's place in its plan, which
shifts when another is taken out (kind, target and detail are compared)."""

_TABLE_OF = {record: table for table, record in TABLES.items()}
_COMPARED = {
    record: tuple(at for at, name in enumerate(record._fields) if name not in UNCOMPARED)  # type: ignore[attr-defined]
    for record in TABLES.values()
}


def canonical(records: Iterable[Record]) -> bytes:
    """Encode records so that equal runs give equal bytes, on any machine: one JSON array a line, table name first.

    Args:
        records: In the order in which they happened.
    """
    lines = (
        json.dumps([_TABLE_OF[type(record)], *(record[at] for at in _COMPARED[type(record)])]) for record in records
    )
    return "\n".join(lines).encode()
