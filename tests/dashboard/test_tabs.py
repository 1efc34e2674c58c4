"""The table of tabs: each leads to its view."""

from __future__ import annotations

import pytest

from studio.dashboard.desk import Desk
from studio.dashboard.view import View
from studio.dashboard.views import TABS, Tab


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.name)
def test_each_tab_has_its_view_which_needs_what_the_desk_has(tab: Tab) -> None:
    view = tab.load()
    assert issubclass(view, View)
    assert (view.name, view.title) == (tab.name, tab.title)
    assert set(view.needs) <= set(Desk.param)
