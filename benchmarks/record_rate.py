"""Measure how fast records go into the log's file, and how much memory that takes at its peak.

The comparison is a bare insert in the same run: the same records, row by row into Polars frames of the same size, and
those into DuckDB tables of the same columns, by one connection that stays open. Each way runs in a process of its own,
since a process never gives its peak back, after a few records that load what it needs.

Run: `python benchmarks/record_rate.py [--records 1000000] [--batch 65536]`
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from studio.records import TABLES, Delivery, DocumentChange, Message, Record, SagaStep, Span

BODY = '{{"order_id":"order-{0}","customer":"ada","items":[{{"sku":"tea","quantity":2}}],"total":"12.50"}}'


@dataclass(frozen=True, slots=True)
class Figure:
    """What one way of recording took."""

    records: int
    seconds: float
    peak_mib: float
    file_mib: float

    @property
    def rate(self) -> float:
        """Records per second."""
        return self.records / self.seconds


def order_records(count: int) -> Iterator[Record]:
    """Yield what a simulated order system writes: a call with its two deliveries, its spans, a step, a document."""
    for at in range(0, count, 7):
        order, now, saga = at // 7, at * 1000, f"OrderProcessing/order-{at // 70}"
        body = BODY.format(order)
        causal = (at * 0x9E3779B97F4A7C15) % 2**64
        yield Message(
            now, at + 1, "call", "Inventory.reserve", "OrderProcessing", 1, "", order, at, at, causal, saga, body
        )
        yield Delivery(now + 1, at + 1, "Inventory", 1, 1, "delivered", "")
        yield _span(now, at + 2, order, kind="handle", message=at + 1, saga=saga)
        yield DocumentChange(now + 5, "Inventory", "reservations", f"order-{order}", 1, "insert", at + 1, body)
        yield Delivery(now + 9, at + 1, "Inventory", 1, 1, "replied", "")
        yield _span(now, at + 3, order, kind="call", message=0, saga=saga)
        yield SagaStep(now + 10, saga, "reserve_inventory", "done", 1, "", body)


def _span(now: int, span: int, trace: int, *, kind: str, message: int, saga: str) -> Span:
    return Span(
        now, now + 9, span, span - 2, trace, kind, "Inventory.reserve", "Inventory", 1, "ok", "", message, saga,
        "service Inventory", 12, "",
    )  # fmt: skip


def record(file: Path, count: int, batch: int) -> None:
    """Write records as Studio does."""
    from studio.store import Log, RunInfo

    buffer = Log.open(file).record(RunInfo("bench", 1, "", "", "", datetime.now(UTC)), batch_rows=batch)
    write = buffer.write
    for one in order_records(count):
        write(one)
    buffer.finish("finished", end_ns=1)


def insert_bare(file: Path, count: int, batch: int) -> None:
    """Write the same rows through Polars into DuckDB, and nothing else."""
    import duckdb
    import polars as pl

    from studio.store.engine import Stream

    connection = duckdb.connect(str(file))
    made: set[str] = set()
    pending = order_records(count)
    while rows := [row for row, _ in zip(pending, range(batch), strict=False)]:
        for table, kind in TABLES.items():
            mine = [row for row in rows if type(row) is kind]
            if not mine:
                continue
            schema: dict[str, Any] = {name: _polars_type(name, value) for name, value in mine[0]._asdict().items()}
            connection.register("batch", Stream(pl.DataFrame(mine, schema=schema, orient="row")))
            verb = ["insert into", table] if table in made else ["create table", table, "as"]
            connection.execute(" ".join([*verb, "from batch"]))
            made.add(table)
    connection.close()


def _polars_type(name: str, value: object) -> Any:
    import polars as pl

    return pl.String if isinstance(value, str) else pl.UInt64 if name == "causal" else pl.Int64


WAYS: dict[str, Callable[[Path, int, int], None]] = {"studio": record, "bare": insert_bare}


def measure(way: str, count: int, batch: int) -> Figure:
    """Run one way in a process of its own."""
    command = [sys.executable, __file__, "--way", way, "--records", str(count), "--batch", str(batch)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Figure(**json.loads(done.stdout))


def run_here(way: str, count: int, batch: int) -> Figure:
    """Run one way in this process."""
    import duckdb  # noqa: F401 - loading is not recording
    import polars as pl  # noqa: F401

    with tempfile.TemporaryDirectory() as folder:
        WAYS[way](Path(folder) / "warm.duckdb", 70, batch)
        file = Path(folder) / "bench.duckdb"
        began = time.perf_counter()
        WAYS[way](file, count, batch)
        seconds = time.perf_counter() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return Figure(count, seconds, peak / 1024, file.stat().st_size / 2**20)


def cost_of_write(count: int) -> tuple[float, float]:
    """Return what one `write` costs in the hot path beyond making the record, and one append to a list: nanoseconds."""
    from studio.store import Log, RunInfo

    records = list(order_records(count))
    buffer = Log.memory().record(RunInfo("bench", 1, "", "", "", datetime.now(UTC)), batch_rows=2 * count + 10)
    kept: list[Record] = []
    return _cost(buffer.write, records), _cost(kept.append, records)


def _cost(keep: Callable[[Record], None], records: list[Record]) -> float:
    began = time.perf_counter()
    for one in records:
        keep(one)
    return (time.perf_counter() - began) / len(records) * 1e9


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=65_536)
    parser.add_argument("--way", choices=sorted(WAYS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(asdict(run_here(options.way, options.records, options.batch))))
        return
    figures = {way: measure(way, options.records, options.batch) for way in WAYS}
    for way, figure in figures.items():
        sizes = f"peak {figure.peak_mib:,.0f} MiB   file {figure.file_mib:,.1f} MiB"
        print(f"{way:>8}: {figure.rate:>10,.0f} records/s   {sizes}")
    print(f"   ratio: {figures['studio'].rate / figures['bare'].rate:.2f}")
    write, append = cost_of_write(min(options.records, 100_000))
    print(f"   write: {write:.0f} ns each, a list's append {append:.0f} ns")


if __name__ == "__main__":
    main()
