"""Hold every named query: the views that a run is asked through, and those that the file shows to other tools.

Views add to each record's own columns: seconds beside nanoseconds (`at_s`), and W3C ids in hex beside ordinals
(`trace_id`, `span_id`, `parent_id`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from studio.records import TABLES

if TYPE_CHECKING:
    from studio.store.schema import Column

__all__ = [
    "TRACE",
    "VIEWS",
    "View",
    "collection_views",
    "external_view",
    "file_view",
    "fill",
    "identifier",
    "literal",
    "projection",
]

_HEX = {"trace": ("trace_id", 32), "span": ("span_id", 16), "parent": ("parent_id", 16)}
_TABLE_VIEWS = {"sagas": "saga_changes", "documents": "document_changes"}


@dataclass(frozen=True, slots=True)
class View:
    """A view over one run: which record tables it reads, and its query over `rows.<table>`."""

    name: str
    tables: tuple[str, ...]
    query: str


def identifier(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: int | str | datetime) -> str:
    """Write a value for SQL.

    Our own statements carry their values so, since DuckDB imports pandas, where it is installed, to look at parameters.
    """
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, datetime):
        return f"timestamp '{value.replace(tzinfo=None).isoformat(sep=' ')}'"
    return "'" + value.replace("'", "''") + "'"


def fill(template: str, *, values: Mapping[str, int | str | datetime] | None = None, **parts: str) -> str:
    """Complete a query.

    Args:
        template: With `{name}` for each part.
        values: Written as literals.
        parts: Names that are ours, or quoted, put in as they are.
    """
    return template.format_map({name: literal(value) for name, value in (values or {}).items()} | parts)


# --- the file

_RUN_FIELDS = (
    "run, scenario, seed, sources, studio, python, started, status, end_ns, records, counts, sha256, shape, case_json, "
    "topology, holder"
)
ADD_RUN = (
    f"insert into raw.runs ({_RUN_FIELDS}) values "  # noqa: S608 - our own names
    "({run}, {scenario}, {seed}, {sources}, {studio}, {python}, {started}, 'running', 0, 0, '{{}}', '', {shape}, "
    "{case}, {topology}, {holder})"
)
LIST_RUNS = f"select {_RUN_FIELDS} from raw.runs order by run"  # noqa: S608 - our own names
LIST_BRIEF = (
    "select run, scenario, seed, sources, studio, python, started, status, end_ns, records, counts, sha256, "
    "'[{}, {}]', '', '', holder from raw.runs order by run"
)
GET_RUN = f"select {_RUN_FIELDS} from raw.runs where run = {{run}}"  # noqa: S608 - our own names
LAST_RUN = "select coalesce(max(run), 0) from raw.runs"
RUN_NUMBERS = "select run from raw.runs"
COUNT_RUN = "update raw.runs set records = {records}, counts = {counts} where run = {run}"
CLOSE_RUN = "update raw.runs set status = {status}, end_ns = {end_ns}, sha256 = {sha256} where run = {run}"
KEEP_CASE = "update raw.runs set case_json = {case} where run = {run}"
KEEP_ACTS = "insert into raw.acts select {run}, seq, act from batch"
FORGET_ACTS = "delete from raw.acts where run = {run} and seq >= {first}"
ACTS = "select act from raw.acts where run = {run} order by seq"
FORGET = "delete from raw.{table} where run = {run}"
FILL_TABLE = "insert into raw.{table} select {run}, * from batch"
FILL_NAMES = "insert into raw.names select {run}, id, text from batch"
NAMES = "select text from raw.names where run = {run} order by id"
READ = "select seq, {fields} from raw.{table} where run = {run} and seq >= {first} and seq < {end} order by seq"

LAST_CAMPAIGN = "select coalesce(max(campaign), 0) from campaigns"
CAMPAIGN_NUMBERS = "select campaign from campaigns order by campaign"
READ_CAMPAIGN = "select * exclude (campaign) from {table} where campaign = {campaign} order by {order}"

# --- one run, in memory

LOAD = "insert into rows.{table} select * from batch"
LOAD_TEXT = "insert into rows.{table} values {rows}"
WHOLE = "select * from {view}"
OF_TRACE = "select * from rows.{table} where {condition} order by seq"
TRACES = """
select trace, min(start_s) as start_s, max(end_s) - min(start_s) as duration_s, count(*) as spans,
  count(*) filter (status <> 'ok') as troubled, arg_min(name, (start_ns, span)) as name,
  coalesce(max(saga) filter (saga <> ''), '') as saga
