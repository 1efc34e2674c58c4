"""Find where two runs part, stretch by stretch: the first event that only one of them has, or has at another time.

Events are known by causal keys, as `studio.simulation.travel.alignment` knows them, hashed where the data is: so runs
of any length are compared in little memory, one short question after the other, and given up between two of them.
Where the same events happened, the records themselves are compared, in their order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from studio.records import TABLES, UNCOMPARED, Record
from studio.store.schema import columns

if TYPE_CHECKING:
    import polars as pl

    from studio.store.windows.run_view import RunView

__all__ = ["Fork", "Place", "first_differing_record", "first_fork", "record_at"]

STRETCH_RECORDS = 100_000
"""Records that one question reads, roughly."""

Progress = Callable[[float], bool]
"""Told how much is done, from 0 to 1; returns whether to go on."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: table, and sequence number in its run."""

    table: str
    seq: int
    at_ns: int


@dataclass(frozen=True, slots=True)
class Fork:
    """Where two runs part.

    Attributes:
        at_ns: When, in virtual time.
        first: What the one run has there; None where nothing of the kind happened.
        second: What the other has there instead.
    """

    at_ns: int
    first: Place | None
    second: Place | None


def first_fork(first: RunView, second: RunView, *, is_timed: bool, progress: Progress) -> Fork | None:
    """Return the first event in which two runs differ; None where the same happened, or when it was given up.

    Args:
        first: The one run.
        second: The other.
        is_timed: Whether the same event at another time is a difference: so for runs of the same sources. It also
            allows to stop as soon as both sides of the difference are known.
        progress: Told after each stretch.
    """
    import polars as pl

    ends = _stretches(first, second)
    left: list[pl.DataFrame] = []
    right: list[pl.DataFrame] = []
    found: Fork | None = None
    subject: int | None = None  # of the event that differs, whose other side is looked for
    for at, (from_ns, until_ns) in enumerate(ends, start=1):
        one, other = (_events(view, from_ns, until_ns, subject) for view in (first, second))
        if not progress(at / len(ends)):
            return None
        if one.select(_TIMED).equals(other.select(_TIMED)):
            continue  # the same on both sides counts for neither
        left.append(one)
        right.append(other)
        if is_timed:
            found, subject = _fork(_numbered(pl.concat(left)), _numbered(pl.concat(right)), is_timed=is_timed)
            if found is not None and found.first and found.second:
                return found  # what only one side has by now, the other may have later
    if left and not is_timed:
        found, _ = _fork(_numbered(pl.concat(left)), _numbered(pl.concat(right)), is_timed=False)
    return found


def first_differing_record(first: RunView, second: RunView, *, progress: Progress) -> Fork | None:
    """Return the first record, in the canonical order, in which two runs differ; None when there is none."""
    import polars as pl

    end = max(first.row.records, second.row.records)
    for start in range(0, end, STRETCH_RECORDS):
        stretch = (start, min(start + STRETCH_RECORDS, end))
        one, other = (_hashes(view, *stretch) for view in (first, second))
        if not progress(stretch[1] / end):
            return None
        both = one.join(other, on="seq", how="full", coalesce=True, suffix="_other")
        parted = both.filter(pl.col("hash").ne_missing(pl.col("hash_other"))).sort("seq").head(1)
        for row in parted.iter_rows(named=True):
            left, right = (_place(row, suffix) for suffix in ("", "_other"))
            return Fork(min(each.at_ns for each in (left, right) if each), left, right)
    return None


def record_at(view: RunView, table: str, seq: int) -> Record | None:
    """Return one record of a run, names in full."""
    fields = ", ".join(_field(column.name, column.kind) for column in columns(table))
    rows = view.ask(f"select {fields} from raw.{table} r where r.run = {{run}} and r.seq = {{seq}}", seq=seq).rows()  # noqa: S608 - our own names
    return TABLES[table](*rows[0]) if rows else None  # type: ignore[return-value]  # of the table's type


