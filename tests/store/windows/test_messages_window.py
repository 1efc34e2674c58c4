"""Messages as windows list them are those that a plain look at all messages and deliveries finds."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any

import pytest

from studio.records import Delivery, Message
from studio.simulation.run import Run
from studio.store import Log, RunInfo
from studio.store.windows.log_view import LogView
from studio.store.windows.message_story import count_dead_letters, list_dead_letters, message_story
from studio.store.windows.messages_window import MessageFilter, all_messages, count_messages, list_messages
from studio.store.windows.run_view import RunView

SECOND = 1_000_000_000


def listed(view: RunView, **wanted: Any) -> set[int]:
    return set(list_messages(view, MessageFilter(**wanted), limit=5000)["message"].to_list())


def having(run: Run, **values: Any) -> set[int]:
    rows = run.messages.to_dicts()
    return {row["message"] for row in rows if all(row[name] == value for name, value in values.items())}


@pytest.mark.parametrize(
    ("wanted", "values"),
    [
        ({"kind": "event"}, {"kind": "event"}),
        ({"source": "Orders"}, {"sender": "Orders"}),
        ({"address": "Order.created"}, {"address": "Order.created"}),
        ({"key": "order-3"}, {"key": "order-3"}),
        ({"trace": 3}, {"trace": 3}),
        ({"saga": "OrderProcessing/order-3"}, {"saga": "OrderProcessing/order-3"}),
    ],
)
def test_a_filter_finds_what_has_that_value(
    stormy: Run, stormy_view: RunView, wanted: dict[str, Any], values: dict[str, Any]
) -> None:
    assert listed(stormy_view, **wanted) == having(stormy, **values) != set()


def test_an_address_may_be_a_pattern_or_what_stands_before_a_dot(stormy: Run, stormy_view: RunView) -> None:
    expected = {row["message"] for row in stormy.messages.to_dicts() if row["address"].startswith("Order.")}
    for pattern in ("Order.*", "Order.>", "Order", "$.Order"):
        assert listed(stormy_view, address=pattern) == expected


def test_an_outcome_is_one_of_the_deliveries(stormy: Run, stormy_view: RunView) -> None:
    expected = {row["message"] for row in stormy.deliveries.to_dicts() if row["outcome"] == "lost"}
    assert listed(stormy_view, outcome="lost") == expected != set()


def test_consumer_is_who_was_to_get_it_and_not_who_got_the_answer(stormy: Run, stormy_view: RunView) -> None:
    found = list_messages(stormy_view, MessageFilter(consumer="OrderProcessing"), limit=5000)
    assert "OrderProcessing" not in found.filter(found["kind"] == "call")["sender"].to_list()
    assert all("OrderProcessing" in names for names in found["consumers"])


def test_service_is_who_sent_or_was_to_get_it(stormy_view: RunView) -> None:
    expected = listed(stormy_view, source="Payment") | listed(stormy_view, consumer="Payment")
    assert listed(stormy_view, service="Payment") == expected


def test_a_stretch_of_time_holds_its_first_instant_and_not_its_last(stormy: Run, stormy_view: RunView) -> None:
    at = stormy.messages["at_ns"].to_list()
    begin, end = at[10], at[40]
    expected = {row["message"] for row in stormy.messages.to_dicts() if begin <= row["at_ns"] < end}
    assert listed(stormy_view, from_ns=begin, until_ns=end) == expected


def test_attempts_are_those_of_the_deliveries(stormy: Run, stormy_view: RunView) -> None:
    attempts: dict[int, int] = defaultdict(int)
    for row in stormy.deliveries.to_dicts():
        attempts[row["message"]] = max(attempts[row["message"]], row["attempt"])
    found = list_messages(stormy_view, MessageFilter(), limit=5000)
    assert all(attempts[message] == count for message, count in found.select("message", "attempts").iter_rows())


def test_pages_put_together_are_the_whole_in_order(stormy_view: RunView) -> None:
    whole = list_messages(stormy_view, MessageFilter(), order="attempts", limit=5000)["seq"].to_list()
    pages = [list_messages(stormy_view, MessageFilter(), order="attempts", offset=at, limit=50)
             for at in range(0, len(whole), 50)]  # fmt: skip
    assert [seq for page in pages for seq in page["seq"]] == whole
    assert len(whole) == count_messages(stormy_view, MessageFilter())


def test_a_page_leaves_the_contents_where_they_are(stormy_view: RunView) -> None:
    page = list_messages(stormy_view, MessageFilter(), limit=3)
    assert "body" not in page.columns
    story = message_story(stormy_view, page["message"][0])
    assert story is not None
    assert story.message["body"][0]
    assert "body" not in story.effects.columns


def test_an_export_brings_all_rows_up_to_its_bound(stormy_view: RunView) -> None:
    every = sum(map(len, all_messages(stormy_view, MessageFilter())))
    assert every == count_messages(stormy_view, MessageFilter())
    assert sum(map(len, all_messages(stormy_view, MessageFilter(), rows_max=5))) == 5


def test_a_story_names_cause_effects_and_every_delivery(stormy: Run, stormy_view: RunView) -> None:
    messages, deliveries = stormy.messages, stormy.deliveries
    message = int(messages.filter(messages["address"] == "Payment.process")["message"][0])
    story = message_story(stormy_view, message)
    assert story is not None
    cause = messages.filter(messages["message"] == message)["cause"][0]
    assert story.cause["message"].to_list() == [cause]
    assert story.effects["message"].to_list() == messages.filter(messages["cause"] == message)["message"].to_list()
    expected = deliveries.filter(deliveries["message"] == message)["outcome"].to_list()
    assert story.deliveries["outcome"].to_list() == expected


def test_a_message_that_is_not_there_has_no_story(stormy_view: RunView) -> None:
    assert message_story(stormy_view, 99_999) is None


# -- what becomes of a message -----------------------------------------------------------------------------------------


def told(kind: str, *deliveries: tuple[str, str, str]) -> dict[str, Any]:
    """Record one message and its deliveries (consumer, outcome, reason), and return its row."""
    log = Log.memory()
    buffer = log.record(RunInfo("", 0, "", "0", "3.11", datetime(2026, 1, 1, tzinfo=UTC)))
    buffer.write(Message(1, 7, kind, "Order.made", "Shop", 1, "o-1", 1, 0, 0, 1, "", "{}"))
    for at, (consumer, outcome, reason) in enumerate(deliveries, 2):
        buffer.write(Delivery(at, 7, consumer, 1, 1, outcome, reason))
    buffer.finish("finished", end_ns=99)
    looked = LogView.of(log)
    try:
        return list_messages(looked.run(1), MessageFilter()).row(0, named=True)
    finally:
        looked.close()


def test_of_several_consumers_the_gravest_end_is_told() -> None:
    row = told("event", ("Mail", "acknowledged", ""), ("Stock", "refused", "x"), ("Stock", "dead-lettered", "x"))
    assert (row["outcome"], row["reason"], row["consumers"]) == ("dead-lettered", "x", ["Mail", "Stock"])


def test_what_was_lost_and_came_again_ended_well() -> None:
    row = told("event", ("Mail", "lost", "delivery"), ("Mail", "redelivered", ""), ("Mail", "acknowledged", ""))
    assert (row["outcome"], row["troubles"]) == ("acknowledged", ["lost", "redelivered"])


def test_a_late_answer_does_not_undo_the_timeout() -> None:
    row = told("call", ("Cards", "delivered", ""), ("Shop", "timed-out", ""), ("Shop", "late", "reply"))
    assert (row["outcome"], row["consumers"]) == ("timed-out", ["Cards"])


@pytest.mark.parametrize(
    ("reason", "outcome"), [("", "replied"), ("201", "replied"), ("Declined", "error"), ("500", "error")]
)
def test_an_answer_that_says_what_went_wrong_is_an_error(reason: str, outcome: str) -> None:
    assert told("call", ("Cards", "delivered", ""), ("Shop", "replied", reason))["outcome"] == outcome


def test_a_message_nobody_was_given_is_only_sent() -> None:
    assert told("event")["outcome"] == "sent"


def test_a_letter_that_was_delivered_again_is_dead_no_more() -> None:
    log = Log.memory()
    buffer = log.record(RunInfo("", 0, "", "0", "3.11", datetime(2026, 1, 1, tzinfo=UTC)))
    for message in (1, 2):
        buffer.write(Message(message, message, "event", "Order.made", "Shop", 1, "", 1, 0, 0, 1, "", "{}"))
        buffer.write(Delivery(10 + message, message, "Mail", 0, 5, "dead-lettered", "ValueError"))
    buffer.write(Delivery(20, 1, "Mail", 1, 1, "delivered", ""))
    buffer.finish("finished", end_ns=99)
    looked = LogView.of(log)
    view = looked.run(1)
    assert list_dead_letters(view)["message"].to_list() == [2]
    assert (count_dead_letters(view), count_dead_letters(view, consumer="Other")) == (1, 0)
    looked.close()
