"""Keep runs in one DuckDB file, which is open only while a batch goes in or a stretch comes out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import UnknownCampaign, UnknownRun, nearest
from studio.records import TABLES
from studio.store import queries
from studio.store.campaigns import CAMPAIGN_TABLES, campaign_key, fill_campaign
from studio.store.columns import Batch, text_series
from studio.store.engine import Stream, frame_of
from studio.store.holder import this_process
from studio.store.opening import opened
from studio.store.queries import fill
from studio.store.schema import columns
from studio.store.shelf import Acts, RunInfo, RunRow, Status, Stretch, shape_json, shape_of

if TYPE_CHECKING:
    import duckdb
    import polars as pl

__all__ = ["FileShelf", "run_row"]


class FileShelf:
    """A shelf in a file.

    Args:
        file: Made at the first run.
        patience_s: How long to wait while another process holds it.
    """

    def __init__(self, file: Path, *, patience_s: float = 2.0) -> None:
        self.file, self.patience_s = file, patience_s

    def begin(self, info: RunInfo) -> int:
        """Open a run and return its number, one more than any that is in the file."""
        with self._open() as connection:
            run = int(_one(connection, queries.LAST_RUN)[0]) + 1
            known: dict[str, int | str | datetime] = {
                "run": run,
                "scenario": info.scenario,
                "seed": info.seed,
                "sources": info.sources,
                "studio": info.studio,
                "python": info.python,
                "started": info.started.astimezone(UTC),
                "shape": shape_json(info.shape),
                "case": info.case,
                "topology": info.topology,
                "holder": this_process(),
            }
            connection.execute(fill(queries.ADD_RUN, values=known))
        return run

    def append(self, run: int, batch: Batch, acts: Acts | None = None) -> None:
        """Add a batch in one transaction, unless it is in already.

        A batch may be in although an earlier append raised: the disk can fill between commit and acknowledgement.
        """
        with self._open(pending=batch.count) as connection:
            row = self._row(connection, run)
            if acts is not None:
                _insert_acts(connection, run, acts)
            if batch.end <= row.records:
                return
            for table, frame in batch.frames.items():
                connection.register("batch", Stream(frame))
                connection.execute(fill(queries.FILL_TABLE, table=table, values={"run": run}))
            _insert_names(connection, run, batch)
            counts = {table: row.counts.get(table, 0) + len(batch.frames.get(table, ())) for table in TABLES}
            found: dict[str, int | str | datetime] = {"run": run, "records": batch.end, "counts": json.dumps(counts)}
            connection.execute(fill(queries.COUNT_RUN, values=found))

    def finish(self, run: int, status: Status, end_ns: int, sha256: str) -> None:
        """Close a run."""
        with self._open() as connection:
            self._row(connection, run)
            end = {"run": run, "status": status, "end_ns": end_ns, "sha256": sha256}
            connection.execute(fill(queries.CLOSE_RUN, values=end))

    def keep_case(self, run: int, case: str) -> None:
        """Keep what repeats a run; the single acts are in it."""
        with self._open() as connection:
            self._row(connection, run)
            connection.execute(fill(queries.KEEP_CASE, values={"run": run, "case": case}))
            connection.execute(fill(queries.FORGET_ACTS, values={"run": run, "first": 0}))

    def keep_acts(self, run: int, acts: Acts) -> None:
        """Keep what is done to a world that goes on, as rows: a long script costs no more than its end."""
        with self._open() as connection:
            self._row(connection, run)
            _insert_acts(connection, run, acts)

    def acts(self, run: int) -> list[str]:
        """Return what was done to a world that has not ended."""
        with self._open() as connection:
            self._row(connection, run)
            return [str(act) for (act,) in connection.execute(fill(queries.ACTS, values={"run": run})).fetchall()]

    def impatient(self) -> FileShelf:
        """Return a shelf in the same file that does not wait for other processes."""
        return FileShelf(self.file, patience_s=0)

    def rows(self) -> list[RunRow]:
        """List the runs, oldest first; none where there is no file yet."""
        if not self.file.exists():
            return []
        with self._open() as connection:
            found = connection.execute(queries.LIST_RUNS).fetchall()
        return [run_row(row) for row in found]

    def row(self, run: int) -> RunRow:
        """Return one run."""
        with self._open() as connection:
            return self._row(connection, run)

    def delete(self, runs: list[int]) -> None:
        """Forget runs with all their records, all or none of them; later runs take up the room."""
        with self._open() as connection:
            for run in runs:
                self._row(connection, run)
                for table in (*TABLES, "names", "acts", "runs"):
                    connection.execute(fill(queries.FORGET, table=table, values={"run": run}))

    def read(self, run: int, wanted: Mapping[str, int], until: int | None = None) -> Stretch:
        """Return raw rows."""
        end = 2**63 - 1 if until is None else until
        with self._open() as connection:
            row = self._row(connection, run)
            names = connection.execute(fill(queries.NAMES, values={"run": run})).fetchall()
            frames = {}
            for table, first in wanted.items():
                window = {"run": run, "first": first, "end": end}
                query = fill(queries.READ, fields=_fields(table), table=table, values=window)
                frames[table] = frame_of(connection.sql(query))
        return Stretch(frames, text_series("names", [str(name) for (name,) in names]), row.records)

    def add_campaign(self, frames: Mapping[str, pl.DataFrame]) -> int:
        """Keep a campaign's tables in one transaction, and return its number."""
        with self._open() as connection:
            number = int(_one(connection, queries.LAST_CAMPAIGN)[0]) + 1
            for table, frame in frames.items():
                connection.register("batch", Stream(frame))
                connection.execute(fill_campaign(table, number))
        return number

    def campaign(self, number: int) -> Mapping[str, pl.DataFrame]:
        """Return the tables of a campaign."""
        with self._open() as connection:
            known = [row[0] for row in connection.execute(queries.CAMPAIGN_NUMBERS).fetchall()]
            if number not in known:
                raise UnknownCampaign(campaign=number, known=nearest(str(number), map(str, known)))
            return {table: frame_of(connection.sql(_of_campaign(table, number))) for table in CAMPAIGN_TABLES}

    def _open(self, *, pending: int = 0) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return opened(self.file, patience_s=self.patience_s, pending=pending)

    def _row(self, connection: duckdb.DuckDBPyConnection, run: int) -> RunRow:
        found = connection.execute(fill(queries.GET_RUN, values={"run": run})).fetchone()
        if found is None:
            known = [str(row[0]) for row in connection.execute(queries.RUN_NUMBERS).fetchall()]
            raise UnknownRun(run=run, known=nearest(str(run), known))
        return run_row(found)


