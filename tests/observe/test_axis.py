"""Times as people read them."""

from __future__ import annotations

import pytest

from studio.observe.axis import Axis, duration, instant


@pytest.mark.parametrize(
    ("time_ns", "said"),
    [
        (0, "0 s"),
        (589_000_000, "589 ms"),
        (37_000_000_000, "37.00 s"),
        (59_994_000_000, "59.99 s"),
        (59_996_000_000, "1 min 00.0 s"),
        (117_180_000_000, "1 min 57.2 s"),
        (3_599_960_000_000, "1 h 00 min 00 s"),
        (7_507_000_000_000, "2 h 05 min 07 s"),
        (273_607_000_000_000, "3 d 4 h 00 min 07 s"),
        (-37_000_000_000, "−37.00 s"),
    ],
)
def test_instants_tell_neighbours_apart(time_ns: int, said: str) -> None:
    assert instant(time_ns) == said


@pytest.mark.parametrize(
    ("time_ns", "said"),
    [
        (589_000_000, "589 ms"),
        (37_000_000_000, "37.000 s"),
        (117_183_400_000, "1 min 57.183 s"),
        (59_999_700_000, "1 min 00.000 s"),
        (7_507_250_000_000, "2 h 05 min 07.250 s"),
    ],
)
def test_fine_instants_tell_milliseconds_apart(time_ns: int, said: str) -> None:
    assert instant(time_ns, is_fine=True) == said


@pytest.mark.parametrize(
    ("time_ns", "said"),
    [
        (0, "0 s"),
        (999_700, "1 ms"),
        (59_940_000_000, "59.9 s"),
        (59_960_000_000, "1 min"),
        (80_100_000_000, "1 min 20 s"),
        (65_000_000_000, "1 min 05 s"),
        (3_599_000_000_000, "59 min 59 s"),
        (3_599_600_000_000, "1 h"),
        (7_507_000_000_000, "2 h 05 min"),
        (86_390_000_000_000, "1 d"),
        (273_600_000_000_000, "3 d 4 h"),
        (-80_000_000_000, "−1 min 20 s"),
    ],
)
def test_long_durations_are_said_in_two_units_without_decimals(time_ns: int, said: str) -> None:
    assert duration(time_ns) == said


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (6, ["0 h", "1 h", "2 h"]),
        (30, ["0 h", "6 h", "12 h"]),
        (720, ["0 d", "5 d", "10 d"]),
        (9000, ["0 d", "50 d", "100 d"]),
    ],
)
def test_an_axis_over_hours_and_days_ticks_at_whole_ones(hours: int, said: list[str]) -> None:
    found = [label for _, label in Axis(0, hours * 3_600_000_000_000).ticks(8)]
    assert found[:3] == said
