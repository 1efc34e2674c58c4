"""Align two runs by causal keys and find the first event in which they part, in words.

Ids and places among the records shift as soon as one more message is sent; causal keys do not, even across edits of the
code. So each event is known by whom it concerns and what it is, not by where it stands.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from studio.errors import in_words
from studio.model.duration import format_ns
from studio.records import Delivery, DocumentChange, LedgerEntry, Life, Message, Record, SagaChange, SagaStep

__all__ = ["NOTHING", "Happening", "Parting", "happenings", "parting"]

NOTHING = "nothing of the kind"
_BODY_MAX = 100
_PERIODIC = {"job", "health"}
_LEGS = {"request", "reply", "publish", "acknowledgement"}


class Happening(NamedTuple):
    """An event that can be found again in another run.

    Attributes:
        at_ns: When.
        seq: Place among the records.
        subject: Whom or what it concerns.
        content: What happened to it.
        words: In words.
    """

    at_ns: int
    seq: int
    subject: tuple[Any, ...]
    content: tuple[Any, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Parting:
    """The first event in which two runs differ.

    Attributes:
        at_ns: When they part.
        first: What happened in the one run, in words.
        second: What happened in the other instead.
        first_ns: When that was; None where nothing of the kind happened.
        second_ns: Likewise.
    """

    at_ns: int
    first: str
    second: str
    first_ns: int | None
    second_ns: int | None

    def told(self, first: str, second: str) -> list[str]:
        """Return both sides as lines, each under the name of its run."""
        width = max(len(first), len(second)) + 1
        sides = ((first, self.first, self.first_ns), (second, self.second, self.second_ns))
        return [f"{name + ':':<{width}} {_told(words, at_ns)}" for name, words, at_ns in sides]

    def __str__(self) -> str:
        return "\n".join(self.told("first", "second"))


def parting(first: Iterable[Record], second: Iterable[Record], *, is_timed: bool = True) -> Parting | None:
    """Return the first event in which two runs differ; None where the same happened in both.

    Args:
        first: Records of the one run.
        second: Records of the other.
        is_timed: Whether the same at another time counts as a difference.
    """
    left, right = _numbered(happenings(first)), _numbered(happenings(second))
    candidates: list[tuple[int, int, tuple[Any, ...]]] = []
    for own, other in ((left, right), (right, left)):
        for key, each in own.items():
            if key not in other:
                candidates.append((each.at_ns, each.seq, key))
                break
    if is_timed:
        moved = ((each.at_ns, each.seq, key) for key, each in left.items() if _is_moved(each, right.get(key)))
        candidates += [min(found)] if (found := list(moved)) else []
    if not candidates:
        return None
    at_ns, _, key = min(candidates, key=lambda found: found[:2])
    return _parting(at_ns, _side(key, left, right), _side(key, right, left))


def happenings(records: Iterable[Record]) -> Iterator[Happening]:
    """Yield what happened, without what comes again by itself (jobs, health checks), and without faults and spans."""
    messages: dict[int, Message] = {}
    for seq, record in enumerate(records):
        if isinstance(record, Message):
            messages[record.message] = record
        told = _happening(record, messages)
        if told is not None:
            subject, content, words = told
            yield Happening(record.at_ns, seq, subject, content, words)  # type: ignore[union-attr]  # spans are not told


Told = tuple[tuple[Any, ...], tuple[Any, ...], str]


def _happening(record: Record, messages: dict[int, Message]) -> Told | None:
    """Return whom a record concerns, what it says, and that in words; None for what is not compared."""
    match record:
        case Message() if record.kind not in _PERIODIC:
            return ("message", record.causal), (record.address, record.body), _sent_words(record)
        case Delivery() if record.message in messages and messages[record.message].kind not in _PERIODIC:
            message = messages[record.message]
            subject = ("delivery", message.causal, record.consumer, message.kind)
            return subject, (record.outcome, record.reason), _delivery_words(record, message)
        case SagaChange():
            version = f" in version {record.version}" if record.version else ""
            return ("saga", record.saga), (record.state, record.version), f"{record.saga} is {record.state}{version}"
        case SagaStep():
            failed = f" ({in_words(record.error)})" if record.error else ""
            words = f"step {record.step} of {record.saga}: {record.phase}{failed}, attempt {record.attempt}"
            return ("step", record.saga, record.step), (record.phase, record.attempt, record.error, record.body), words
        case _:
            return _effect(record)


def _effect(record: Record) -> Told | None:
    match record:
        case DocumentChange():
            name = f"{record.service}.{record.collection} {record.key}"
            subject = ("document", record.service, record.collection, record.key)
            return subject, (record.change, record.body), f"{name}: {record.change} {_short(record.body)}".rstrip()
        case LedgerEntry():
            words = f"{record.name} writes down in {record.ledger}: {_short(record.body)}"
            return ("ledger", record.name, record.ledger), (record.body,), words
        case Life():
            words = f"replica {record.replica} of {record.service} {record.change}"
            return ("life", record.service, record.replica), (record.incarnation, record.change), words
    return None


def _sent_words(message: Message) -> str:
    who = "somebody outside" if message.sender == "world" else message.sender
    verb = "publishes" if message.kind == "event" else "asks"
    key = f" of {message.key}" if message.key else ""
    return f"{who} {verb} {message.address}{key}: {_short(message.body)}".removesuffix(": ")


def _delivery_words(record: Delivery, message: Message) -> str:
    whom, what = record.consumer, message.address
    again = f", attempt {record.attempt}" if record.attempt > 1 else ""
    reason = in_words(record.reason)
    told = {
        "delivered": f"{whom} takes {what}{again}",
        "replied": f"the answer of {what} arrives{f': {reason}' if reason else ''}",
        "lost": f"the {reason} of {what} is lost" if reason in _LEGS else f"{what} is lost on its way to {whom}",
        "timed-out": f"{message.sender} gets no answer of {what} in time",
        "acknowledged": f"{whom} acknowledges {what}{again}",
    }
    return told.get(record.outcome, f"{what} is {record.outcome} at {whom}{again}{f' ({reason})' if reason else ''}")


def _numbered(found: Iterable[Happening]) -> dict[tuple[Any, ...], Happening]:
    """Return events by what they are; what happens again is told apart by how often it did."""
    counts: Counter[tuple[Any, ...]] = Counter()
    known: dict[tuple[Any, ...], Happening] = {}
    for each in found:
        counts[each.subject, each.content] += 1
        known[each.subject, each.content, counts[each.subject, each.content]] = each
    return known


def _is_moved(each: Happening, other: Happening | None) -> bool:
    return other is not None and other.at_ns != each.at_ns


def _side(
    key: tuple[Any, ...], own: dict[tuple[Any, ...], Happening], other: dict[tuple[Any, ...], Happening]
) -> Happening | None:
    """Return what one run has at the difference: the event itself, or what happened to the same subject instead."""
    if key in own:
        return own[key]
    return next((each for mine, each in own.items() if mine[0] == key[0] and mine not in other), None)


def _parting(at_ns: int, first: Happening | None, second: Happening | None) -> Parting:
    words = [NOTHING if each is None else each.words for each in (first, second)]
    times = [None if each is None else each.at_ns for each in (first, second)]
    return Parting(at_ns, words[0], words[1], times[0], times[1])


def _told(words: str, at_ns: int | None) -> str:
    return words if at_ns is None else f"{words} (at {format_ns(at_ns)})"


def _short(body: str) -> str:
    """Return a document in one short line, as people read it."""
    try:
        text = _plainly(json.loads(body)) if body else ""
    except ValueError:
        text = body
    return text if len(text) <= _BODY_MAX else text[: _BODY_MAX - 1] + "…"


def _plainly(value: Any) -> str:
    """Return a value of JSON in words: the fields of an object one after another, those inside it in brackets."""
    if isinstance(value, dict):
        return ", ".join(
            f"{name} ({_plainly(each)})" if isinstance(each, dict) else f"{name} {_plainly(each)}"
            for name, each in value.items()
        )
    if isinstance(value, list):
        return "[" + "; ".join(map(_plainly, value)) + "]"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