def _stretches(first: RunView, second: RunView) -> list[tuple[int, int]]:
    """Divide virtual time so that each part holds about so many records of both runs."""
    end_ns = max(first.span_ns[1], second.span_ns[1]) + 1
    count = max(1, min((first.row.records + second.row.records) // STRETCH_RECORDS, end_ns))
    marks = [end_ns * at // count for at in range(count + 1)]
    return list(pairwise(marks))


def _events(view: RunView, from_ns: int, until_ns: int, subject: int | None) -> pl.DataFrame:
    """Return the events of a stretch in a canonical order, of one subject or of all."""
    import polars as pl

    found = view.ask(_EVENTS, from_ns=from_ns, until_ns=until_ns)
    kept = found if subject is None else found.filter(pl.col("subject") == subject)
    return kept.sort(*_TIMED, "seq")


def _numbered(events: pl.DataFrame) -> pl.DataFrame:
    """Tell apart what happens again by how often it did."""
    import polars as pl

    ordered = events.sort("at_ns", "seq")
    return ordered.with_columns(occurrence=pl.int_range(pl.len()).over("subject", "content"))


_TIMED = ["at_ns", "subject", "content"]
_KEY = ["subject", "content", "occurrence"]


def _fork(left: pl.DataFrame, right: pl.DataFrame, *, is_timed: bool) -> tuple[Fork | None, int | None]:
    """Return where two runs part, and whom it concerns."""
    import polars as pl

    alone = [
        own.join(other, on=_KEY, how="anti").sort("at_ns", "seq").head(1)
        for own, other in ((left, right), (right, left))
    ]
    moved = left.join(right, on=_KEY, suffix="_other").filter(pl.col("at_ns") != pl.col("at_ns_other"))
    moved = moved.sort("at_ns", "seq").head(1 if is_timed else 0).select(left.columns)
    candidates = pl.concat([*alone, moved]).sort("at_ns", "seq", maintain_order=True)
    if not len(candidates):
        return None, None
    event = candidates.row(0, named=True)
    return Fork(event["at_ns"], _side(event, left, right), _side(event, right, left)), event["subject"]


def _side(event: dict[str, int], own: pl.DataFrame, other: pl.DataFrame) -> Place | None:
    """Return what one run has at the difference: the event itself, or what happened to the same subject instead."""
    import polars as pl

    of_subject = own.filter(pl.col("subject") == event["subject"])
    same = of_subject.filter((pl.col("content") == event["content"]) & (pl.col("occurrence") == event["occurrence"]))
    found = same if len(same) else of_subject.join(other, on=_KEY, how="anti").sort("at_ns", "seq")
    return next((Place(row["table"], row["seq"], row["at_ns"]) for row in found.head(1).iter_rows(named=True)), None)


def _place(row: dict[str, Any], suffix: str) -> Place | None:
    table = row[f"table{suffix}"]
    return Place(table, row["seq"], row[f"at_ns{suffix}"]) if table else None


_TEXT_OF = "(select n.text from raw.names n where n.run = {{run}} and n.id = r.{})"


def _field(name: str, kind: str) -> str:
    return f'{_TEXT_OF.format(name)} as "{name}"' if kind == "name" else f'r."{name}"'


def _hashes(view: RunView, start: int, end: int) -> pl.DataFrame:
    query = " union all ".join(_hashed(table) for table in TABLES)
    return view.ask(query, start=start, end=end)


def _hashed(table: str) -> str:
    fields = [column for column in columns(table) if column.name not in UNCOMPARED]
    joins = [
        f'join raw.names n{at} on n{at}.run = {{run}} and n{at}.id = r."{column.name}"'
        for at, column in enumerate(fields)
        if column.kind == "name"
    ]
    values = [f"n{at}.text" if column.kind == "name" else f'r."{column.name}"' for at, column in enumerate(fields)]
    at = "r.end_ns" if table == "spans" else "r.at_ns"
    return (
        f"select '{table}' as \"table\", r.seq, {at} as at_ns, hash('{table}', {', '.join(values)}) as hash "  # noqa: S608 - our own names
        f"from raw.{table} r {' '.join(joins)} where r.run = {{run}} and r.seq >= {{start}} and r.seq < {{end}}"
    )


def _event(table: str, subject: str, content: str, *, names: str = "", source: str = "", where: str = "true") -> str:
    """Return the query for the events of one table: whom each concerns and what it says, as hashes.

    Args:
        table: Of records.
        subject: What it is known by.
        content: What happened.
        names: Columns that hold ids of names.
        source: Further joins.
        where: Which rows.
    """
    joins = " ".join(
        f"join raw.names {name} on {name}.run = {{run}} and {name}.id = r.{name}" for name in names.split()
    )
    return (
        f"select '{table}' as \"table\", r.seq, r.at_ns, hash('{table}', {subject}) as subject, "  # noqa: S608 - our own names
        f"hash({content}) as content from raw.{table} r {source} {joins} "
        f"where r.run = {{run}} and r.at_ns >= {{from_ns}} and r.at_ns < {{until_ns}} and {where}"
    )


# As `studio.simulation.travel.alignment` tells them; a test compares the two.
_LASTING = "not in (select id from raw.names where run = {run} and text in ('job', 'health'))"
_EVENTS = " union all ".join((
    _event("messages", "r.causal", "address.text, r.body", names="address", where=f"r.kind {_LASTING}"),
    _event(
        "deliveries", "m.causal, consumer.text, kind.text", "outcome.text, reason.text",
        source=f"join raw.messages m on m.run = {{run}} and m.message = r.message and m.kind {_LASTING} "
        "join raw.names kind on kind.run = {run} and kind.id = m.kind",
        names="consumer outcome reason",
    ),
    _event("sagas", "saga.text", "state.text, version.text", names="saga state version"),
    _event("saga_steps", "saga.text, step.text", "phase.text, r.attempt, error.text, r.body",
           names="saga step phase error"),
    _event("documents", "service.text, collection.text, r.key", "change.text, r.body",
           names="service collection change"),
    _event("ledgers", "name.text, ledger.text", "r.body", names="name ledger"),
    _event("lives", "service.text, r.replica", "r.incarnation, change.text", names="service change"),
))  # fmt: skip
