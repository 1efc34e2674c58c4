"""Windows over one run, in a file and in memory alike: pages, filters, counts, and runs that go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

import duckdb
import pytest

from studio.errors import UnknownRun, WindowTooLarge
from studio.records import Message, Record, Span
from studio.store import Buffer, Log, RunInfo
from studio.store.windows import LogView, RunView

Recorded = Callable[[Log, Iterable[Record]], int]
Begun = Callable[[Log, Iterable[Record]], Buffer]


@pytest.fixture(scope="module", params=["memory", "file"])
def view(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    recorded: Recorded,
    orders: list[Record],
) -> RunView:
    """The second of two runs that have ended, to be looked at only."""
    file = tmp_path_factory.mktemp("windows") / "studio.duckdb"
    log = Log.memory() if request.param == "memory" else Log.open(file)
    recorded(log, orders[:7])
    return LogView.of(log).run(recorded(log, orders))


def test_a_page_shows_names_seconds_and_hex_ids(view: RunView) -> None:
    page = view.page("messages", ["at_ns", "address", "trace", "key"], limit=2)
    assert page.columns == ["seq", "at_ns", "at_s", "address", "trace", "trace_id", "key"]
    assert page.rows()[1] == (7, 2_000_000_000, 2.0, "Order.created", 2, f"{2:032x}", "o2")


def test_a_page_is_sorted_by_anything_and_passes_over_what_came_before(view: RunView) -> None:
    assert view.page("spans", ["span"], order="seq desc")["span"].to_list() == [3, 2, 1]
    assert view.page("spans", ["span"], order="start_ns desc", limit=1, offset=1)["span"].to_list() == [2]
    assert len(view.page("logs", ["text"])) == 0


def test_conditions_all_hold_and_those_not_set_ask_nothing(view: RunView) -> None:
    where = view.where().named("service", "", "Inv*").equal("trace", 2).within("start_ns", 0, None)
    where.containing("").named("status").at_least("end_ns - start_ns", None)
    assert view.page("spans", ["span"], where)["span"].to_list() == [2]
    assert view.count("spans", where.at_most("end_ns - start_ns", 8)) == (0, True)
    assert view.count("spans", view.where().named("service", "Nobody")) == (0, True)


def test_free_text_is_found_in_names_and_texts_in_either_case(view: RunView) -> None:
    where = view.where().containing("O2", names=("saga", "address"), texts=("body",))
    assert view.page("messages", ["key"], where)["key"].to_list() == ["o2"]
    assert view.count("messages", view.where().containing("ORDER.CR", names=("address",))).number == 3
    assert view.count("messages", view.where().containing("%", texts=("body",))).number == 0


def test_more_names_than_can_be_listed_are_joined(log: Log, begun: Begun) -> None:
    many = [Message(at, at, "event", f"Order.a{at}", "", 0, "", 0, 0, 0, 0, "", "") for at in range(600)]
    view = LogView.of(log).run(begun(log, many).run)
    assert view.count("messages", view.where().named("address", "Order.a*")).number == 600
    assert len(view.names("messages", "address", limit=50)) == 50


def test_stretches_belong_to_every_window_they_reach_into(view: RunView) -> None:
    inside = view.where().overlapping("start_ns", "end_ns", 2_000_000_005, 2_000_000_006)
    assert view.page("spans", ["span"], inside)["span"].to_list() == [2]


def test_counting_stops_where_it_is_told(view: RunView) -> None:
    assert str(view.count("sagas", at_most=5)) == "5+"
    assert str(view.count("sagas", at_most=6)) == "6"


def test_lists_of_ids_become_lists_of_names(view: RunView) -> None:
    found = view.ask(
        "select saga, list(state order by seq) as states, [] :: UINTEGER[] as none from raw.sagas where run = {run} "
        "group by saga order by saga limit 1",
        names=["saga", "states", "none"],
    )
    assert found.rows() == [("OrderProcessing:o1", ["running", "completed"], [])]


def test_names_offer_what_occurs_in_a_column(view: RunView) -> None:
    assert view.names("spans", "service") == ["Inventory"]


def test_a_run_that_has_ended_spans_its_time(view: RunView) -> None:
    assert view.span_ns == (0, 3_000_000_020)
    assert not view.is_live


def test_a_run_that_goes_on_grows_under_the_view(log: Log, begun: Begun, orders: list[Record]) -> None:
    buffer = begun(log, orders[:7])
    view = LogView.of(log).run(buffer.run)
    assert view.names("messages", "sender") == ["world"]
    assert view.span_ns == (0, 1_000_000_010)
    for record in orders[7:]:
        buffer.write(record)
    buffer.flush()
    assert (view.row.records, view.is_live, view.span_ns) == (21, True, (0, 3_000_000_010))
    assert view.page("sagas", ["saga"], order="seq desc", limit=1)["saga"].to_list() == ["OrderProcessing:o3"]
    buffer.finish("finished", end_ns=9)
    assert (view.row.status, view.count("messages").number) == ("finished", 3)


def test_names_are_looked_up_before_any_table_is(log: Log, begun: Begun, orders: list[Record]) -> None:
    view = LogView.of(log).run(begun(log, orders).run)
    assert len(view.ids("Inventory", "Order.*")) == 2


def test_a_burst_sees_one_state_of_a_run_that_goes_on(log: Log, begun: Begun, orders: list[Record]) -> None:
    buffer = begun(log, orders[:7])
    view = LogView.of(log).run(buffer.run)
    with view.burst():
        before = view.count("sagas")
        for record in orders[7:]:
            buffer.write(record)
        buffer.flush()  # the file is free, since the copy is asked
        assert (view.count("sagas"), view.count("messages").number) == (before, 1)
    assert view.count("messages").number == 3


def test_a_deleted_run_is_unknown_and_its_number_may_be_given_again(
    log: Log, recorded: Recorded, begun: Begun, orders: list[Record], info: RunInfo
) -> None:
    views = LogView.of(log)
    view = views.run(recorded(log, orders))
    assert view.count("messages").number == 3
    log.delete(view.run)
    with pytest.raises(UnknownRun, match=f"run={view.run}"):
        view.count("messages")


def test_any_thread_may_ask_and_gets_its_own_answer(view: RunView) -> None:
    found: dict[int, list[int]] = {}

    def ask(span: int) -> None:
        for _ in range(5):
            found.setdefault(span, []).append(view.count("spans", view.where().equal("span", span % 4)).number)

    threads = [threading.Thread(target=ask, args=(span,)) for span in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert found == {span: [int(span % 4 > 0)] * 5 for span in range(8)}


def test_a_run_is_read_while_it_is_written(log: Log, begun: Begun, orders: list[Record]) -> None:
    buffer = begun(log, [])
    view = LogView.of(log).run(buffer.run)

    def write() -> None:
        for _ in range(10):
            for record in orders:
                buffer.write(record)
            buffer.flush()
        buffer.finish("finished", end_ns=9)

    writer = threading.Thread(target=write)
    writer.start()
    seen = [view.count("sagas").number]
    while view.row.status == "running" and writer.is_alive():
        seen.append(view.count("sagas").number)
    writer.join(timeout=60)
    assert seen == sorted(seen)
    assert view.count("sagas").number == 60


def test_closing_frees_a_copy_and_asking_makes_it_again(log: Log, begun: Begun, orders: list[Record]) -> None:
    views = LogView.of(log)
    view = views.run(begun(log, orders).run)
    for _ in range(2):
        assert view.count("messages").number == 3
        view.close()
    views.close()


def test_a_window_that_does_not_fit_into_memory_says_what_to_do(view: RunView, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise duckdb.OutOfMemoryException("failed to allocate\nmuch")

    monkeypatch.setattr("studio.store.windows.sources.frame_of", full)
    with pytest.raises(WindowTooLarge, match="failed to allocate"):
        view.count("messages")


def test_values_are_literals_whatever_they_hold(view: RunView) -> None:
    odd = ["it's", "{run}", "a\0b", "🫖", "$x", "--", "\ud800"]
    found = view.ask("select " + ", ".join(f"{{v{at}}} as v{at}" for at in range(7)), **{
        f"v{at}": text for at, text in enumerate(odd)})  # fmt: skip
    assert list(found.rows()[0]) == [*odd[:-1], "\\ud800"]
    assert view.ask("select {n} as n, {r} as r, 1 in {none} as m", n=None, r=0.1, none=[]).rows() == [(None, 0.1, None)]


def test_a_view_names_its_run(view: RunView) -> None:
    assert repr(view) == f"RunView(run={view.run}, scenario='payment_outage', seed=7)"
    assert view.topology_json == ""


def test_spans_end_a_run_in_progress(log: Log, begun: Begun) -> None:
    span = Span(5, 70, 1, 0, 1, "handle", "a", "b", 0, "ok", "", 0, "", "", 0, "")
    assert LogView.of(log).run(begun(log, [span]).run).span_ns == (0, 70)
    assert LogView.of(log).run(begun(log, []).run).span_ns == (0, 0)
