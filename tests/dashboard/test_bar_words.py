"""What the bar says of runs, time and filters."""

from __future__ import annotations

import pytest

from studio.dashboard.desk import Desk
from studio.dashboard.feed import Feed
from studio.dashboard.page.bar_words import chips, clock, corner, found_runs


@pytest.mark.parametrize(
    ("time_ns", "said"),
    [(0, "0.0 s"), (12_340_000_000, "12.3 s"), (117 * 10**9, "1 min 57 s"), (7_500 * 10**9, "2 h 05 min")],
)
def test_time_that_goes_on_is_said_with_the_same_digits(time_ns: int, said: str) -> None:
    assert clock(time_ns) == said


def test_runs_are_found_by_all_words_newest_first(feed: Feed) -> None:
    desk = Desk(feed)
    assert [each["run"] for each in found_runs(desk, "")] == [2, 1]
    assert [each["name"] for each in found_runs(desk, "SEED 1 finished")] == ["storm"]
    assert found_runs(desk, "elsewhere") == []


def test_the_foot_says_scenario_seed_virtual_time_and_sources(feed: Feed) -> None:
    said = corner(feed.rows[1], None)
    assert said == ["run 2", "storm", "seed 1", "t = 2.0 s", "0 records", "sources abcdef01"]


def test_each_filter_is_a_chip_that_takes_back_what_it_says(feed: Feed) -> None:
    desk = Desk(feed, service="Payment", source="Shop", from_ns=1_500_000_000)
    found = [(each["names"], each["title"], each["value"]) for each in chips(desk)]
    assert found == [
        (["service"], "service", "Payment"),
        (["source"], "from", "Shop"),
        (["from_ns", "until_ns"], "time", "1.5 s – end"),
    ]
