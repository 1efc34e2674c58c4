"""The buffer: takes records without a word, hands them over in batches, loses none when the log refuses."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from studio.errors import BadParcel, LogFull, LogUnwritable, StudioError
from studio.records import Record, canonical
from studio.store import Log, RunInfo
from studio.store.columns import Batch
from studio.store.shelf import Acts
from studio.store.volatile import MemoryShelf


class Moody(MemoryShelf):
    """A shelf that refuses while `full`."""

    full = False

    def append(self, run: int, batch: Batch, acts: Acts | None = None) -> None:
        if self.full:
            raise LogUnwritable(file="studio.duckdb", reason="No space left on device", records=batch.count)
        super().append(run, batch, acts)


def test_batches_go_out_when_they_are_full(info: RunInfo, orders: list[Record]) -> None:
    log = Log.memory()
    buffer = log.record(info, batch_rows=4)
    for record in orders[:6]:
        buffer.write(record)
    assert (buffer.count, buffer.waiting, log.runs()[0].records) == (6, 2, 4)


def test_a_refused_batch_is_kept_and_goes_out_later(info: RunInfo, orders: list[Record]) -> None:
    shelf = Moody()
    buffer = Log(shelf).record(info, batch_rows=4)
    shelf.full = True
    for record in orders:
        buffer.write(record)
    assert isinstance(buffer.failure, LogUnwritable)
    with pytest.raises(LogUnwritable, match="STU604"):
        buffer.flush()
    shelf.full = False
    buffer.finish("finished", end_ns=5)
    assert buffer.failure is None
    assert canonical(Log(shelf).run(buffer.run).records()) == canonical(orders)


def test_columns_made_early_go_out_as_one_batch(
    info: RunInfo, orders: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("studio.store.buffer._STRETCH_ROWS", 3)
    shelf = Moody()
    buffer = Log(shelf).record(info, batch_rows=9)
    for record in orders[:8]:
        buffer.write(record)
    assert (buffer.waiting, Log(shelf).runs()[0].records) == (8, 0)
    for record in orders[8:]:
        buffer.write(record)
    assert Log(shelf).runs()[0].records == 9 * (len(orders) // 9)
    buffer.finish("finished", end_ns=5)
    assert canonical(Log(shelf).run(buffer.run).records()) == canonical(orders)


def test_writing_raises_only_when_no_more_is_kept(info: RunInfo, orders: list[Record]) -> None:
    shelf = Moody()
    buffer = Log(shelf).record(info, batch_rows=1, batches_max=3)
    shelf.full = True
    for record in orders[:2]:
        buffer.write(record)
    with pytest.raises(LogFull, match="records=3"):
        buffer.write(orders[2])
    assert buffer.waiting == 3


def test_what_was_refused_is_saved_beside_and_adopted(tmp_path: Path, info: RunInfo, orders: list[Record]) -> None:
    shelf = Moody()
    buffer = Log(shelf).record(info, batch_rows=4)
    for record in orders[:9]:
        buffer.write(record)
    shelf.full = True
    for record in orders[9:]:
        buffer.write(record)
    saved = buffer.spill(tmp_path / "rest.parcel")
    shelf.full = False
    run = Log(shelf).adopt(saved)
    assert run == buffer.run
    assert canonical(Log(shelf).run(run).records()) == canonical(orders)


def test_the_rest_of_a_run_is_refused_where_its_beginning_is_not(
    tmp_path: Path, info: RunInfo, orders: list[Record]
) -> None:
    shelf = Moody()
    buffer = Log(shelf).record(info, batch_rows=4)
    for record in orders[:4]:
        buffer.write(record)
    shelf.full = True
    buffer.write(orders[4])
    saved = buffer.spill(tmp_path / "rest.parcel")
    with pytest.raises(BadParcel, match="the first 4 records"):
        Log.memory().adopt(saved)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + b"\0" * 18])
def test_a_parcel_that_is_none_is_refused(content: bytes) -> None:
    with pytest.raises(BadParcel):
        Log.memory().adopt(content)


def test_spilling_to_no_folder_says_so(tmp_path: Path, info: RunInfo, orders: list[Record]) -> None:
    buffer = Log.memory().record(info)
    buffer.write(orders[0])
    with pytest.raises(StudioError, match="records=1"):
        buffer.spill(tmp_path / "none" / "rest.parcel")


def test_what_is_sealed_is_carried_by_another_thread_while_records_are_written(
    info: RunInfo, orders: list[Record]
) -> None:
    log = Log.memory()
    buffer = log.record(info)
    for record in orders[:3]:
        buffer.write(record)
    assert buffer.seal()
    for record in orders[3:]:
        buffer.write(record)
    carrier = threading.Thread(target=buffer.carry)
    carrier.start()
    carrier.join()
    assert (buffer.waiting, log.runs()[0].records) == (len(orders) - 3, 3)
    buffer.note_act(0, '{"verb": "wait"}')
    assert buffer.offer()
    assert (log.runs()[0].records, log.shelf.acts(buffer.run)) == (len(orders), ['{"verb": "wait"}'])
