"""The tab Messages, without a browser: the list, one message with its story, two side by side, dead letters."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import polars as pl
import pytest

from studio.dashboard.desk import Desk
from studio.dashboard.pieces.difference import changes, difference_table
from studio.dashboard.pieces.facts import PRETTY_MAX, pretty
from studio.dashboard.pieces.terms import Terms
from studio.dashboard.views.messages_view import MessagesView
from studio.simulation.world import World

Words = Callable[[str], str]


def shown(desk: Desk) -> MessagesView:
    view = MessagesView(desk)
    view.body()
    view.refresh()
    return view


def first_of(desk: Desk, address: str) -> int:
    found = desk.view.where().named("address", address)
    return int(desk.view.page("messages", ["message"], found, limit=1)["message"][0])


def test_filters_of_the_desk_and_of_the_text_narrow_the_list(desk: Desk) -> None:
    view = shown(desk)
    whole = view.table.total
    desk.go(text="kind:event consumer:Orders", address="Order.*")
    view.refresh()
    assert 0 < view.table.total < whole
    assert {row[1][2] for row in view.table.rows} == {"event"}


def test_a_message_shows_contents_verdict_and_deliveries(desk: Desk, words: Words) -> None:
    desk.go(message=first_of(desk, "Email.write"))
    view = shown(desk)
    assert "valid Letter" in words(view.opened.left.html)
    assert '"order_id"' in words(view.opened.left.html)
    assert "refused no replica" in words(view.opened.right.html)
    assert "Its cause" in view.opened.right.html


def test_causes_and_effects_lead_on(desk: Desk) -> None:
    placed = first_of(desk, "Orders.place")
    desk.go(message=placed)
    view = shown(desk)
    assert view.opened.story is not None
    effect = int(view.opened.story.effects["message"][0])
    assert f"message={effect}" in view.opened.right.html


def test_a_message_that_is_not_there_is_told_in_its_place(desk: Desk, words: Words) -> None:
    desk.go(message=99_999)
    assert "STU924" in words(shown(desk).opened.head.html)


def test_two_messages_are_compared_and_the_link_holds_both(desk: Desk, words: Words) -> None:
    first = first_of(desk, "Order.created")
    desk.go(message=first)
    view = shown(desk)
    view.opened.head.receive({"kind": "act", "name": "keep", "value": str(first)})
    desk.go(message=first_of(desk, "Order.status_changed"))
    view.refresh()
    assert "≠ changed" in words(view.opened.left.html) or "+ added" in words(view.opened.left.html)
    assert f"against%3A{first}" in desk.link()
    view.opened.head.receive({"kind": "act", "name": "drop", "value": ""})
    assert "against" not in desk.text


def test_dead_letters_have_their_cause(live: Desk, words: Words) -> None:
    live.go(text="dead:letters")
    view = shown(live)
    assert [row[1][6] for row in view.letters.table.rows] == ["ValueError"]
    assert "Dead letters: 1" in words(view.letters.switch.html)
    assert view.letters.body.visible


def test_a_dead_letter_is_delivered_once_more(live: Desk, troubled: World) -> None:
    live.go(text="dead:letters")
    view = shown(live)
    letter = int(view.letters.table.rows[0][0])
    live.go(message=letter)
    view.refresh()
    view.opened.right.receive({"kind": "act", "name": "redeliver", "value": "Store"})
    assert "redelivered" in troubled.run.deliveries["outcome"].to_list()
    view.refresh()
    assert view.letters.table.total == 0
    assert live.notices[-1].level == "success"


def test_all_dead_letters_of_a_consumer_are_delivered_once_more(live: Desk, troubled: World) -> None:
    live.go(text="dead:letters consumer:Store")
    view = shown(live)
    view.letters.switch.receive({"kind": "act", "name": "all", "value": ""})
    assert "redelivered" in troubled.run.deliveries["outcome"].to_list()
    view.refresh()
    assert view.letters.table.total == 0


def test_letters_of_a_run_that_is_over_stay_dead_and_say_why(live: Desk, troubled: World) -> None:
    troubled.close()
    live.go(text="dead:letters")
    view = shown(live)
    assert "disabled" in view.letters.switch.html
    view.letters.switch.receive({"kind": "act", "name": "all", "value": ""})
    assert "STU923" in live.notices[-1].text


def test_exports_hold_all_that_fits(desk: Desk) -> None:
    desk.go(address="Order.*")
    view = shown(desk)
    exports = {export.form: export for export in view.exports()}
    rows = pl.read_parquet(io.BytesIO(exports["parquet"].make()))
    assert len(rows) == view.table.total
    assert exports["csv"].make().startswith(b"at_ns,message,kind")


# -- pieces ------------------------------------------------------------------------------------------------------------


def test_fields_stand_in_the_order_of_their_contract() -> None:
    found = pretty('{"b":1,"x":2,"a":3}', ("a", "b"))
    assert found.index('"a"') < found.index('"b"') < found.index('"x"')
    assert pretty("no json") == "no json"


def test_of_very_long_contents_the_page_gets_the_beginning_and_says_so() -> None:
    found = pretty(f'"{"x" * 1_000_000}"')
    assert len(found) < PRETTY_MAX + 100
    assert found.endswith("… and 980,002 characters more")
    deep = "[" * 100_000 + "]" * 100_000
    assert pretty(deep).startswith("[[[")
    assert [each.kind for each in changes(deep, deep)] == ["same"]


def test_of_many_fields_those_that_differ_stand_in_the_difference() -> None:
    before = json.dumps(dict.fromkeys(map(str, range(5_000)), "same"))
    after = json.dumps(json.loads(before) | {"4999": "y" * 9_000})
    found = difference_table(before, after)
    assert found.count("<tr") == 501
    assert "500 of 5,000 fields" in found
    assert "… and 8,002 characters more" in found


def test_what_was_added_removed_and_changed_is_told_by_path() -> None:
    found = changes('{"a":1,"b":{"c":[1,2]}}', '{"a":2,"b":{"c":[1]},"d":null}')
    assert [(each.path, each.kind) for each in found] == [
        ("a", "changed"), ("b.c.0", "same"), ("b.c.1", "removed"), ("d", "added"),
    ]  # fmt: skip


@pytest.mark.parametrize("query", ["kind:event", 'key:"a b" some text', "plain", "", "http://x kind: event"])
def test_terms_survive_being_written(query: str) -> None:
    terms = Terms.of(query)
    assert Terms.of(str(terms)) == terms


def test_a_word_is_taken_out_of_a_query() -> None:
    assert str(Terms.of("kind:event key:a text").having(kind="")) == "key:a text"
