"""Say where two runs that should be equal part, in whose code, and why that is likely: from values and from source."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from studio.errors import NotDeterministic, Where
from studio.graph.system import Build
from studio.records import TABLES, UNCOMPARED, Record, Span
from studio.simulation.determinism.suspects import Suspect, suspects_in
from studio.source.cell import Source
from studio.store import Difference, RunLog

__all__ = ["cause_of", "culprit_of"]

_CAUSES: Mapping[str, tuple[str, str]] = {
    "order": (
        "the order of a set, which each process has its own",
        "Iterate over `sorted(...)`, or keep a list or a dict.",
    ),
    "address": (
        "an object's address or hash, which each process has its own",
        "Use a key of the data, or `hashlib`, instead of `id` and `hash`.",
    ),
    "environment": (
        "the process's environment",
        'Declare a setting, read it with `setting("NAME")`, and give it in the scenario.',
    ),
    "file": (
        "a file, or the folder that the process works in",
        "Put what is read there into a collection, a setting or a module.",
    ),
    "machine": (
        "what this machine is",
        "Make it a setting, and give it in the scenario.",
    ),
    "clock": (
        "the machine's clock, asked by a library",
        "Pass the library the time: `datetime.now()` in studio cells is the world's.",
    ),
    "randomness": (
        "the machine's randomness, used by a library",
        "Draw in the studio cell, where `random`, `uuid` and `secrets` are the world's, and pass it on.",
    ),
    "": (
        "something outside the world that its values do not show",
        "Look at what the code there asks of libraries, of the process and of the machine.",
    ),
}
"""Cause to how it is worded, and to what to do about it."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|^[0-9a-f]{16,}$", re.IGNORECASE)
_ADDRESS = re.compile(r"0x[0-9a-f]{6,}", re.IGNORECASE)
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
_EPOCH_S = (1_500_000_000, 4_000_000_000)
_CAUSE_OF_ERROR = {"FileNotFoundError": "file", "KeyError": "environment"}
_TITLES = ("address", "name", "collection", "step", "text", "saga", "invariant", "target", "policy")
_TEXT_MAX = 60


def culprit_of(build: Build, difference: Difference, first: RunLog, second: RunLog) -> NotDeterministic:
    """Return the finding that names the first record that differs, with its place and the likely cause.

    Args:
        build: What ran.
        difference: Between the runs.
        first: One run.
        second: The other.
    """
    left, right = _parted(difference.first, difference.second)
    cause = cause_of(left, right) or _cause_of_order(difference, first, second)
    where = _place(first, difference.first) or _place(second, difference.second)
    suspect = _suspect(build, where, cause)
    if suspect is not None and where is not None:
        cause, where = suspect.cause, Where(where.cell, suspect.line)
    worded, advice = _CAUSES[cause]
    seen = f" (`{suspect.text}`)" if suspect is not None else ""
    return NotDeterministic(
        where=where,
        seed=first.row.info.seed,
        scenario=first.row.info.scenario,
        record=difference.seq,
        what=_told(difference, left, right),
        cause=worded + seen,
        advice=advice,
    )


def _parted(first: Record | None, second: Record | None) -> tuple[Any, Any]:
    """Return the two values that differ: of the first such column, and within it of the first such part."""
    if first is None or second is None or type(first) is not type(second):
        return None, None
    for name, one, other in zip(first._fields, first, second, strict=True):
        if name not in UNCOMPARED and one != other:
            return _within(one, other)
    return None, None


def _within(one: Any, other: Any) -> tuple[Any, Any]:
    """Go down into JSON to the smallest part that differs."""
    if isinstance(one, str) and isinstance(other, str):
        try:
            first, second = json.loads(one), json.loads(other)
        except ValueError:
            return one, other
        return _within(first, second) if isinstance(first, dict | list) and first != second else (one, other)
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one:
            if one[key] != other.get(key):
                return _within(one[key], other.get(key))
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other) and not _is_permuted(one, other):
        return next(_within(each, its) for each, its in zip(one, other, strict=True) if each != its)
    return one, other


