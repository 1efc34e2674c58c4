"""What is promised of events: none is lost once it was accepted, none waits longer than the scenario bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from studio.address import matches, parse, pattern
from studio.graph.build import Graph
from studio.model.duration import format_ns
from studio.simulation.brokers.carrier import FORGOTTEN
from studio.simulation.promises.patience import explained
from studio.simulation.promises.promise import Evidence, Finding, Promise, broken

__all__ = ["NO_MESSAGE_LOST", "QUEUE_AGE_BOUNDED"]

_SETTLED = ("acknowledged", "dead-lettered")
_HANDED_OVER = ("delivered", "dead-lettered")


class _Expected(NamedTuple):
    """An accepted event, and a subscriber that has to settle it as often as it has handlers."""

    message: int
    at_ns: int
    address: str
    key: str
    consumer: str
    handlers: int


def _lost(evidence: Evidence) -> Finding:
    """Find accepted events that a subscriber never settled.

    Accepted is an event whose publisher went on: the broker confirmed it, or a commit left it in the outbox. A service
    with two handlers of an event settles it twice, so settlements are counted.
    """
    accepted = _accepted(evidence)
    if not accepted:
        return Finding(0)
    forgotten, settled = set(), Counter[tuple[int, str]]()
    for message, consumer, outcome, reason in evidence.rows("deliveries", "message", "consumer", "outcome", "reason"):
        if outcome in _SETTLED:
            settled[message, consumer] += 1
        if reason == FORGOTTEN:
            forgotten.add(message)
    expected = [each for each in _expected(evidence, accepted) if each.message not in forgotten]
    left = [each for each in expected if settled[each.message, each.consumer] < each.handlers]
    left.sort(key=lambda each: (each.at_ns, each.message, each.consumer))
    return Finding(len(expected), tuple(map(_told_lost, left)))


def _told_lost(lost: _Expected) -> dict[str, Any]:
    what = f"{lost.address} ({lost.key or lost.message}) was accepted, and {lost.consumer} never settled it"
    return broken(what, lost.message, lost.at_ns, consumer=lost.consumer)


def _waited(evidence: Evidence) -> Finding:
    """Find, for each consumer, the event that waited longest, where that is longer than the bound."""
    bound_ns = evidence.bound_ns
    if bound_ns is None:
        return Finding(0)
    first: dict[tuple[int, str], int] = {}
    for message, consumer, outcome, at_ns in evidence.rows("deliveries", "message", "consumer", "outcome", "at_ns"):
        if outcome in _HANDED_OVER:
            first[message, consumer] = min(at_ns, first.get((message, consumer), at_ns))
    waits = list(_expected(evidence, _accepted(evidence)))
    worst: dict[str, tuple[int, _Expected]] = {}
    counts: Counter[str] = Counter()
    for each in waits:
        wait_ns = first.get((each.message, each.consumer), evidence.now_ns) - each.at_ns
        if wait_ns > bound_ns:
            counts[each.consumer] += 1
            known_ns, known = worst.get(each.consumer, (-1, each))
            if (wait_ns, -each.message) > (known_ns, -known.message):
                worst[each.consumer] = (wait_ns, each)
    told = sorted(worst.values(), key=lambda found: (found[1].at_ns, found[1].consumer))
    note = explained(evidence.scenario, bound_ns)
    rows = (_told_waiting(each, wait_ns, counts[each.consumer], bound_ns) | note for wait_ns, each in told)
    return Finding(len(waits), tuple(rows))


def _told_waiting(late: _Expected, wait_ns: int, events: int, bound_ns: int) -> dict[str, Any]:
    what = f"{late.address} ({late.key or late.message}) waited {format_ns(wait_ns)} for {late.consumer}"
    return broken(what, late.message, late.at_ns, bound=format_ns(bound_ns), events=events)


def _accepted(evidence: Evidence) -> dict[int, tuple[int, str, str]]:
    """Return the events that were accepted: for each message at_ns, address, key."""
    kept = {
        span
        for span, kind, status in evidence.rows("spans", "span", "kind", "status")
        if kind == "publish" and status == "ok"
    }
    found: dict[int, tuple[int, str, str]] = {}
    for message, kind, span, *event in evidence.rows("messages", "message", "kind", "span", "at_ns", "address", "key"):
        if kind == "event" and span in kept:
            found.setdefault(message, (event[0], event[1], event[2]))
    return found


def _expected(evidence: Evidence, accepted: dict[int, tuple[int, str, str]]) -> Iterator[_Expected]:
    """Yield each accepted event with each subscriber that was there by then, and how many handlers that has."""
    subscribers: dict[str, list[tuple[str, int]]] = {}
    since = _first_starts(evidence)
    for message, (at_ns, address, key) in accepted.items():
        if address not in subscribers:
            subscribers[address] = list(_subscribers(evidence.graph, address))
        for consumer, handlers in subscribers[address]:
            if at_ns >= since.get(consumer, 0):
                yield _Expected(message, at_ns, address, key, consumer, handlers)


def _first_starts(evidence: Evidence) -> dict[str, int]:
    """Return when each service or saga first ran; one that a deploy brought owes nothing of what was before."""
    found: dict[str, int] = {}
    for service, change, at_ns in evidence.rows("lives", "service", "change", "at_ns"):
        if change == "started":
            found.setdefault(service, at_ns)
    return found


def _subscribers(graph: Graph, address: str) -> Iterator[tuple[str, int]]:
    parsed = parse(address)
    for service in graph.services.values():
        count = sum(
            any(matches(pattern(wanted), parsed) for wanted in subscription.patterns)
            for subscription in service.subscriptions
        )
        if count:
            yield service.name, count
    for saga in graph.sagas.values():
        if str(saga.on) == address:
            yield saga.name, 1


NO_MESSAGE_LOST = Promise(
    "no_message_lost",
    "An event that was accepted ends acknowledged or dead-lettered, for every subscriber.",
    "Every delivery model, at least once, for subscribers that exist when it is published; not what a broker forgets "
    "that loses its last acknowledged writes. Asked of runs that came to rest.",
    _lost,
    needs_rest=True,
)
QUEUE_AGE_BOUNDED = Promise(
    "queue_age_bounded",
    "No event waits longer for its first delivery than the scenario's queue_age.",
    "No delivery model bounds it; checked where the scenario does (--queue-age 30s).",
    _waited,
)
