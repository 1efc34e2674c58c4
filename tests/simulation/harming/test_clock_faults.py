"""Wrong clocks: what code sees of them, when its timers end, and that records keep the world's time."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio import S, clock_drift, clock_jump, clock_offset
from studio.errors import CallRefused, InvalidFault, UnfitTarget, UnknownTarget
from studio.model.faults.clock_faults import ClockDrift, ClockFault
from studio.records import Span
from studio.runtime.forward import ForwardTime
from studio.simulation.cluster.skew import Skew, SkewedClock
from studio.simulation.virtual.loop import VirtualLoop

TELL = S.Teller.tell
TELLER = """
%%service Teller --replicas 2
import asyncio, datetime, time
import anyio
@service.operation($.Teller.tell, timeout="60s")
async def tell(thing: Thing) -> Told:
    before = time.monotonic()
    with anyio.move_on_after(thing.amount):
        await asyncio.sleep(3600)
    await asyncio.sleep(thing.amount)
    passed = round(time.monotonic() - before, 3)
    return Told(text=datetime.datetime.now().strftime("%H:%M:%S") + f" {passed:g}")
"""
ASKER = """
%%service Asker
@service.on($.Thing.made)
async def ask(thing: Thing) -> None:
    log.info((await Teller.tell(thing)).text)
"""


def told(played: Any, amount: int = 0) -> str:
    return str(played.world.call(TELL, played.thing(amount=amount)).text)


def ask(played: Any, amount: int) -> None:
    played.world.publish(S.Thing.made, played.thing(amount=amount))
    played.world.advance("61s").settle()


def test_offset_moves_the_time_of_day_and_not_the_timers(play: Any) -> None:
    played = play(TELLER, faults=[clock_offset("Teller", "1h", back=True, until="10s")])
    assert told(played, 1) == "23:00:02 2"
    assert played.world.now == "2.002 s"
    played.world.advance("10s")
    assert told(played).startswith("00:00:12")


def test_jump_is_felt_from_its_instant_on_at_the_replica_it_names(play: Any) -> None:
    played = play(TELLER, faults=[clock_jump("Teller/2", "1h", at="1s", back=True)])
    before = [told(played), told(played)]
    played.world.advance("1s")
    after = sorted([told(played), told(played)])
    assert all(each.startswith("00:00:00") for each in before)
    assert [each[:2] for each in after] == ["00", "23"]


def test_drift_ends_timers_early_and_nobody_there_notices(play: Any) -> None:
    played = play(TELLER, faults=[clock_drift("Teller", ppm=250_000)])
    assert told(played, 10).endswith(" 20")
    assert played.world.now == "16 s"


def test_callee_whose_clock_is_ahead_refuses_what_is_in_time(play: Any) -> None:
    played = play(TELLER, ASKER, faults=[clock_offset("Teller", "10m")])
    with pytest.raises(CallRefused, match="deadline"):
        told(played)


def test_caller_with_a_wrong_clock_waits_as_long_as_it_means_to(play: Any) -> None:
    played = play(TELLER, ASKER, faults=[clock_offset("Asker", "10m")])
    ask(played, 100)
    assert "STU410" in played.world.run.spans["error"].to_list()


def test_records_keep_the_worlds_time(play: Any) -> None:
    played = play(TELLER, ASKER, faults=[clock_offset("Asker", "10m", at="1s")])
    played.world.advance("2s")
    ask(played, 0)
    assert played.lines() == ["00:00:02 0"]
    times = [record.end_ns if isinstance(record, Span) else record.at_ns for record in played.world.run.log.records()]
    assert times == sorted(times)
    assert max(times) < 64_000_000_000


@pytest.mark.parametrize("fault", [clock_offset("Tellers"), clock_jump("Teller/3"), clock_drift("Teller.tell")])
def test_targets_are_checked(play: Any, fault: Any) -> None:
    with pytest.raises((UnknownTarget, UnfitTarget), match="Teller"):
        play(TELLER, faults=[fault])


@pytest.mark.parametrize("ppm", [0, 600_000, -500_001])
def test_what_is_no_clock_any_more_is_refused(ppm: int) -> None:
    with pytest.raises(InvalidFault, match="ppm"):
        clock_drift("Teller", ppm=ppm)


SHIFTS = st.sampled_from(
    [
        clock_offset("A", "3s", at="2s", until="9s"),
        clock_offset("A", "3s", back=True, at="5s"),
        clock_jump("A", "500ms", at="3s", back=True),
        clock_drift("A", ppm=-400_000, at="1s", until="8s"),
        clock_drift("A", ppm=90_000),
    ]
)


@given(st.lists(SHIFTS, max_size=4), st.lists(st.integers(0, 10**10), max_size=12))
def test_engine_time_never_goes_back(faults: list[ClockFault], moments: list[int]) -> None:
    loop = VirtualLoop()
    skew = Skew(loop)
    clock, seen = SkewedClock(skew), [0]
    begins = [(each.from_ns, each) for each in faults]
    for loop.now_ns, fault in sorted([*((each, None) for each in moments), *begins], key=lambda event: event[0]):
        if fault is not None:
            skew.begin(fault)
        seen.append(clock.now_ns())
    assert seen == sorted(seen)
    loop.close()


@given(st.integers(1, 10**11), st.integers(-500_000, 500_000).filter(bool))
def test_a_delay_that_a_drifting_clock_measures_has_passed_on_it(delay_ns: int, ppm: int) -> None:
    loop = VirtualLoop()
    skew = Skew(loop)
    skew.begin(ClockDrift("A", ppm=ppm))
    loop.now_ns = skew.true_ns(delay_ns)
    assert 0 <= skew.elapsed_ns() - delay_ns <= 2
    loop.close()


def test_time_that_is_set_back_goes_on_at_half_its_rate() -> None:
    wall, elapsed = [100], [0]
    clock = ForwardTime(lambda: wall[0], lambda: elapsed[0])
    wall[0], elapsed[0] = 70, 20
    assert clock.now_ns() == 110
    wall[0], elapsed[0] = 500, 30
    assert clock.now_ns() == 500