from spans where trace <> 0 group by trace order by min(start_ns), trace
"""


def projection(names: Sequence[str]) -> str:
    """Select the columns of a record, each time followed by its seconds and each id by its hex form."""
    found = []
    for name in names:
        found.append(identifier(name))
        if name.endswith("_ns"):
            found.append(f"{identifier(name)} / 1e9 as {identifier(name[:-2] + 's')}")
        if name == "end_ns":
            found.append("(end_ns - start_ns) / 1e9 as duration_s")
        if name in _HEX:
            title, digits = _HEX[name]
            found.append(f"case when {name} <> 0 then format('{{:0{digits}x}}', {name}) end as {title}")
    return ", ".join(found)


def file_view(table: str, columns: Sequence[Column]) -> str:
    """Return the statement that shows a raw table of the file, all runs of it, with its names in full."""
    joins = [
        f'left join raw.names n{at} on n{at}.run = r.run and n{at}.id = r."{column.name}"'
        for at, column in enumerate(columns)
        if column.kind == "name"
    ]
    fields = [
        f'n{at}.text as "{column.name}"' if column.kind == "name" else f'r."{column.name}"'
        for at, column in enumerate(columns)
    ]
    return fill(
        "create view {view} as select run, seq, {projection} from "
        "(select r.run, r.seq, {fields} from raw.{table} r {joins})",
        view=_TABLE_VIEWS.get(table, table),
        projection=projection([column.name for column in columns]),
        fields=", ".join(fields),
        table=table,
        joins=" ".join(joins),
    )


_SAGAS = """
select saga, arg_max(name, seq) as name, arg_max(version, seq) as version, arg_max(state, seq) as state,
  arg_max(reason, seq) as reason, max(epoch) as epoch, arg_max(trace, seq) as trace,
  min(at_ns) / 1e9 as started_s, max(at_ns) / 1e9 as changed_s, (max(at_ns) - min(at_ns)) / 1e9 as duration_s,
  list(state order by seq) as history, min(seq) as seq
from rows.sagas group by saga order by min(seq)
"""

_DOCUMENTS = """
select service, collection, key, version, at_ns as changed_at_ns, at_ns / 1e9 as changed_at_s, message, body, seq
from (
  select *, row_number() over (partition by service, collection, key order by seq desc) as age from rows.documents
) where age = 1 and change <> 'delete' order by service, collection, key
"""

_EVENTS = """
select m.at_ns, m.at_ns / 1e9 as at_s, m.message, m.address, m.sender, m.key, m.trace,
  case when m.trace <> 0 then format('{:032x}', m.trace) end as trace_id,
  count(d.message) filter (d.outcome in ('delivered', 'redelivered', 'duplicated')) as deliveries,
  count(d.message) filter (d.outcome = 'acknowledged') as acknowledged,
  count(d.message) filter (d.outcome = 'lost') as lost,
  count(d.message) filter (d.outcome = 'dead-lettered') as dead_lettered,
  list_sort(list_distinct(list(d.consumer) filter (d.consumer <> ''))) as consumers,
  max(d.attempt) as attempts, m.saga, m.body, m.seq
