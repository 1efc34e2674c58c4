"""The state of a session: whatever it is, the URL says it, and the URL brings it back."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from studio.dashboard.desk import FILTERS, Desk
from studio.dashboard.feed import Feed
from studio.store import Log

NUMBERS = (
    "run", "trace", "span", "message", "other", "campaign", "seed", "from_ns", "until_ns", "at_ns", "last_s", "axis_s",
    "zoom",
)  # fmt: skip
WORDS = (
    "service", "address", "source", "saga", "status", "text", "part", "sort", "split", "table", "fold", "equal", "kind",
)  # fmt: skip
STATES = st.fixed_dictionaries(
    {
        "tab": st.sampled_from(["system", "traces", "compare"]),
        **{name: st.none() | st.integers(0, 2**63 - 1) for name in NUMBERS},
        **{name: st.text(st.characters(exclude_categories=["Cs"])) for name in WORDS},
    }
)
PAIRS = st.lists(st.tuples(st.sampled_from([*NUMBERS, *WORDS, "tab", "theme", "token"]), st.text()), max_size=5)
QUERIES = PAIRS.map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs))
FEED = Feed.of_log(Log.memory())


@settings(deadline=None)
@given(STATES)
def test_a_link_restores_every_state(state: dict[str, Any]) -> None:
    desk, other = Desk(FEED), Desk(FEED, service="Elsewhere", trace=3)
    desk.go(**state)
    other.restore(desk.link())
    assert {name: getattr(other, name) for name in state} == state


@settings(deadline=None)
@given(st.one_of(st.text(), QUERIES))
def test_a_query_of_any_form_leaves_a_state_that_can_be_said(query: str) -> None:
    desk, other = Desk(FEED), Desk(FEED)
    desk.restore(query)
    other.restore(desk.link())
    assert other.state() == desk.state()


def test_impossible_values_of_a_query_are_as_by_default() -> None:
    desk = Desk(FEED)
    desk.restore("?run=-1&trace=x&span=99999999999999999999&theme=pink&message=٣")
    assert (desk.run, desk.trace, desk.span, desk.message, desk.theme) == (None, None, None, None, "light")


def test_changes_of_one_step_are_told_once() -> None:
    desk, told = Desk(FEED), list[str]()
    desk.watch(lambda: told.append(f"{desk.tab} {desk.trace}"), "tab", "trace")
    desk.go("traces", trace=7, service="Payment")
    assert told == ["traces 7"]


def test_a_link_can_say_something_else_than_is_shown() -> None:
    desk = Desk(FEED, tab="traces", trace=7, service="Payment")
    assert desk.link(tab="messages", trace=None, message=3) == "?tab=messages&service=Payment&message=3"
    assert desk.trace == 7


def test_the_link_says_all_that_the_session_keeps() -> None:
    assert set(Desk.param) - {"name", "notices", "tick", "theme", "tab"} == {*NUMBERS, *WORDS}


def test_what_was_about_something_else_goes_with_it() -> None:
    desk = Desk(FEED, run=1, trace=3, at_ns=5, zoom=7, fold="all", last_s=10)
    desk.go(trace=3, from_ns=None)
    assert (desk.zoom, desk.fold, desk.last_s) == (7, "all", 10)
    desk.go(trace=4)
    assert (desk.zoom, desk.fold, desk.at_ns) == (None, "", 5)
    desk.go(run=2, from_ns=1, at_ns=9)
    assert (desk.at_ns, desk.last_s) == (9, None)


def test_another_dashboard_of_the_same_server_stands_in_all_links() -> None:
    desk = Desk(FEED, trace=3)
    assert "feed" not in desk.link()
    desk.number = 2
    assert desk.link(trace=4).endswith("trace=4&feed=2")


def test_filters_are_taken_back_together() -> None:
    desk = Desk(FEED, service="Payment", from_ns=5, trace=7)
    desk.clear()
    assert (desk.trace, *(getattr(desk, name) for name in FILTERS)) == (7, "", "", "", "", None, None)


def test_only_a_chosen_theme_stands_in_the_link() -> None:
    desk = Desk(FEED, theme="dark")
    assert "theme" not in desk.link()
    desk.is_theme_chosen = True
    assert "theme=dark" in desk.link()


def test_newest_run_is_shown_unless_one_is_chosen(log: Log) -> None:
    desk = Desk(Feed.of_log(log))
    assert desk.shown_run == 2
    desk.go(run=1)
    assert (desk.shown_run, desk.view.row.info.scenario) == (1, "calm")


def test_a_notice_takes_the_place_of_one_with_its_key() -> None:
    desk = Desk(FEED)
    for text in ("locked", "still locked"):
        desk.tell(text, "error", key="log")
    assert [each.text for each in desk.notices] == ["still locked"]
    desk.untell("log")
    assert desk.notices == ()
