"""Keep campaigns: what came of every seed, in tables that are asked in SQL, in the file and in memory alike.

`campaign_seeds` holds a row for each seed, `campaign_violations` and `campaign_strikes` what was broken and what
struck, `campaign_sagas` and `campaign_quantiles` how sagas ended and how long calls and sagas took. The view
`fault_pairs` says which two faults best predict a failure:

    select first, second, together, failing, share, lift from fault_pairs where campaign = 3 limit 5
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.store.engine import Stream, detach, open_memory
from studio.store.question import answer, statement_of

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "CAMPAIGN_TABLES",
    "LEAST_SHARE",
    "CampaignTables",
    "campaign_form",
    "campaign_frame",
    "campaign_key",
    "fill_campaign",
]

CAMPAIGN_TABLES: Mapping[str, Mapping[str, str]] = {
    "campaigns": {
        "campaign": "INTEGER", "scenario": "VARCHAR", "sources": "VARCHAR", "studio": "VARCHAR", "python": "VARCHAR",
        "started": "TIMESTAMP", "status": "VARCHAR", "asked": "BIGINT", "done": "BIGINT", "failed": "BIGINT",
    },
    "campaign_seeds": {
        "campaign": "INTEGER", "seed": "BIGINT", "status": "VARCHAR", "verdict": "VARCHAR", "violations": "BIGINT",
        "records": "BIGINT", "end_ns": "BIGINT", "sha256": "VARCHAR", "error": "VARCHAR", "error_text": "VARCHAR",
        "checked": "VARCHAR", "run": "INTEGER", "case_json": "VARCHAR",
    },
    "campaign_violations": {
        "campaign": "INTEGER", "seed": "BIGINT", "invariant": "VARCHAR", "mode": "VARCHAR", "violations": "BIGINT",
        "first": "VARCHAR",
    },
    "campaign_strikes": {
        "campaign": "INTEGER", "seed": "BIGINT", "fault": "BIGINT", "name": "VARCHAR", "kind": "VARCHAR",
        "target": "VARCHAR", "words": "VARCHAR", "strikes": "BIGINT",
    },
    "campaign_sagas": {
        "campaign": "INTEGER", "seed": "BIGINT", "name": "VARCHAR", "state": "VARCHAR", "instances": "BIGINT",
    },
    "campaign_quantiles": {
        "campaign": "INTEGER", "seed": "BIGINT", "kind": "VARCHAR", "name": "VARCHAR", "count": "BIGINT",
        "p50_ns": "BIGINT", "p90_ns": "BIGINT", "p99_ns": "BIGINT", "max_ns": "BIGINT",
    },
}  # fmt: skip
"""Table to its columns and their DuckDB types."""

LEAST_SHARE = """
greatest(0.0, (share + 1.9208 / {count} - 1.96 * sqrt(share * (1 - share) / {count} + 0.9604 / {count} ** 2))
    / (1 + 3.8416 / {count}))
"""
"""The lower end of Wilson's 95 % interval for the share of failing seeds among `{count}`.

What struck in one seed, which failed, would else lead a list (Wilson, Probable inference, J. Am. Stat. Assoc. 22,
1927).
"""

_FAULT_PAIRS = f"""
create view fault_pairs as
with seeds as (
  select campaign, seed, verdict = 'failed' as failed from campaign_seeds where verdict in ('failed', 'held')
), overall as (
  select campaign, count(*) as all_seeds, count(*) filter (failed) as all_failing from seeds group by campaign
), struck as (
  select distinct campaign, seed, name from campaign_strikes where strikes > 0
), pairs as (
  select a.campaign, a.name as first, b.name as second, count(*) as together, count(*) filter (seeds.failed) as failing
  from struck a
  join struck b on b.campaign = a.campaign and b.seed = a.seed and a.name < b.name
  join seeds on seeds.campaign = a.campaign and seeds.seed = a.seed
  group by a.campaign, a.name, b.name
)
select campaign, first, second, together, failing, share, overall,
  case when overall > 0 then share / overall end as lift,
  {LEAST_SHARE.format(count="together").strip()} as at_least
from (
  select *, failing / together as share, all_failing / all_seeds as overall from pairs join overall using (campaign)
)
order by campaign, at_least desc, failing desc, first, second
"""  # noqa: S608 - our own names


def campaign_key(table: str) -> str:
    """Return the columns by which a table's rows are ordered."""
    order = [name for name in CAMPAIGN_TABLES[table] if name in ("campaign", "seed", "kind", "name", "fault", "state")]
    return ", ".join(order)


def campaign_form() -> list[str]:
    """Return the statements that make the tables and the view."""
    return [*(_create(table) for table in CAMPAIGN_TABLES), _FAULT_PAIRS]


def campaign_frame(table: str, rows: Sequence[tuple[Any, ...]] = ()) -> pl.DataFrame:
    """Return rows of a table as a frame.

    Args:
        table: One of `CAMPAIGN_TABLES`.
        rows: A value for each column but `campaign`, whose number the log gives.
    """
    import polars as pl

    kinds: dict[str, Any] = {
        "INTEGER": pl.Int32,
        "BIGINT": pl.Int64,
        "VARCHAR": pl.String,
        "TIMESTAMP": pl.Datetime("us"),
    }
    schema = {name: kinds[kind] for name, kind in CAMPAIGN_TABLES[table].items() if name != "campaign"}
    return pl.DataFrame(rows, schema=schema, orient="row")


class CampaignTables:
    """The tables of one campaign, in memory, to be asked.

    Args:
        frames: Table to its rows, without the column `campaign`.
        number: What stands in the column `campaign`.
    """

    def __init__(self, frames: Mapping[str, pl.DataFrame], number: int) -> None:
        self._connection, name = open_memory()
        self._closer = weakref.finalize(self, detach, name)
        for statement in campaign_form():
            self._connection.execute(statement)
        for table, frame in frames.items():
            self._connection.register("batch", Stream(frame))
            self._connection.execute(fill_campaign(table, number))
            self._connection.unregister("batch")

    @property
    def views(self) -> tuple[str, ...]:
        """Return what there is to ask."""
        return (*CAMPAIGN_TABLES, "fault_pairs")

    def sql(self, text: str, /, **parameters: Any) -> pl.DataFrame:
        """Ask anything of the campaign.

        Raises:
            InvalidQuery: It is wrong; the error names the line.
            QueryWrites: It would change something.
        """
        statement_of(self._connection, text, views=self.views, cell="")
        return answer(self._connection, text, parameters, views=self.views, cell="")


def fill_campaign(table: str, number: int) -> str:
    """Return the statement that takes the rows registered as `batch` into a table."""
    names = [name for name in CAMPAIGN_TABLES[table] if name != "campaign"]
    listed = ", ".join(f'"{name}"' for name in names)
    return f'insert into {table} ("campaign", {listed}) select {int(number)}, {listed} from batch'  # noqa: S608 - our own names


def _create(table: str) -> str:
    fields = ", ".join(f'"{name}" {kind}' for name, kind in CAMPAIGN_TABLES[table].items())
    return f"create table {table} ({fields})"
