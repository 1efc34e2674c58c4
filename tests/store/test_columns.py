"""Records as columns: what goes in comes out, in order, whatever the batches."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, get_type_hints

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.records import TABLES, FaultStrike, LogLine, Message, Record, canonical
from studio.store import Log, RunInfo

INFO = RunInfo("", 1, "", "0", "3", datetime(2026, 1, 1, tzinfo=UTC))
FIELDS: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(min_value=-(2**63), max_value=2**63 - 1),
    str: st.text(max_size=5) | st.sampled_from(["", "Order.created", "ok", "\0", "'", "🫖"]),
    float: st.floats(),
}


def _any_of(record: type) -> st.SearchStrategy[Record]:
    fields = {name: FIELDS[kind] for name, kind in get_type_hints(record).items()}
    if "causal" in fields:
        fields["causal"] = st.integers(min_value=0, max_value=2**64 - 1)
    return st.builds(record, **fields)


records = st.lists(st.one_of([_any_of(record) for record in TABLES.values()]), max_size=12)


def written(found: Sequence[Record], batch_rows: int = 65_536, *, hashing: bool = False) -> Any:
    log = Log.memory()
    buffer = log.record(INFO, batch_rows=batch_rows, hashing=hashing)
    for record in found:
        buffer.write(record)
    buffer.finish("finished", end_ns=1)
    return log.run(buffer.run)


@given(records, st.integers(min_value=1, max_value=5))
@settings(max_examples=60, deadline=None)
def test_batches_of_any_size_give_the_same_log(found: list[Record], batch_rows: int) -> None:
    read = list(written(found, batch_rows).records())
    assert canonical(read) == canonical(found)
    assert repr(read) == repr(found)


@given(records, records)
@settings(max_examples=40, deadline=None)
def test_hashes_are_equal_exactly_when_records_are(one: list[Record], other: list[Record]) -> None:
    hashes = [
        written(found, hashing=hashing).sha256() for found, hashing in ((one, True), (other, False), (one, False))
    ]
    assert (hashes[0] == hashes[1]) == (canonical(one) == canonical(other))
    assert hashes[0] == hashes[2]


def test_a_lone_surrogate_is_kept_as_its_escape() -> None:
    line = LogLine(1, "A", 0, "info", "bad \ud800", "{}", 0, 0)
    assert next(written([line]).records()).text == "bad \\ud800"


def test_names_are_interned_once_in_a_run() -> None:
    log = Log.memory()
    buffer = log.record(INFO, batch_rows=2)
    for at in range(6):
        buffer.write(FaultStrike(at, 1, "lose", "Payment", at, ""))
    buffer.flush()
    assert log.shelf.read(buffer.run, {"faults": 0}).names.to_list() == ["lose", "Payment"]


def test_ids_of_sixty_four_bits_survive() -> None:
    message = Message(0, 2**63 - 1, "call", "A.b", "A", 0, "", 2**63 - 1, 2**63 - 1, 0, 2**64 - 1, "", "{}")
    assert list(written([message]).records()) == [message]
