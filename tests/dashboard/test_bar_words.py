"""What the bar says of runs, time and filters."""

from __future__ import annotations

from studio.dashboard.desk import Desk
from studio.dashboard.feed import Feed
from studio.dashboard.page.bar_words import chips, corner, found_runs


def test_runs_are_found_by_all_words_newest_first(feed: Feed) -> None:
    desk = Desk(feed)
    assert [each["run"] for each in found_runs(desk, "")] == [2, 1]
    assert [each["name"] for each in found_runs(desk, "SEED 1 finished")] == ["storm"]
    assert found_runs(desk, "elsewhere") == []


def test_the_foot_says_scenario_seed_virtual_time_and_sources(feed: Feed) -> None:
    said = corner(feed.rows[1], None)
    assert said == ["run 2", "storm", "seed 1", "t = 2.00 s", "0 records", "sources abcdef01"]


def test_each_filter_is_a_chip_that_takes_back_what_it_says(feed: Feed) -> None:
    desk = Desk(feed, service="Payment", source="Shop", from_ns=1_500_000_000)
    found = [(each["names"], each["title"], each["value"]) for each in chips(desk)]
    assert found == [
        (["service"], "service", "Payment"),
        (["source"], "from", "Shop"),
        (["from_ns", "until_ns"], "time", "1.50 s – end"),
    ]
