"""Look at what a run left behind and how its work went, for proofs: each answer is a sentence, or nothing."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

from studio.model.duration import format_ns
from studio.simulation.run import Run

__all__ = ["asked_most", "done_twice", "left_by", "outlived", "refused_at", "torn"]

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?")


def done_twice(quiet: Run, run: Run, subject: str) -> str:
    """Say what more there is than in the run without faults, where a subject's work was done more often.

    Args:
        quiet: The run without faults.
        run: The run under a plan.
        subject: Address of an operation, or third party.
    """
    usual, done = _handled(quiet, subject), _handled(run, subject)
    if done <= usual:
        return ""
    before, after = _lasting(quiet), _lasting(run)
    for what in sorted(after):
        if after[what] != before.get(what):
            return (
                f"{subject} ran {done} times, not {usual}, and {what} is {after[what]:g}, not {before.get(what, 0):g}"
            )
    return ""


def torn(run: Run, service: str, collections: tuple[str, ...], address: str) -> str:
    """Say which document was written by a message that led to no event of an address."""
    written = run.sql(
        "select d.service || '.' || d.collection as collection, d.key as key, m.trace as trace "
        "from document_changes d join messages m using (message) where d.service = $service order by d.seq",
        service=service,
    )
    told = run.sql(
        "select m.trace as trace from messages m left join deliveries d using (message) where m.address = $address "
        "group by m.message, m.trace having count(*) filter (d.outcome = 'lost' and d.reason = 'publish') = 0 "
        "or count(*) filter (d.outcome = 'delivered') > 0",
        address=address,
    )
    heard = {int(trace) for (trace,) in told.iter_rows()}
    for collection, key, trace in written.iter_rows():
        if collection in collections and int(trace) not in heard:
            return f"{collection} holds {key}, and no event $.{address} of it ever reached the bus"
    return ""


def left_by(run: Run, saga: str, step: str, address: str) -> str:
    """Say what a step of an instance that was undone has left: the last word on a document is still the step's."""
    found = run.sql(
        "select d.service || '.' || d.collection as collection, d.key as key, i.saga as instance "
        "from documents d join messages m using (message) join sagas i on i.saga = m.saga "
        "where i.name = $saga and i.state = 'compensated' and m.address = $address "
        "and d.collection not like '$%' order by d.seq",
        saga=saga,
        address=address,
    )
    for collection, key, instance in found.iter_rows():
        return f"{instance} was undone, and {collection} still holds {key} of its step {step}"
    return ""


def outlived(run: Run, address: str, inner: str) -> str:
    """Say which work went on after its caller had given it up.

    Args:
        run: Under a plan that makes `inner` slow.
        address: What was called and given up.
        inner: What it waited for.
    """
    found = run.sql(
        "select c.service as caller, h.end_ns - c.end_ns as longer_ns from spans c join spans h using (trace) "
        "where c.kind = 'call' and c.name = $address and c.status = 'timeout' and h.kind = 'handle' "
        "and (h.name = $inner or starts_with(h.name, $inner || ' ')) and h.end_ns > c.end_ns "
        "and h.status = 'ok' order by c.start_ns",
        address=address,
        inner=inner,
    )
    for caller, longer_ns in found.iter_rows():
        more = format_ns(int(longer_ns))
        return f"{caller} gave {address} up, and {inner} did its work all the same, {more} later"
    return ""


def asked_most(run: Run, address: str) -> int:
    """Return how often an address was called at most on behalf of one message from outside."""
    found = run.sql(
        "select count(*) as times from messages where kind = 'call' and address = $address group by trace "
        "order by times desc limit 1",
        address=address,
    )
    return int(found["times"][0]) if len(found) else 0


def refused_at(run: Run, service: str, ill: str) -> str:
    """Say which healthy operation of a service a breaker refused while another was ill."""
    found = run.sql("select service, target from policies where policy = 'breaker' and change = 'refused' order by seq")
    for caller, address in found.iter_rows():
        if address not in (ill, service) and str(address).partition(".")[0] == service:
            return f"the breaker of {caller} refused $.{address} although only $.{ill} failed"
    return ""


def _handled(run: Run, subject: str) -> int:
    """Return how often something was done to its end, at an operation or a third party."""
    found = run.sql(
        "select count(*) as times from spans where kind = 'handle' and status = 'ok' "
        "and (name = $subject or starts_with(name, $subject || ' '))",
        subject=subject,
    )
    return int(found["times"][0])


def _lasting(run: Run) -> dict[str, float]:
    """Return what remains of a run as numbers by name: documents and ledger entries, and the numbers in documents."""
    numbers: Counter[str] = Counter()
    for service, collection, key, body in run.sql("select service, collection, key, body from documents").iter_rows():
        if not str(collection).startswith("$"):
            numbers[f"the number of documents in {service}.{collection}"] += 1
            for field, value in _numbers(json.loads(body)):
                numbers[f"{field} of {service}.{collection}/{key}"] = value
    for name, ledger in run.sql("select name, ledger from ledgers").iter_rows():
        numbers[f"the number of entries in {name}.{ledger}"] += 1
    return dict(numbers)


def _numbers(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Return the numbers in a document, and the lengths of its lists, by field."""
    if isinstance(value, bool):
        return []
    if isinstance(value, (int, float)):
        return [(path, value)]
    if isinstance(value, str) and _NUMBER.fullmatch(value):  # as decimals cross wires
        return [(path, float(value))]
    if isinstance(value, list):
        return [(f"the length of {path}", len(value))]
    if isinstance(value, dict):
        return [pair for name, each in value.items() for pair in _numbers(each, f"{path}.{name}" if path else name)]
    return []
