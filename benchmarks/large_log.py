"""Make a log of a million records quickly: orders over ten services, as a simulated shop writes them.

DuckDB makes the rows itself, by an order's number and a hash of it, so that the same size gives the same log. An order
is 60 records: a trace with an event, calls and further events, deliveries, spans, a saga with its steps, documents,
metrics, log lines, now and then a fault and what a policy did about it. One in 25 goes wrong.

Run: `python benchmarks/large_log.py FILE [--records 1000000]`
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from studio.records import TABLES
from studio.store import Log, RunInfo
from studio.store.queries import COUNT_RUN, fill, identifier
from studio.store.schema import columns

SERVICES = (
    "Orders", "Inventory", "Payment", "Fulfilment", "Pricing", "Customers", "Notifications", "Loyalty", "Fraud",
    "Search",
)  # fmt: skip
RECORDS_OF_ORDER = 60
ORDER_NS = 36_000_000
"""Between two orders; the last record of one comes before the first of the next."""

# Slot to what happens there; a slot is a record's place among those of its order.
_SLOTS = """
create temp table slots as
with work as (select unnest(range(8)) as n)
select n * 4 as slot, 'messages' as tbl, n from work
union all select n * 4 + 1, 'deliveries', n from work
union all select n * 4 + 2, 'spans', n from work
union all select n * 4 + 3, 'deliveries', n + 8 from work
union all select 32 + n, 'spans', n + 8 from work where n < 7
union all select 39 + n, 'sagas', n from work where n < 2
union all select 41 + n, 'saga_steps', n from work where n < 6
union all select 47 + n, 'documents', n from work where n < 2
union all select 49, 'ledgers', 0
union all select 50 + n, 'metrics', n from work where n < 6
union all select 56 + n, 'logs', n from work where n < 3
union all select 59, 'mixed', 0
"""

_RECORDS = """
create temp table happened as
select o * {size} + slot as seq, o * {order_ns} + slot * 500000 as at_ns, o, slot, tbl, n,
  (hash(o + {salt}) >> 1)::bigint as luck, (hash(o * 64 + slot) >> 1)::bigint as chance,
  (hash(o + {salt}) >> 1)::bigint % 25 = 0 as bad, (hash(o * 64 + n % 8) >> 1)::bigint % 10 as s
