"""Turn records into columns and back: a batch holds what happened in one stretch of a run, table by table.

Texts that repeat are interned in the run's dictionary; a batch brings the names that are new. `seq`, the record's place
in the run, keeps the order across tables.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from studio.records import TABLES, Record
from studio.store.schema import Column, columns

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Batch", "Names", "encode", "merged", "records_of", "rendered", "text_series"]

_TABLE_OF = {record: table for table, record in TABLES.items()}


class Names(dict[str, int]):
    """The dictionary of one run: a name's id is its place. It grows by what the run names, not by what it carries."""

    def __missing__(self, name: str) -> int:
        self[name] = found = len(self)
        return found


@dataclass(frozen=True, slots=True)
class Batch:
    """A stretch of a run, in columns.

    Attributes:
        first: Sequence number of its first record.
        count: How many records it holds.
        frames: Table to its rows: `seq`, then the record's fields, names as ids.
        names_from: Id of the first name that is new.
        names: Names that are new.
    """

    first: int
    count: int
    frames: Mapping[str, pl.DataFrame]
    names_from: int
    names: Sequence[str]

    @property
    def end(self) -> int:
        """Sequence number after its last record."""
        return self.first + self.count


def encode(records: Sequence[Record], first: int, names: Names) -> Batch:
    """Put records into columns; `names` grows by what it did not hold.

    Args:
        records: In the order in which they happened.
        first: Sequence number of the first of them.
        names: The run's dictionary so far.
    """
    names_from = len(names)
    grouped: defaultdict[type, tuple[list[int], list[Any]]] = defaultdict(lambda: ([], []))
    for seq, record in enumerate(records, first):
        seqs, rows = grouped[type(record)]
        seqs.append(seq)
        rows.append(record)
    frames = {_TABLE_OF[kind]: _frame(_TABLE_OF[kind], seqs, rows, names) for kind, (seqs, rows) in grouped.items()}
    return Batch(first, len(records), frames, names_from, list(names)[names_from:])


def merged(batches: Sequence[Batch]) -> Batch:
    """Return one batch in the place of several that follow each other."""
    import polars as pl

    if len(batches) == 1:
        return batches[0]
    parts: defaultdict[str, list[pl.DataFrame]] = defaultdict(list)
    for batch in batches:
        for table, frame in batch.frames.items():
            parts[table].append(frame)
    return Batch(
        batches[0].first,
        sum(batch.count for batch in batches),
        {table: pl.concat(frames) for table, frames in parts.items()},
        batches[0].names_from,
        [name for batch in batches for name in batch.names],
    )


def _frame(table: str, seqs: list[int], rows: list[Any], names: Names) -> pl.DataFrame:
    import polars as pl

    # All columns at once by zip, which takes two thirds of the time of picking each column from all rows.
    found = zip(columns(table), zip(*rows, strict=True), strict=True)
    series = [_column(column, values, names) for column, values in found]
    return pl.DataFrame([pl.Series("seq", seqs, dtype=pl.Int64), *series])


def _column(column: Column, values: Sequence[Any], names: Names) -> pl.Series:
    """Make a column, from its one value where all are the same, as a third of all columns are."""
    # Equal floats may differ in their sign; they are taken as they come.
    if column.kind != "real" and values.count(values[0]) == len(values):
        return _series(column, values[:1], names).new_from_index(0, len(values))
    return _series(column, values, names)


def _series(column: Column, values: Sequence[Any], names: Names) -> pl.Series:
    import polars as pl

    match column.kind:
        case "integer":
            return pl.Series(column.name, values, dtype=pl.Int64)
        case "unsigned":
            return pl.Series(column.name, values, dtype=pl.UInt64)
        case "real":
            return pl.Series(column.name, values, dtype=pl.Float64, strict=False)
        case "name":
            return pl.Series(column.name, list(map(names.__getitem__, values)), dtype=pl.UInt32)
        case "text":
            return text_series(column.name, values)


def text_series(name: str, values: Sequence[str]) -> pl.Series:
    """Make a column of texts; a lone surrogate, which no file can hold, is kept as its escape."""
    import polars as pl

    try:
        return pl.Series(name, values, dtype=pl.String)
    except UnicodeEncodeError:
        escaped = [value.encode("utf-8", "backslashreplace").decode() for value in values]
        return pl.Series(name, escaped, dtype=pl.String)


def rendered(table: str, frame: pl.DataFrame, names: pl.Series) -> pl.DataFrame:
    """Put names in the place of their ids."""
    import polars as pl

    named = {column.name for column in columns(table) if column.kind == "name"}
    # Built from its columns: an expression over a frame of a few rows costs six times as much.
    return pl.DataFrame([names[each].alias(each.name) if each.name in named else each for each in frame.get_columns()])


def records_of(frames: Mapping[str, pl.DataFrame]) -> list[Record]:
    """Turn rendered frames back into records, in the order in which they happened."""
    import polars as pl

    found: list[tuple[int, Record]] = []
    for table, frame in frames.items():
        seq, *fields = frame.get_columns()
        found += zip(seq.to_list(), _rows(table, pl.DataFrame(fields)), strict=True)
    found.sort(key=itemgetter(0))
    return [record for _, record in found]


def _rows(table: str, frame: pl.DataFrame) -> Iterable[Record]:
    make = cast("Any", TABLES[table])._make
    return map(make, frame.rows())
