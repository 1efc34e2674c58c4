"""The contract of the port Recorder, held by the log's buffer and by the real engine's telemetry."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.ports import Recorder
from studio.records import TABLES, LogLine, Record
from studio.serve.exposition import Exposition
from studio.serve.telemetry import Telemetry
from studio.store import Log
from studio.store.shelf import RunInfo

VALUES: dict[type, st.SearchStrategy[Any]] = {
    int: st.integers(0, 2**63 - 1), str: st.text(max_size=30), float: st.floats(), bool: st.booleans()
}  # fmt: skip


def of_kind(kind: type[Any]) -> st.SearchStrategy[Record]:
    return st.builds(kind, **{name: VALUES[annotation] for name, annotation in get_type_hints(kind).items()})


RECORDS = st.one_of(*(of_kind(kind) for kind in TABLES.values()))


@pytest.fixture(params=["buffer", "telemetry"])
def recorder(request: pytest.FixtureRequest) -> Iterator[Recorder]:
    if request.param == "buffer":
        yield Log.memory().record(RunInfo("", 0, "", "", "", datetime(2026, 1, 1, tzinfo=UTC)))
        return
    telemetry = Telemetry(Exposition(), stream=io.StringIO())
    yield telemetry
    telemetry.close()


@given(records=st.lists(RECORDS, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_record_is_taken(recorder: Recorder, records: list[Record]) -> None:
    for record in records:
        recorder.write(record)


@pytest.mark.parametrize("fields", ["", "{}", "[1]", "not JSON", '{"a":', "\x00"])
def test_fields_that_are_no_json_do_no_harm(recorder: Recorder, fields: str) -> None:
    recorder.write(LogLine(1, "Shop", 1, "info", "sold", fields, 0, 0))
    recorder.write(LogLine(2, "Shop", 1, "nonsense", "sold", "{}", 0, 0))
