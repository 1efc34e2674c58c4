"""The law of windows: whatever was recorded, pages put together are the whole view of the run, filtered alike."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from studio.records import Record, Span
from studio.store import Log, RunInfo
from studio.store.windows import LogView, RunView, one_burst

INFO = RunInfo("", 1, "", "0", "3", datetime(2026, 1, 1, tzinfo=UTC))
Wanted = tuple[str, str, tuple[int, int]]  # service, text, window
FIELDS = ["start_ns", "end_ns", "span", "trace", "service", "status", "saga", "error_text"]
NAMES = st.sampled_from(["", "Order", "Order.created", "it's", "a%b", "🫖", "\0"])
TIMES = st.integers(min_value=0, max_value=50)
SPANS = st.builds(
    lambda start, lasts, span, service, saga, text: Span(
        start, start + lasts, span, 0, span % 3, "handle", "n", service, 0, "ok", "", 0, saga, "", 0, text
    ),
    TIMES, TIMES, st.integers(min_value=1, max_value=2**62), NAMES, NAMES, st.text(max_size=3) | NAMES,
)  # fmt: skip


@one_burst
def paged(view: RunView, size: int, service: str, text: str, window: tuple[int, int]) -> pl.DataFrame:
    """Read a window page by page, until one is not full."""
    where = view.where().named("service", service).within("start_ns", *window)
    where.containing(text, names=("saga",), texts=("error_text",))
    pages = [view.page("spans", FIELDS, where, limit=size)]
    while len(pages[-1]) == size:
        pages.append(view.page("spans", FIELDS, where, limit=size, offset=size * len(pages)))
    return pl.concat(pages)


def whole(log: Log, run: int, service: str, text: str, window: tuple[int, int]) -> pl.DataFrame:
    """Filter the whole view of the run."""
    found = [pl.col(name).str.contains(text, literal=True) for name in ("saga", "error_text")]
    kept = pl.col("start_ns").is_between(*window, closed="left") & (found[0] | found[1])
    return log.run(run).spans.filter(kept & ((pl.col("service") == service) | pl.lit(not service)))


@pytest.mark.parametrize("kind", ["memory", "file", "going on"])
@given(
    st.lists(SPANS, max_size=9),
    st.integers(min_value=1, max_value=4),
    st.tuples(NAMES, st.sampled_from(["", "'s", "%", "🫖", "\0"]), st.tuples(TIMES, TIMES)),
)
@settings(max_examples=15, deadline=None)
def test_pages_put_together_are_the_whole(kind: str, records: list[Record], size: int, wanted: Wanted) -> None:
    with TemporaryDirectory() as folder:
        log = Log.open(Path(folder) / "studio.duckdb") if kind == "file" else Log.memory()
        buffer = log.record(INFO)
        for record in records:
            buffer.write(record)
        buffer.flush()
        if kind != "going on":
            buffer.finish("finished", end_ns=99)
        found = paged(LogView.of(log).run(buffer.run), size, *wanted)
        assert_frame_equal(found, whole(log, buffer.run, *wanted).select(found.columns))
