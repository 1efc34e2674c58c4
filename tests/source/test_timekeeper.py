"""Test `time` in studio modules."""

from __future__ import annotations

import calendar
import time as machine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.source.shims.timekeeper import MODULE

time: Any = MODULE
SECONDS = st.integers(min_value=0, max_value=4_000_000_000)


def test_clocks_read_the_world(world: Any) -> None:
    assert time.time_ns() == world.wall_ns
    assert time.time() == pytest.approx(world.wall_ns / 1e9)
    assert time.monotonic_ns() == time.perf_counter_ns() == world.passed_ns
    assert time.monotonic() == time.perf_counter() == 5.0


@pytest.mark.usefixtures("world")
def test_processor_clocks_stand_still_in_a_world() -> None:
    assert time.process_time() == time.thread_time() == 0.0
    assert time.process_time_ns() == time.thread_time_ns() == 0


def test_named_clocks_read_the_world(world: Any) -> None:
    assert time.clock_gettime_ns(machine.CLOCK_REALTIME) == world.wall_ns
    assert time.clock_gettime_ns(machine.CLOCK_MONOTONIC) == world.passed_ns
    assert time.clock_gettime(machine.CLOCK_PROCESS_CPUTIME_ID) == 0.0
    assert time.clock_gettime(machine.CLOCK_MONOTONIC) == 5.0


@pytest.mark.usefixtures("world")
def test_texts_of_now_are_utc_in_a_world() -> None:
    assert time.strftime("%Y-%m-%dT%H:%M:%S %Z") == "2023-11-14T22:13:20 UTC"
    assert time.ctime() == time.asctime() == "Tue Nov 14 22:13:20 2023"
    assert time.localtime() == time.gmtime() == machine.gmtime(1_700_000_000)


@pytest.mark.usefixtures("world")
def test_local_zone_is_utc_in_a_world() -> None:
    assert (time.timezone, time.altzone, time.daylight, time.tzname) == (0, 0, 0, ("UTC", "UTC"))


def test_local_zone_is_the_machines_elsewhere() -> None:
    assert (time.timezone, time.tzname) == (machine.timezone, machine.tzname)


@given(SECONDS)
def test_mktime_undoes_localtime_in_any_world(in_world: Any, seconds: int) -> None:
    with in_world():
        assert time.mktime(time.localtime(seconds)) == seconds == calendar.timegm(time.gmtime(seconds))


@given(SECONDS)
def test_given_moments_read_as_the_machine_reads_them(seconds: int) -> None:
    assert time.localtime(seconds) == machine.localtime(seconds)
    assert time.gmtime(seconds) == machine.gmtime(seconds)
    assert time.ctime(seconds) == machine.ctime(seconds)
    assert time.mktime(machine.localtime(seconds)) == machine.mktime(machine.localtime(seconds))


def test_sleep_suspends_in_virtual_time(world: Any) -> None:
    time.sleep(3600)
    assert world.slept == [3600]


@pytest.mark.usefixtures("world")
def test_sleep_refuses_negative_lengths_like_the_machine() -> None:
    with pytest.raises(ValueError, match="non-negative"):
        time.sleep(-1)


@pytest.mark.parametrize(
    "clock", ["time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time_ns"]
)
def test_clocks_read_the_machine_outside_a_world(clock: str) -> None:
    before = getattr(machine, clock)()
    read = getattr(time, clock)()
    assert before <= read <= getattr(machine, clock)()


def test_sleep_of_nothing_returns_outside_a_world() -> None:
    time.sleep(0)
    assert time.thread_time() > 0
