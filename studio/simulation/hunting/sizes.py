"""Cut a scenario's workload down: a hunt looks at one message of each address first, then at two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from studio.records import Message, Record
from studio.simulation.case import Case, Sent

__all__ = ["SENDS_MAX", "cut", "sends_of", "sizes_of"]

SENDS_MAX = 200
"""Messages that are written out one by one; a larger workload stays the rule that it is."""


def sends_of(records: Iterable[Record]) -> tuple[Sent, ...]:
    """Return the messages that a run was sent from outside; the first of them only, where they are very many."""
    sent = (
        Sent(record.at_ns, record.address, record.body)
        for record in records
        if isinstance(record, Message) and record.sender == "world" and record.kind in ("call", "event")
    )
    return tuple(islice(sent, SENDS_MAX))


def cut(sends: Sequence[Sent], count: int) -> tuple[Sent, ...]:
    """Return the first so many messages to each address, in their order."""
    seen: Counter[str] = Counter()
    kept = []
    for sent in sends:
        seen[sent.address] += 1
        if seen[sent.address] <= count:
            kept.append(sent)
    return tuple(kept)


def sizes_of(case: Case, sends: Sequence[Sent], counts: Sequence[int] = (1, 2)) -> list[Case]:
    """Return a case at each size of its workload, smallest first, the whole last, no two alike.

    Args:
        case: What is hunted.
        sends: What it was sent when it ran without faults.
        counts: Messages to each address.
    """
    workloads = dict.fromkeys(cut(sends, count) for count in counts)
    found = [replace(case, sends=workload) for workload in workloads]
    is_more = case.sends is None and len(sends) > max(map(len, workloads))
    return [*found, case] if is_more else found
