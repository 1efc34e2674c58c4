"""Asking one run: frames, SQL, errors in the author's lines, traces, comparing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from studio.errors import InvalidQuery, QueryWrites, UnknownView
from studio.records import Message, Record, Span, canonical
from studio.store import Log, RunInfo, RunLog


@pytest.fixture(params=["memory", "file"], scope="module")
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Log:
    file = tmp_path_factory.mktemp("log") / "studio.duckdb"
    return Log.memory() if request.param == "memory" else Log.open(file)


def recorded(log: Log, info: RunInfo, records: list[Record]) -> RunLog:
    buffer = log.record(info)
    for record in records:
        buffer.write(record)
    buffer.finish("finished", end_ns=9)
    return log.run(buffer.run)


@pytest.fixture(scope="module")
def run(log: Log, info: RunInfo, orders: list[Record]) -> RunLog:
    return recorded(log, info, orders)


def test_events_tell_what_became_of_them(run: RunLog) -> None:
    rows = run.events.select("key", "at_s", "deliveries", "acknowledged", "consumers").rows()
    assert rows[0] == ("o1", 1.0, 1, 0, ["Inventory"])
    assert len(rows) == 3


def test_sagas_tell_their_last_state_and_their_history(run: RunLog) -> None:
    assert run.sagas["state"].to_list() == ["completed"] * 3
    assert run.sagas["history"].to_list()[0] == ["running", "completed"]
    assert run.frame("saga_changes").height == 6


def test_documents_are_the_last_committed_and_their_history_stands_beside(run: RunLog) -> None:
    assert run.documents.select("key", "version").rows() == [("tea", 3)]
    assert run.frame("document_changes")["version"].to_list() == [1, 2, 3]
    assert run.collection("Inventory.stock") == [{"sku": "tea", "quantity": 3}]


@pytest.mark.parametrize("name", ["Inventory.stock", '"Inventory.stock"', "Inventory_stock", "inventory.STOCK"])
def test_a_collection_is_a_view_with_its_fields_as_columns(run: RunLog, name: str) -> None:
    assert run.sql("from " + name).select("sku", "quantity").rows() == [("tea", 3)]


def test_ledgers_are_external_with_their_fields_as_columns(run: RunLog) -> None:
    rows = run.sql("select order_id, amount from external where name = $who order by order_id", who="cards").rows()
    assert rows[0] == ("o1", Decimal("12.5"))
    assert run.ledgers.height == 3


def test_columns_exist_without_rows(log: Log, info: RunInfo) -> None:
    empty = recorded(log, info, [])
    assert empty.sql("select order_id from external group by order_id having count(*) > 1").height == 0
    assert empty.sql("select sku from Inventory.stock").columns == ["sku"]
    assert all(empty.frame(view).height == 0 for view in empty.views)


def test_sums_of_integers_are_integers(run: RunLog) -> None:
    assert run.sql("select sum(quantity) as n, count(*) as m from Inventory.stock").rows() == [(3, 1)]


def test_a_run_sees_its_own_records_only(log: Log, info: RunInfo, run: RunLog, orders: list[Record]) -> None:
    recorded(log, info, orders)
    assert run.sql("select count(*) as n from messages")["n"].to_list() == [3]


def test_a_live_run_sees_what_was_just_recorded(log: Log, info: RunInfo, orders: list[Record]) -> None:
    buffer = log.record(info)
    live = log.live(buffer)
    seen = []
    for record in orders:
        buffer.write(record)
        seen.append(live.sql("select count(*) as n from spans")["n"][0])
    assert (seen[0], seen[-1]) == (0, 3)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("select *\nfrom mesages", 2, "Nearest: messages"),
        ("select ky\nfrom\n  messages", 1, "key"),
        ("select key\nfrom messages\nwhre key = 'a' or", 3, "syntax error"),
        ("select\n cast(body as int) from messages", 2, "Conversion Error"),
        ("select summ(at_ns) from messages", 1, "Did you mean"),
        ("", 1, "empty"),
        ("select 1; select 2", 1, "2 statements"),
        ("select $who", 1, "who"),
    ],
)
def test_a_wrong_query_is_told_in_the_authors_lines(run: RunLog, text: str, line: int, told: str) -> None:
    with pytest.raises(InvalidQuery, match="STU605") as caught:
        run.sql(text, cell="invariant one_charge")
    assert told in str(caught.value)
    assert (caught.value.line, caught.value.where and caught.value.where.cell) == (line, "invariant one_charge")


@pytest.mark.parametrize(
    "text",
    [
        "delete from messages",
        "create table a as select 1",
        "drop view messages",
        "copy messages to 'out.csv'",
        "attach 'other.duckdb'",
        "set threads = 4",
        "insert into rows.messages select * from rows.messages",
    ],
)
def test_a_query_that_writes_is_refused(run: RunLog, text: str) -> None:
    with pytest.raises(QueryWrites, match="STU606"):
        run.sql(text)


def test_a_query_reaches_neither_files_nor_variables(run: RunLog, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n1\n")
    for text in (f"from read_csv('{tmp_path}/a.csv')", f"from '{tmp_path}/a.csv'", "from orders"):
        with pytest.raises(InvalidQuery):
            run.sql(text)


def test_an_unknown_view_names_the_nearest(run: RunLog) -> None:
    with pytest.raises(UnknownView, match=r"Inventory\.stock"):
        run.frame("Inventory.stok")


def test_a_trace_holds_what_belongs_to_it_in_order(run: RunLog, orders: list[Record]) -> None:
    assert run.trace(2) == orders[7:14]
    assert run.traces().select("trace", "spans", "troubled", "name").rows()[1] == (2, 1, 0, "Order.created")


def test_comparing_finds_the_first_record_that_differs(
    log: Log, info: RunInfo, run: RunLog, orders: list[Record]
) -> None:
    message = orders[7]
    assert isinstance(message, Message)
    changed = [*orders[:7], message._replace(body="{}"), *orders[8:]]
    found = log.compare(run.run, recorded(log, info, changed).run)
    assert found is not None
    assert (found.seq, found.first, found.second) == (7, message, changed[7])
    assert "differ at record 7" in str(found)


def test_comparing_tells_which_run_ended_first(log: Log, info: RunInfo, run: RunLog, orders: list[Record]) -> None:
    found = log.compare(recorded(log, info, orders[:-1]).run, run.run)
    assert found is not None
    assert (found.seq, found.first, found.second) == (20, None, orders[-1])


def test_words_of_foreign_libraries_are_not_compared(
    log: Log, info: RunInfo, run: RunLog, orders: list[Record]
) -> None:
    other = [record._replace(error_text="other words") if isinstance(record, Span) else record for record in orders]
    again = recorded(log, info, other)
    assert log.compare(run.run, again.run) is None
    assert run.sha256() == again.sha256()


def test_a_packed_run_is_the_same_in_another_log(log: Log, run: RunLog, orders: list[Record]) -> None:
    other = Log.memory()
    adopted = other.run(other.adopt(log.pack(run.run)))
    assert canonical(adopted.records()) == canonical(orders)
    assert (adopted.row.info, adopted.row.status) == (run.row.info, "finished")