def cause_of(one: Any, other: Any) -> str:
    """Tell from two values what made them differ; nothing where it could be anything."""
    texts = [each if isinstance(each, str) else json.dumps(each, default=str) for each in (one, other)]
    if any(text in _CAUSE_OF_ERROR for text in texts):
        return next(_CAUSE_OF_ERROR[text] for text in texts if text in _CAUSE_OF_ERROR)
    if all(_NUMBER.fullmatch(text) for text in texts):
        return _cause_of_numbers(*map(float, texts))
    for pattern, cause in ((_ADDRESS, "address"), (_UUID, "randomness"), (_TIMESTAMP, "clock")):
        if all(pattern.search(text) for text in texts):
            return cause
    is_permuted = _is_permuted(one, other) if isinstance(one, list) else _is_permuted(*map(_words, texts))
    return "order" if is_permuted else ""


def _cause_of_numbers(one: float, other: float) -> str:
    for unit in (1, 1e3, 1e6, 1e9):
        if all(_EPOCH_S[0] < each / unit < _EPOCH_S[1] for each in (one, other)):
            return "clock"
    return "address" if min(abs(one), abs(other)) > 2**40 else ""


def _cause_of_order(difference: Difference, first: RunLog, second: RunLog) -> str:
    """Tell whether what happened is the same at that instant, in another order."""
    if difference.first is None or difference.second is None:
        return ""
    now_ns = (difference.first[0], difference.second[0])
    if now_ns[0] != now_ns[1]:
        return ""
    bodies = [Counter(_essence(each) for each in log.records() if each[0] == now_ns[0]) for log in (first, second)]
    return "order" if bodies[0] == bodies[1] else ""


def _essence(record: Record) -> str:
    """Return a record without ordinals, which count in the order of things."""
    texts = [each for each in record if isinstance(each, str)]
    return json.dumps([type(record).__name__, *texts])


def _is_permuted(one: Any, other: Any) -> bool:
    if not isinstance(one, list) or not isinstance(other, list) or len(one) < 2:
        return False
    return one != other and Counter(map(str, one)) == Counter(map(str, other))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def _place(log: RunLog, record: Record | None) -> Where | None:
    """Return the cell and line of the handler in which a record was written."""
    if record is None:
        return None
    if isinstance(record, Span):
        return Where(record.cell, record.line) if record.cell else None
    span, message = getattr(record, "span", 0), getattr(record, "message", 0)
    found = log.sql(
        "select cell, line from spans where cell <> '' and (($span > 0 and span = $span) "
        "or ($span = 0 and $message > 0 and (message = $message "
        "or span in (select span from messages where message = $message)))) order by start_ns, span limit 1",
        span=span,
        message=message,
    )
    return Where(*found.row(0)) if len(found) else None


def _suspect(build: Build, where: Where | None, cause: str) -> Suspect | None:
    """Return the expression that is likely to blame: one of the cause that values show, else the handler's first."""
    source = _source(build, where)
    if source is None or where is None:
        return None
    found = suspects_in(source, around=where.line or 0)
    fitting = [each for each in found if each.cause == cause or not cause]
    return fitting[0] if fitting else None


def _source(build: Build, where: Where | None) -> Source | None:
    sources = (definition.source for definition in build.graph.definitions.values())
    return next((each for each in sources if where is not None and each.label == where.cell and not each.is_sql), None)


def _told(difference: Difference, left: Any, right: Any) -> str:
    record = difference.first if difference.first is not None else difference.second
    if record is None:
        return "nothing"
    if difference.first is None or difference.second is None:
        return f"{_title(record)}, which only one of them has"
    if type(difference.first) is not type(difference.second) or left is None:
        return f"{_title(difference.first)} in the one, {_title(difference.second)} in the other"
    return f"{_title(record)}: {_short(left)} in the one, {_short(right)} in the other"


def _title(record: Record) -> str:
    table = next(name for name, kind in TABLES.items() if type(record) is kind)
    names = [str(getattr(record, each)) for each in _TITLES if getattr(record, each, "")]
    owner = getattr(record, "service", "") or getattr(record, "sender", "") or getattr(record, "consumer", "")
    return " ".join(filter(None, (table, owner, *names[:1])))


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _TEXT_MAX else f"{text[:_TEXT_MAX]}…"