from rows.messages m left join rows.deliveries d on d.message = m.message
where m.kind = 'event' group by all order by m.seq
"""


def _fields_of(record: type) -> Sequence[str]:
    return cast("Any", record)._fields  # type: ignore[no-any-return]


def _views() -> dict[str, View]:
    plain = [
        View(
            _TABLE_VIEWS.get(table, table),
            (table,),
            fill("select {fields}, seq from rows.{table}", fields=projection(_fields_of(record)), table=table),
        )
        for table, record in TABLES.items()
    ]
    made = [
        View("sagas", ("sagas",), _SAGAS),
        View("documents", ("documents",), _DOCUMENTS),
        View("events", ("messages", "deliveries"), _EVENTS),
    ]
    return {view.name: view for view in [*plain, *made]}


VIEWS: Mapping[str, View] = _views()
"""Views that every run has, by name; `external` and collections depend on what the authors declared."""


def _transformed(fields: Mapping[str, str]) -> str:
    """Read a JSON body once, as a struct of the wanted fields; a body that is not JSON reads as NULL."""
    wanted = literal(json.dumps(dict(fields)))
    return f"case when json_valid(body) then json_transform(body, {wanted}) end"


def external_view(fields: Mapping[str, str]) -> View:
    """Show all entries of all ledgers, with a column for each field that any of their contracts has.

    Args:
        fields: Field to DuckDB type.
    """
    own = {"at_ns", "at_s", "name", "ledger", "message", "body", "seq"}
    kept = {name: kind for name, kind in fields.items() if name.lower() not in own}
    struct = f", {_transformed(kept)} as fields" if kept else ""
    picked = "".join(f", fields.{identifier(name)} as {identifier(name)}" for name in kept)
    query = fill(
        "select at_ns, at_ns / 1e9 as at_s, name, ledger{picked}, message, body, seq "
        "from (select *{struct} from rows.ledgers)",
        picked=picked,
        struct=struct,
    )
    return View("external", ("ledgers",), query)


def collection_views(collection: str, fields: Mapping[str, str]) -> list[View]:
    """Show one collection's documents with their fields as columns, under the three names that authors try.

    `Inventory.stock`, `"Inventory.stock"` and `Inventory_stock` are the same.

    Args:
        collection: Such as `Inventory.stock`.
        fields: Field to DuckDB type.
    """
    service, _, name = collection.partition(".")
    struct = f", {_transformed(fields)} as fields" if fields else ""
    picked = "".join(f"fields.{identifier(field)} as {identifier(field)}, " for field in fields)
    taken = {field.lower() for field in fields}
    own = [
        column
        for column in ("document_key", "document_version", "changed_at_ns", "changed_at_s")
        if column not in taken
    ]
    source = {"document_key": "key", "document_version": "version"}
    query = fill(
        "select {columns} from "
        "(select *{struct} from ({documents}) where service = {service} and collection = {collection})",
        columns=picked + ", ".join(f"{source.get(column, column)} as {column}" for column in own) or "1 as present",
        struct=struct,
        documents=_DOCUMENTS,
        service=literal(service),
        collection=literal(name),
    )
    joined = re.sub(r"\W", "_", collection)
    return [View(title, ("documents",), query) for title in (joined, collection, f"{service}\0{name}")]


_OF_TRACE = "select message from rows.messages where trace = {trace}"
_SAGAS_OF_TRACE = (
    "select saga from rows.sagas where trace = {trace} union "
    "select saga from rows.messages where trace = {trace} and saga <> '' union "
    "select saga from rows.spans where trace = {trace} and saga <> ''"
)
# What struck a whole service carries no message: it belongs to the traces that were in that service at the time.
_MEANWHILE = (
    "at_ns between (select min(start_ns) from rows.spans where trace = {trace}) and "
    "(select max(end_ns) from rows.spans where trace = {trace}) and "
    "{service} in (select service from rows.spans where trace = {trace})"
)

TRACE: Mapping[str, str] = {
    "messages": "trace = {trace}",
    "deliveries": f"message in ({_OF_TRACE})",
    "spans": "trace = {trace}",
    "sagas": "trace = {trace}",
    "saga_steps": f"saga in ({_SAGAS_OF_TRACE})",
    "documents": f"message in ({_OF_TRACE})",
    "ledgers": f"message in ({_OF_TRACE})",
    "faults": f"message in ({_OF_TRACE}) or (message = 0 and {_MEANWHILE.replace('{service}', 'target')})",
    "policies": "trace = {trace}",
    "logs": "trace = {trace}",
    "lives": _MEANWHILE.replace("{service}", "service"),
}
"""Which records belong to one trace: a condition for each table."""
