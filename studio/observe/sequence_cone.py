"""Choose which rows of a sequence diagram are shown: what led to the trouble, not what merely went on beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from studio.observe.sequence_rows import Row
from studio.records import Message

__all__ = ["cone_of"]

STRIKES_MAX = 8
"""Where faults struck more often than that, only strikes in the traces concerned are shown."""


ALIKE_MAX = 3
"""Of rows that say the same again and again, so many are shown: the first ones, and the last."""
FOLD_MIN = 3
"""Fewer rows that are left out in one place are not worth a row that says so."""


def cone_of(rows: Sequence[Row], messages: Mapping[int, Message], rows_max: int) -> tuple[list[Row], int]:
    """Return the rows that matter, those that led to them, and in the place of many others how many they were.

    The number beside them counts those that no row speaks of.

    Args:
        rows: All of them, in order.
        messages: By id.
        rows_max: More are not shown.
    """
    key = [row for row in _concerned(rows, messages) if row.matters]
    if not any(row.message for row in key):  # nothing stands out: tell what happened, from the beginning
        return _folded(rows, _bounded(rows, {id(row) for row in rows}, rows_max), None, messages)
    kept = _ancestors({row.message for row in key}, messages)
    kept = _ancestors(kept | _again(kept, messages), messages)
    traces = {messages[each].trace for each in kept if each in messages}
    leading = _Leading(kept, traces, messages)
    last = max(row.seq for row in key if row.kind != "violation") if len(key) > 1 else key[0].seq
    chosen = {id(row) for row in key} | {id(row) for row in rows if row.seq <= last and leading.has(row)}
    chosen |= {id(row) for row in rows if row.kind == "saga" and row.trace in traces}
    return _folded(rows, _bounded(rows, chosen, rows_max), traces, messages)


def _concerned(rows: Sequence[Row], messages: Mapping[int, Message]) -> list[Row]:
    """Return the rows of the traces that had the effects in question; all of them where none is in question.

    What struck without a message, such as a crash, stays; so do the strikes, while they are few.
    """
    traces = {messages[row.message].trace for row in rows if row.kind == "effect" and row.message in messages}
    if not traces:
        return list(rows)
    are_few = sum(bool(row.strikes) for row in rows) <= STRIKES_MAX
    return [
        row
        for row in rows
        if row.message not in messages or messages[row.message].trace in traces or (are_few and row.strikes)
    ]


def _ancestors(found: Iterable[int], messages: Mapping[int, Message]) -> set[int]:
    """Return messages and what caused them, back to what came from outside."""
    known: set[int] = set()
    for each in found:
        at = each
        while at and at not in known:
            known.add(at)
            at = messages[at].cause if at in messages else 0
    return known


def _again(found: Iterable[int], messages: Mapping[int, Message]) -> set[int]:
    """Return the other attempts at what was tried in some messages."""
    tried = {(each.cause, each.address, each.sender) for at in found if (each := messages.get(at)) and each.cause}
    return {each.message for each in messages.values() if (each.cause, each.address, each.sender) in tried}


class _Leading:
    """Which rows lead to what matters."""

    def __init__(self, kept: set[int], traces: set[int], messages: Mapping[int, Message]) -> None:
        self._kept, self._traces = kept, traces
        self._acted = {(messages[at].cause, messages[at].sender) for at in kept if at in messages}

    def has(self, row: Row) -> bool:
        """Whether a row is on the way; of an event, only the delivery to those who acted on it in this story."""
        if row.kind == "policy":
            return row.message in self._kept
        if row.message not in self._kept or not row.to:
            return False
        return row.kind != "event" or (row.message, row.to) in self._acted


def _bounded(rows: Sequence[Row], chosen: set[int], rows_max: int) -> set[int]:
    """Return at most so many of the chosen rows: the first ones, and the last."""
    chosen = _varied(rows, chosen)
    listed = [id(row) for row in rows if id(row) in chosen]
    if len(listed) <= rows_max:
        return chosen
    ending = rows_max // 3
    verdicts = (id(row) for row in rows if row.kind == "violation")
    return {*listed[: rows_max - ending], *listed[-ending:], *(each for each in verdicts if each in chosen)}


def _varied(rows: Sequence[Row], chosen: set[int]) -> set[int]:
    """Return the chosen rows without those that only say once more what others say."""
    alike: dict[tuple[str, str, str, str], list[int]] = {}
    for row in rows:
        if id(row) in chosen and row.kind not in ("effect", "violation"):
            alike.setdefault((row.kind, row.lane, row.to, row.words), []).append(id(row))
    return chosen - {each for same in alike.values() if len(same) > ALIKE_MAX for each in same[ALIKE_MAX - 1 : -1]}


def _folded(
    rows: Sequence[Row], chosen: set[int], traces: set[int] | None, messages: Mapping[int, Message]
) -> tuple[list[Row], int]:
    """Return the chosen rows; those of the same traces that are left out between two of them are counted."""
    found: list[Row] = []
    left: list[Row] = []
    unsaid = 0
    for row in rows:
        if id(row) in chosen:
            unsaid += len(left) if len(left) < FOLD_MIN else 0
            found += [*_more(left), row]
            left = []
        elif row.to and (traces is None or messages[row.message].trace in traces):
            left.append(row)
    unsaid += len(left) if len(left) < FOLD_MIN else 0
    return found + _more(left), unsaid


def _more(left: Sequence[Row]) -> list[Row]:
    """Return one row that stands for those that are left out."""
    if len(left) < FOLD_MIN:
        return []
    return [Row(left[0].at_ns, left[0].seq, "more", "", "", f"… {len(left)} more")]
