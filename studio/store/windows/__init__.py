"""Ask the log for what a window shows, whoever writes it: by page, by filter, by stretch of time.

`LogView` is a log, `RunView` one run in it. Each area has its file of queries, as functions of a `RunView`:

    @one_burst                                              # one state of the run, its file opened once
    def slow_calls(view: RunView, service: str, from_ns: int | None, until_ns: int | None) -> pl.DataFrame:
        where = view.where().named("service", service).overlapping("start_ns", "end_ns", from_ns, until_ns)
        where.at_least("end_ns - start_ns", 1_000_000).containing("o-17", names=("name", "saga"))
        return view.page("spans", ["start_ns", "end_ns", "trace", "name", "status"], where,
                         order="end_ns - start_ns desc", limit=50)

    @one_burst
    def errors_over_time(view: RunView, from_ns: int, until_ns: int) -> pl.DataFrame:
        at = bucket("start_ns", bucket_ns(from_ns, until_ns))
        where = view.where().within("start_ns", from_ns, until_ns).named("status", "error", "timeout")
        return view.ask(
            "select {at} as at_ns, service, count(*) as n from raw.spans where {where} group by all order by all",
            names=["service"], at=at, where=where.sql,
        )

Filter, sort and limit by ids and numbers; `names=` (or `page`, `rows`) puts names into the few rows that are shown.
"""

from __future__ import annotations

from studio.store.holder import is_abandoned
from studio.store.windows.bursts import one_burst
from studio.store.windows.conditions import Conditions
from studio.store.windows.log_view import LogView
from studio.store.windows.recorded_campaign import RecordedCampaign
from studio.store.windows.run_view import Count, RunView
from studio.store.windows.statements import Sql, Value, bucket, bucket_ns, complete, shown

__all__ = [
    "Conditions",
    "Count",
    "LogView",
    "RecordedCampaign",
    "RunView",
    "Sql",
    "Value",
    "bucket",
    "bucket_ns",
    "complete",
    "is_abandoned",
    "one_burst",
    "shown",
]
