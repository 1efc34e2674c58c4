"""The place of a tab: built once, refreshed when it has to be, its errors kept to itself."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType
from typing import ClassVar

import panel as pn
import pytest

from studio.dashboard.desk import Desk
from studio.dashboard.feed import Feed
from studio.dashboard.page.frame import Frame
from studio.dashboard.view import Export, View
from studio.dashboard.views import Tab
from studio.errors import UnknownTab
from studio.store import Log


class Counting(View):
    """Counts what is done with it."""

    name, title = "counting", "Counting"
    needs: ClassVar[tuple[str, ...]] = ("run", "service")
    bodies = refreshes = 0
    failure: ClassVar[Exception | None] = None

    def body(self) -> pn.Column:
        type(self).bodies += 1
        return pn.Column("shown")

    def refresh(self) -> None:
        type(self).refreshes += 1
        if self.failure is not None:
            raise self.failure

    def exports(self) -> Sequence[Export]:
        return (Export("All", "csv", "all", lambda: b"a,b"),)


@pytest.fixture
def view(monkeypatch: pytest.MonkeyPatch) -> type[Counting]:
    fresh = type("Fresh", (Counting,), {})
    module = ModuleType("counting_view")
    module.__dict__["Fresh"] = fresh
    monkeypatch.setitem(sys.modules, "studio.dashboard.views.counting_view", module)
    return fresh


TAB = Tab("counting", "Counting", "counting_view", "Fresh")


def shown(frame: Frame) -> str:
    return "".join(str(getattr(each, "object", each)) for each in frame.column)


def test_a_tab_is_built_once_and_refreshed_only_for_what_it_needs(feed: Feed, view: type[Counting]) -> None:
    desk = Desk(feed)
    frame = Frame(desk, TAB)
    for change in ({}, {"trace": 3}, {"service": "Payment"}, {"service": "Payment"}, {"theme": "dark"}):
        desk.go("", **change)
        frame.update()
    assert (view.bodies, view.refreshes) == (1, 3)


def test_new_records_call_for_a_refresh_of_views_that_follow(feed: Feed, view: type[Counting]) -> None:
    frame = Frame(Desk(feed), TAB)
    frame.update()
    frame.has_news()
    frame.update()
    view.follows = False
    frame.has_news()
    frame.update()
    assert view.refreshes == 2


def test_an_error_of_ours_is_told_with_its_remedy_and_gone_when_it_is(feed: Feed, view: type[Counting]) -> None:
    view.failure = UnknownTab(tab="x", known="y")
    frame = Frame(Desk(feed), TAB)
    frame.update()
    assert "STU920" in shown(frame)
    assert "Take one of: y." in shown(frame)
    view.failure = None
    frame.update()
    assert "STU920" not in shown(frame)


def test_a_flaw_of_a_tab_is_told_as_ours_and_written_to_the_log(
    feed: Feed, view: type[Counting], caplog: pytest.LogCaptureFixture
) -> None:
    view.failure = ZeroDivisionError("<script>")
    frame = Frame(Desk(feed), TAB)
    frame.update()
    assert "ZeroDivisionError: &lt;script&gt;" in shown(frame)
    assert "a flaw of Studio" in shown(frame)
    assert "tab counting" in caplog.text


def test_without_a_run_a_tab_says_what_to_do_and_its_view_is_not_asked(view: type[Counting]) -> None:
    frame = Frame(Desk(Feed.of_log(Log.memory())), TAB)
    frame.update()
    assert "No run yet" in shown(frame)
    assert view.refreshes == 0
    assert frame.exports() == []


def test_a_run_that_is_gone_is_told(feed: Feed, log: Log, view: type[Counting]) -> None:
    frame = Frame(Desk(feed, run=99), TAB)
    frame.update()
    assert "run=99 is not in the log" in shown(frame)
    assert [each.title for each in frame.exports()] == ["All"]
