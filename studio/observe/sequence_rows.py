"""Turn records into the rows of a sequence diagram: who sent what to whom, what became of it, what happened to whom.

Every message of the records becomes a row for each way that it went. Which of them are shown is chosen elsewhere.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from studio.errors import in_words
from studio.observe.marks import mark_of
from studio.records import (
    Delivery,
    DocumentChange,
    FaultStrike,
    LedgerEntry,
    Life,
    Message,
    PolicyChange,
    Record,
    SagaChange,
    Span,
    Violation,
)

__all__ = ["OUTSIDE", "Row", "RowKind", "rows_of"]

RowKind = Literal[
    "call", "event", "reply", "effect", "saga", "crash", "policy", "trouble", "fault", "violation", "more"
]
"""What a row shows: a message on its way, its answer, or something that happened at one place."""

OUTSIDE = "outside"
"""Lane of whoever asks the system for something."""

_HANDED_OVER = {"delivered", "duplicated"}
_BACK = {"reply", "acknowledgement", "the caller is gone"}
_UNTOLD = {"acknowledged", "redelivered"}
"""What goes without saying: a broker that tries again says so, and then what became of it."""
_BODY_MAX = 60
_UNHEALTHY = {"health", "job"}


@dataclass(slots=True)
class Row:
    """One row.

    Attributes:
        at_ns: When it happened, or began.
        seq: Place among the records.
        kind: What it shows.
        lane: Where, or from where.
        to: Where an arrow ends; empty for what happens at one place.
        words: What is said of it.
        message: Id of the message; 0 for none.
        arrives_ns: When an arrow arrives.
        is_lost: Whether an arrow ends on its way.
        is_troubled: Whether something went wrong.
        matters: Whether the story is not told without it.
        strikes: What struck here, in words.
        trace: Of a saga's change; 0 for others, whose message says it.
    """

    at_ns: int
    seq: int
    kind: RowKind
    lane: str
    to: str
    words: str
    message: int = 0
    arrives_ns: int = 0
    is_lost: bool = False
    is_troubled: bool = False
    matters: bool = False
    strikes: list[str] = field(default_factory=list)
    trace: int = 0


def rows_of(
    records: Iterable[Record], matters: Callable[[Record], bool], first: Collection[str] = ()
) -> tuple[list[Row], dict[int, Message]]:
    """Return all rows in the order of time, and the messages by their ids.

    Args:
        records: Of a run, or a part of one.
        matters: Says which documents and ledger entries belong to the story; the others make no row.
        first: Fields of theirs that are told before the others.
    """
    known = list(enumerate(records))
    making = _Making({each.message: each for _, each in known if isinstance(each, Message)}, matters, first)
    rows: list[Row] = []
    strikes: list[tuple[int, FaultStrike]] = []
    for seq, record in known:
        if isinstance(record, FaultStrike):
            strikes.append((seq, record))
        else:
            rows += making.rows_of(seq, record)
    rows += _strike(rows, strikes, making)
    return sorted(rows, key=lambda row: (row.at_ns, row.seq)), making.messages


class _Making:
    """What must be known of the messages before to make a row of a record."""

    def __init__(self, messages: dict[int, Message], matters: Callable[[Record], bool], first: Collection[str]) -> None:
        self.messages, self._matters, self._first = messages, matters, first
        self.callees: dict[int, str] = {}
        self._sent: dict[int, int] = {}
        self._answered: dict[tuple[int, str], tuple[int, int]] = {}

    def rows_of(self, seq: int, record: Record) -> Iterator[Row]:
        match record:
            case Message():
                self._sent[record.message] = seq
            case Span() if record.message:
                self._answered[record.message, record.service] = (record.end_ns, seq)
            case Delivery() if record.message in self.messages:
                if self.messages[record.message].kind not in _UNHEALTHY:
                    yield from self._delivery(seq, record)
            case DocumentChange() if self._matters(record):
                words = f"{record.collection} {record.key}: {_body_words(record.body, record.change, self._first)}"
                yield Row(record.at_ns, seq, "effect", record.service, "", words, record.message, matters=True)
            case LedgerEntry() if self._matters(record):
                words = f"{record.ledger}: {_body_words(record.body, '', self._first)}"
                yield Row(record.at_ns, seq, "effect", record.name, "", words, record.message, matters=True)
            case _:
                yield from _happening(seq, record)

    def _delivery(self, seq: int, record: Delivery) -> Iterator[Row]:
        """Return the way that a message, its answer or its acknowledgement went."""
        message = self.messages[record.message]
        sender = lane_of(message.sender)
        if record.outcome in _HANDED_OVER:
            self.callees[record.message] = record.consumer
            yield self._arrow(seq, record, message)
        elif record.outcome == "replied":
            is_bad = _is_bad_answer(message, record)
            yield self._reply(seq, record, message, _answer_words(message, record), is_bad=is_bad)
        elif record.outcome == "late":
            row = self._reply(seq, record, message, "answer comes too late", is_bad=True)
            row.matters = True
            yield row
        elif record.outcome == "lost":
            yield self._lost(seq, record, message)
        elif record.outcome == "refused" and message.kind != "event":
            callee = self._callee(message, record)
            words = f"{_label(message)} is refused ({record.reason})"
            yield _stopped(record, seq, "call", (sender, callee), words)
        elif record.outcome not in _UNTOLD:
            yield self._trouble(seq, record, message, sender)

    def _arrow(self, seq: int, record: Delivery, message: Message) -> Row:
        is_again = record.attempt > 1 or record.outcome != "delivered"
        label = _label(message)
        again = f" again ({record.outcome})" if record.outcome != "delivered" else f", attempt {record.attempt}"
        kind: RowKind = "event" if message.kind == "event" else "call"
        at_ns = record.at_ns if is_again else message.at_ns
        place = seq if is_again else self._sent.get(record.message, seq)
        return Row(
            at_ns, place, kind, lane_of(message.sender), lane_of(record.consumer), label + (again if is_again else ""),
            message.message, record.at_ns, is_troubled=is_again, matters=is_again,
        )  # fmt: skip

    def _reply(self, seq: int, record: Delivery, message: Message, words: str, *, is_bad: bool) -> Row:
        """Return the way of an answer, from the end of the work that it answers with."""
        callee = self._callee(message, record)
        at_ns, place = self._answered.get((record.message, callee), (record.at_ns, seq))
        return Row(
            at_ns, place, "reply", callee, lane_of(message.sender), words, message.message, record.at_ns,
            is_troubled=is_bad,
        )  # fmt: skip

    def _lost(self, seq: int, record: Delivery, message: Message) -> Row:
        callee, sender = self._callee(message, record), lane_of(message.sender)
        if record.reason in _BACK:
            words = f"{'acknowledgement' if record.reason == 'acknowledgement' else 'answer'} is lost"
            return _stopped(record, seq, "reply", (callee, sender), words)
        words = f"{_label(message)} is lost"
        kind: RowKind = "event" if message.kind == "event" else "call"
        return _stopped(record, seq, kind, (sender, callee), words)

    def _trouble(self, seq: int, record: Delivery, message: Message, sender: str) -> Row:
        reason = f" ({in_words(record.reason)})" if record.reason else ""
        told = {"timed-out": f"no answer in time: {_label(message)}"}
        lane = lane_of(record.consumer) if message.kind == "event" else sender
        words = told.get(record.outcome, f"{_label(message)} {record.outcome}{reason}")
        return Row(record.at_ns, seq, "trouble", lane, "", words, message.message, is_troubled=True, matters=True)

    def _callee(self, message: Message, record: Delivery) -> str:
        """Return who was asked: who took it, or who would have."""
        known = self.callees.get(message.message)
        if known is None and record.consumer and lane_of(record.consumer) != lane_of(message.sender):
            known = record.consumer
        return lane_of(known or message.address.replace(" ", ".").split(".")[0])


def _stopped(record: Delivery, seq: int, kind: RowKind, way: tuple[str, str], words: str) -> Row:
    """Return an arrow that ends on its way."""
    return Row(
        record.at_ns, seq, kind, *way, words, record.message, record.at_ns, is_lost=True, is_troubled=True, matters=True
    )  # fmt: skip


def lane_of(owner: str) -> str:
    """Return the lane of a service, saga or third party."""
    return OUTSIDE if owner in ("world", "outside", "") else owner


def _happening(seq: int, record: Record) -> Iterator[Row]:
    """Return what happened at one place, if it is worth a row."""
    match record:
        case Life(change="started", reason=reason):
            if reason:
                words = f"replica {record.replica} starts again"
                yield Row(record.at_ns, seq, "crash", record.service, "", words)
        case Life():
            words = f"replica {record.replica} {record.change}"
            yield Row(record.at_ns, seq, "crash", record.service, "", words, is_troubled=True, matters=True)
        case SagaChange() if record.state != "running":
            is_bad = record.state != "completed"
            words = f"{record.saga} is {record.state}"
            yield Row(record.at_ns, seq, "saga", record.name, "", words, is_troubled=is_bad, trace=record.trace)
        case PolicyChange():
            mark = mark_of(record)
            if mark is not None:
                yield Row(record.at_ns, seq, "policy", record.service, "", mark.words, record.message)
        case Violation():
            words = f"{record.invariant} is broken: {_body_words(record.row, '')}"
            yield Row(record.at_ns, seq, "violation", "", "", words, is_troubled=True, matters=True)


def _strike(rows: list[Row], strikes: Iterable[tuple[int, FaultStrike]], making: _Making) -> Iterator[Row]:
    """Put each strike to the row in which it shows; one that shows in none is a row of its own."""
    lanes = {row.lane for row in rows} | {row.to for row in rows}
    at: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        at[row.at_ns].append(row)
    for seq, strike in strikes:
        mark = mark_of(strike)
        words = strike.kind if mark is None else mark.words
        here = [row for row in at[strike.at_ns] if _shows(row, strike)]
        if here:
            row = min(here, key=lambda row: (row.seq < seq, abs(row.seq - seq)))
            row.strikes.append(words)
            row.matters = True
            continue
        lane = making.callees.get(strike.message) or strike.target.split(".")[0]
        if lane not in lanes and strike.message in making.messages:
            lane = making.messages[strike.message].sender
        yield Row(strike.at_ns, seq, "fault", lane_of(lane), "", words, strike.message, is_troubled=True, matters=True)


def _shows(row: Row, strike: FaultStrike) -> bool:
    if row.kind == "crash":
        return row.is_troubled and (strike.target == row.lane or row.lane in strike.detail)
    return bool(strike.message) and row.message == strike.message and row.kind in ("call", "event", "reply", "trouble")


def _label(message: Message) -> str:
    """Return what a message is called: its address, or method and path of a request."""
    return message.address.partition(" ")[2] if message.kind == "http" else message.address


def _answer_words(message: Message, record: Delivery) -> str:
    if message.kind == "http":
        return record.reason or "answer"
    return f"failed: {in_words(record.reason)}" if record.reason else "ok"


def _is_bad_answer(message: Message, record: Delivery) -> bool:
    return record.reason[:1] in "45" if message.kind == "http" and record.reason else bool(record.reason)


def _body_words(body: str, change: str, first: Collection[str] = ()) -> str:
    """Return a document in few words: its plain fields."""
    if not body or change == "delete":
        return change
    try:
        values = json.loads(body)
    except ValueError:
        return body[:_BODY_MAX]
    if not isinstance(values, dict):
        return json.dumps(values)[:_BODY_MAX]
    ordered = sorted(values.items(), key=lambda item: item[0] not in first)
    told = ", ".join(f"{name} {value}" for name, value in ordered if not isinstance(value, dict | list))
    return told if len(told) <= _BODY_MAX else told[: _BODY_MAX - 1] + "…"