def _insert_names(connection: duckdb.DuckDBPyConnection, run: int, batch: Batch) -> None:
    import polars as pl

    if batch.names:
        ids = pl.Series("id", range(batch.names_from, batch.names_from + len(batch.names)), dtype=pl.UInt32)
        connection.register("batch", Stream(pl.DataFrame([ids, text_series("text", batch.names)])))
        connection.execute(fill(queries.FILL_NAMES, values={"run": run}))


def _insert_acts(connection: duckdb.DuckDBPyConnection, run: int, acts: Acts) -> None:
    import polars as pl

    first, texts = acts
    seqs = pl.Series("seq", range(first, first + len(texts)), dtype=pl.Int32)
    connection.execute(fill(queries.FORGET_ACTS, values={"run": run, "first": first}))
    connection.register("batch", Stream(pl.DataFrame([seqs, text_series("act", texts)])))
    connection.execute(fill(queries.KEEP_ACTS, values={"run": run}))


def _of_campaign(table: str, number: int) -> str:
    return fill(queries.READ_CAMPAIGN, table=table, order=campaign_key(table), values={"campaign": number})


def _fields(table: str) -> str:
    return ", ".join(f'"{column.name}"' for column in columns(table))


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row


def run_row(row: tuple[Any, ...]) -> RunRow:
    """Read what `queries.LIST_RUNS` or `queries.GET_RUN` gave."""
    run, scenario, seed, sources, studio, python, started, status, end_ns, records, counts, sha256, *given = row
    shape, case, topology, holder = given
    assert isinstance(started, datetime)
    at = started.replace(tzinfo=UTC)
    info = RunInfo(scenario, seed, sources, studio, python, at, shape_of(shape), case, topology)
    found = {table: count for table, count in json.loads(counts).items() if count}
    return RunRow(run, info, status, end_ns, records, found, sha256, holder)
