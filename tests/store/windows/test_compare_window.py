"""Two runs side by side: their numbers, and the very event that aligning all records would name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.records import Delivery, DocumentChange, Life, Message, Record, SagaChange, Span
from studio.simulation.travel.alignment import parting
from studio.store import Log, RunInfo
from studio.store.windows import LogView, RunView
from studio.store.windows import parting_window as window
from studio.store.windows.compare_window import contrasts

INFO = RunInfo("", 1, "", "0", "3", datetime(2026, 1, 1, tzinfo=UTC))


def message(at: int, causal: int, body: str) -> Message:
    return Message(at, causal, "event", "E.e", "world", 0, "", 1, 0, 0, causal, "", body)


SMALL = st.integers(0, 4)
OUTCOMES, STATES = st.sampled_from(["lost", "delivered"]), st.sampled_from(["running", "stuck"])
EVENTS = st.one_of(
    st.builds(lambda at, n, outcome: Delivery(at, n, "C", 1, 1, outcome, ""), SMALL, st.integers(1, 3), OUTCOMES),
    st.builds(lambda at, state: SagaChange(at, "S/1", "S", "1", state, 1, 1, ""), SMALL, STATES),
    st.builds(lambda at, key: DocumentChange(at, "A", "c", key, 1, "put", 1, "{}"), SMALL, st.sampled_from("xy")),
    st.builds(lambda at: Life(at, "A", 1, 1, "crashed", ""), SMALL),
    st.builds(lambda at: Span(at, at, 1, 0, 1, "handle", "n", "A", 1, "ok", "", 0, "", "", 0, ""), SMALL),
)
RUNS = st.lists(EVENTS, max_size=12).map(lambda found: with_messages(sorted(found, key=written_ns)))


def written_ns(record: Record) -> int:
    return record.end_ns if isinstance(record, Span) else record.at_ns


def with_messages(records: list[Record]) -> list[Record]:
    """Let every delivery be of a message that was sent before."""
    return [*(message(0, number, "a") for number in (1, 2, 3)), *records]


@cache
def shared() -> tuple[Log, LogView]:
    """Return a log for all tests: an engine for each example would cost more than the questions."""
    log = Log.memory()
    return log, LogView.of(log)


def views(*runs: Iterable[Record]) -> list[RunView]:
    log, view = shared()
    numbers = []
    for records in runs:
        buffer = log.record(INFO)
        for record in records:
            buffer.write(record)
        buffer.finish("finished", end_ns=10)
        numbers.append(buffer.run)
    return [view.run(number) for number in numbers]


def go_on(_: float) -> bool:
    return True


@settings(deadline=None, max_examples=40)  # each example records two runs
@given(RUNS, RUNS, st.booleans())
def test_the_fork_is_what_aligning_all_records_names(
    first: list[Record],
    second: list[Record],
    timed: bool,  # noqa: FBT001 - drawn
) -> None:
    found = window.first_fork(*views(first, second), is_timed=timed, progress=go_on)
    expected = parting(first, second, is_timed=timed)
    assert (found and found.at_ns) == (expected and expected.at_ns)


@pytest.mark.parametrize("stretch", [1, 3, 100])
def test_a_fork_is_the_same_in_any_stretches(stretch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "STRETCH_RECORDS", stretch)
    sent = [message(at, at + 1, "a") for at in range(8)]
    first, second = views(sent, [*sent[:5], message(5, 6, "b"), *sent[6:]])
    found = window.first_fork(first, second, is_timed=True, progress=go_on)
    assert found is not None
    assert found == window.Fork(5, window.Place("messages", 5, 5), window.Place("messages", 5, 5))
    assert window.record_at(second, "messages", 5) == message(5, 6, "b")


def test_what_comes_later_in_the_other_run_is_its_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "STRETCH_RECORDS", 1)
    rest = [message(at, at + 2, "a") for at in range(1, 8)]
    first, second = views([message(0, 1, "a"), *rest], [*rest, message(9, 1, "a")])
    found = window.first_fork(first, second, is_timed=True, progress=go_on)
    assert found is not None
    assert (found.at_ns, found.second) == (0, window.Place("messages", 7, 9))


def test_equal_events_in_other_records_are_found_in_their_order() -> None:
    span = Span(0, 1, 1, 0, 1, "handle", "n", "A", 1, "ok", "", 0, "", "", 0, "not compared")
    first, second = views([span, message(2, 1, "a")], [span._replace(status="error"), message(2, 1, "a")])
    assert window.first_fork(first, second, is_timed=True, progress=go_on) is None
    found = window.first_differing_record(first, second, progress=go_on)
    assert found is not None
    assert found.first == window.Place("spans", 0, 1)


@pytest.mark.parametrize("search", [
    lambda *both, progress: window.first_fork(*both, is_timed=False, progress=progress),
    window.first_differing_record,
])  # fmt: skip
def test_a_search_is_given_up_when_told_so(search: Callable[..., object]) -> None:
    first, second = views([message(0, 1, "a")], [message(0, 1, "b")])
    assert search(first, second, progress=lambda _: False) is None
    assert search(first, second, progress=go_on) is not None


def test_numbers_stand_side_by_side_and_what_differs_most_comes_first() -> None:
    spans = [Span(0, took, 1, 0, 1, "call", "A.do", "B", 1, "ok", "", 0, "", "", 0, "") for took in (5, 9)]
    states = [SagaChange(0, f"S/{n}", "S", "1", "running", 1, 1, "") for n in (1, 2)]
    first, second = views([*spans, *states], [spans[0], *states, states[0]._replace(state="stuck")])
    found = {(each.section, each.name): (each.first, each.second) for each in contrasts(first, second)}
    assert found["calls", "A.do"] == (9, 5)
    assert found["sagas", "S running"] == (2, 1)
    assert found["sagas", "S stuck"] == (None, 1)
    assert found["records", "spans"] == (2, 1)
    assert [each.differs for each in contrasts(first, first)] == [False] * len(contrasts(first, first))