from range({orders}) orders(o) cross join slots
"""

_SAGA = "'OrderProcessing/order-' || o"
_BODY = """'{"order_id":"order-' || o || '","customer":"customer-' || luck % 2000 || '","items":[{"sku":"sku-'
  || luck % 300 || '","quantity":' || 1 + n % 3 || '}],"total":"' || luck % 400 || '.50"}'"""
_STATUS = "case when not bad then 'ok' when n = 5 then 'timeout' when n = 4 then 'crashed' else 'error' end"
_ADDRESS = "case when n in (0, 6, 7) then service || '.happened' else service || '.act' || chance % 3 end"
_LASTS = "(1 + chance % 40) * 100000 + case when chance % 97 = 0 then 900000000 else 0 end"

_VALUES: dict[str, dict[str, str]] = {
    "messages": {
        "message": "o * 8 + n + 1", "kind": "case when n in (0, 6, 7) then 'event' else 'call' end",
        "address": _ADDRESS,
        "sender": "service", "key": "'order-' || o", "trace": "o + 1", "span": "o * 16 + n", "cause": "o * 8 + n",
        "causal": "hash(seq)", "saga": _SAGA, "body": _BODY,
    },
    "deliveries": {
        "message": "o * 8 + n % 8 + 1", "consumer": "service", "attempt": "1 + (bad and n > 8)::int",
        "outcome": "case when n < 8 then case when bad and n = 3 then 'redelivered' else 'delivered' end "
                   "when not bad then 'acknowledged' when n = 9 then 'lost' when n = 10 then 'dead-lettered' "
                   "else 'acknowledged' end",
        "reason": "''",
    },
    "spans": {
        "start_ns": f"greatest(0, at_ns - ({_LASTS}))", "end_ns": "at_ns", "span": "o * 16 + n + 1",
        "parent": "case when n = 0 then 0 else o * 16 + 1 end", "trace": "o + 1",
        "kind": "case when n < 8 then 'handle' when n < 12 then 'call' else 'step' end", "name": _ADDRESS,
        "service": "service", "status": _STATUS, "error": "case when bad and n > 3 then 'STU410' else '' end",
        "message": "case when n < 8 then o * 8 + n + 1 else 0 end", "saga": _SAGA, "cell": "'service ' || service",
        "line": "10 + n", "error_text": "''",
    },
    "sagas": {
        "saga": _SAGA, "name": "'OrderProcessing'", "version": "'1.0.0'",
        "state": "case when n = 0 then 'running' when not bad then 'completed' when luck % 3 = 0 then 'stuck' "
                 "else 'compensated' end",
        "epoch": "1", "trace": "o + 1", "reason": "case when bad and n = 1 then 'STU410' else '' end",
    },
    "saga_steps": {
        "saga": _SAGA, "step": "'step_' || n // 2", "phase": "case when n % 2 = 0 then 'intent' "
        "when bad and n = 5 then 'failed' else 'done' end", "attempt": "1", "error": "''", "body": _BODY,
    },
    "documents": {
        "service": "service", "collection": "'stock'", "key": "'sku-' || luck % 300", "version": "1 + o // 300",
        "change": "'put'", "message": "o * 8 + 1", "body": _BODY,
    },
    "ledgers": {"name": "'cards'", "ledger": "'ledger'", "message": "o * 8 + 3", "body": _BODY},
    "faults": {
        "fault": "1 + luck % 3", "kind": "'lose'", "target": "service", "message": "o * 8 + 2", "detail": "'lost'",
    },
    "policies": {
        "service": "service", "policy": "case when luck % 2 = 0 then 'retry' else 'breaker' end",
        "target": "'Payment.act0'", "change": "case when luck % 2 = 0 then 'retried' else 'opened' end",
        "detail": "'2 of 3'", "message": "o * 8 + 1", "span": "o * 16 + 1", "trace": "o + 1",
    },
    "metrics": {
        "service": "service", "name": "case n when 0 then 'requests_total' when 1 then 'queue_depth' "
        "when 2 then 'latency_seconds' else 'orders_total' end",
        "kind": "case n when 1 then 'gauge' when 2 then 'histogram' else 'counter' end",
        "labels": "'{\"status\":\"ok\"}'", "value": "(chance % 100) / 10.0",
    },
    "logs": {
        "service": "service", "level": "case when bad then 'warning' else 'info' end",
        "text": "'order-' || o || ' went through stage ' || n", "fields": "'{}'", "span": "o * 16 + 1",
        "trace": "o + 1",
    },
}  # fmt: skip
_COMMON = {"at_ns": "at_ns", "replica": "1 + chance % 2"}
_MIXED = {"faults": "luck % 50 = 0", "policies": "luck % 50 in (1, 2)"}


_MADE = """
create temp table made_{table} as
select seq, {picked} from happened join services using (s) where tbl = {of} and {condition}
"""
_NUMBERED = """
insert into raw.names select {run}, row_number() over (order by text) - 1, text from ({texts}) order by text
"""
_WITH_IDS = "insert into raw.{table} select {run}, m.seq, {fields} from made_{table} m {joins} order by m.seq"


def make_log(file: Path, records: int, *, seed: int = 1) -> int:
    """Write a finished run of about so many records into a file, and return its number.

    Args:
        file: Made where it is not there.
        records: Rounded down to whole orders; a few less, since faults are rare.
        seed: Which orders go wrong.
    """
    buffer = Log.open(file).record(RunInfo("bench", seed, "", "", "", datetime.now(UTC)))
    buffer.finish("finished", end_ns=records // RECORDS_OF_ORDER * ORDER_NS)
    with duckdb.connect(str(file)) as connection:
        connection.execute(_SLOTS)
        orders = {"orders": records // RECORDS_OF_ORDER, "size": RECORDS_OF_ORDER, "order_ns": ORDER_NS,
                  "salt": (seed - 1) * 1_000_003}  # fmt: skip
        connection.execute(_RECORDS.format(**orders))
        listed = ", ".join(f"({at}, '{service}')" for at, service in enumerate(SERVICES))
        connection.execute(f"create temp table services as from (values {listed}) v(s, service)")
        _fill(connection, buffer.run)
    return buffer.run


def _fill(connection: duckdb.DuckDBPyConnection, run: int) -> None:
    """Make each table with its names in full, number the names, and write the rows with ids."""
    for table in _VALUES:
        connection.execute(_made(table))
    texts = " union ".join(
        fill("select {column} as text from made_{table}", column=identifier(column.name), table=table)
        for table in _VALUES for column in columns(table) if column.kind == "name"
    )  # fmt: skip
    connection.execute(fill(_NUMBERED, texts=texts, values={"run": run}))
    for table in _VALUES:
        connection.execute(_with_ids(table, run))
    counts = {table: _count(connection, table, run) for table in TABLES}
    known: dict[str, int | str | datetime] = {
        "run": run, "records": sum(counts.values()), "counts": json.dumps(counts),
    }  # fmt: skip
    connection.execute(fill(COUNT_RUN, values=known))


def _made(table: str) -> str:
    of = "mixed" if table in _MIXED else table
    values = _COMMON | _VALUES[table]
    picked = ", ".join(f"{values[column.name]} as {identifier(column.name)}" for column in columns(table))
    return fill(_MADE, table=table, picked=picked, condition=_MIXED.get(table, "true"), values={"of": of})


def _with_ids(table: str, run: int) -> str:
    named = [column.name for column in columns(table) if column.kind == "name"]
    joins = " ".join(
        f"join raw.names n_{name} on n_{name}.run = {run} and n_{name}.text = m.{identifier(name)}" for name in named
    )
    fields = ", ".join(
        f"n_{each.name}.id" if each.name in named else f"m.{identifier(each.name)}" for each in columns(table)
    )
    return fill(_WITH_IDS, table=table, joins=joins, fields=fields, values={"run": run})


def _count(connection: duckdb.DuckDBPyConnection, table: str, run: int) -> int:
    counted = fill("select count(*) from raw.{table} where run = {run}", table=table, values={"run": run})
    found = connection.execute(counted).fetchone()
    assert found is not None
    return int(found[0])


def main() -> None:
    """Make a log."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--records", type=int, default=1_000_000)
    options = parser.parse_args()
    print(f"run {make_log(options.file, options.records)} in {options.file}")


if __name__ == "__main__":
    main()
