"""A plan in force: which fault strikes when, and that none of them depends on the others."""

from __future__ import annotations

from studio import S, crash_at, down, duplicate, latency, lose, timeout
from studio.model.fault import Fault
from studio.records import Record
from studio.simulation.harm import Harm
from studio.simulation.loop import VirtualLoop

TARGET = "Echo.say"


class Taken(list[Record]):
    def write(self, record: Record) -> None:
        self.append(record)


def harm_of(*plan: Fault, seed: int = 0, recorder: Taken | None = None) -> Harm:
    return Harm(plan, VirtualLoop(seed), seed, recorder)


def strikes(harm: Harm, count: int = 200) -> list[int]:
    return [key for key in range(1, count) if harm.loses(TARGET, "request", key, key)]


def test_occurrence_strikes_once() -> None:
    assert strikes(harm_of(lose(TARGET, occurrence=3))) == [3]


def test_probability_is_about_the_share_of_occasions() -> None:
    assert 60 < len(strikes(harm_of(lose(TARGET, probability=0.5)))) < 140


def test_fault_strikes_alike_without_those_before_it_in_the_plan() -> None:
    mine = lose(TARGET, probability=0.3)
    others = [down("Other", probability=0.5), lose(TARGET, leg="reply"), lose(TARGET, probability=0.9, at="1h")]
    assert strikes(harm_of(*others, mine)) == strikes(harm_of(mine)) == strikes(harm_of(mine, *others))


def test_two_faults_alike_draw_apart() -> None:
    both = harm_of(lose(TARGET, probability=0.5), lose(TARGET, probability=0.5))
    assert len(strikes(both)) > len(strikes(harm_of(lose(TARGET, probability=0.5))))


def test_same_message_again_is_not_doomed() -> None:
    harm = harm_of(lose(TARGET, probability=0.5))
    fates = [harm.loses(TARGET, "request", 7, 7) for _ in range(40)]
    assert not all(fates)


def test_window_bounds_a_fault() -> None:
    harm = harm_of(lose(TARGET, at="1s", until="2s"))
    found = []
    for now_ns in (0, 999_999_999, 1_000_000_000, 1_999_999_999, 2_000_000_000):
        harm._loop.now_ns = now_ns  # noqa: SLF001 - time is all that matters here
        found.append(harm.loses(TARGET, "request", 1, 1))
    assert found == [False, False, True, True, False]


def test_pattern_means_all_that_it_matches() -> None:
    harm = harm_of(lose("$.*.say"))
    assert harm.loses("Echo.say", "request", 1, 1)
    assert not harm.loses("Echo.hear", "request", 1, 1)
    assert not harm.loses("cards", "request", 1, 1)


def test_legs_are_those_that_the_author_means() -> None:
    assert harm_of(lose(S.Thing.made)).loses("Thing.made", "delivery", 1, 1)
    assert not harm_of(lose(S.Thing.made)).loses("Thing.made", "publish", 1, 1)
    assert harm_of(timeout(S.Thing.made, ran=False)).loses("Thing.made", "publish", 1, 1)
    assert not harm_of(timeout(TARGET)).loses(TARGET, "request", 1, 1)
    assert harm_of(latency(TARGET, "1s", leg="both")).extra_ns(TARGET, "reply", 1, 1) == 1_000_000_000
    assert harm_of(latency(TARGET, "1s", leg="both")).extra_ns(TARGET, "publish", 1, 1) == 0


def test_crash_at_a_point_may_name_the_process() -> None:
    harm = harm_of(crash_at("before-handler", "Echo", occurrence=0))
    assert harm.point("before-handler", TARGET, "Echo") is not None
    assert harm.point("after-effect", TARGET, "Echo") is None
    assert harm.point("before-handler", TARGET, "Other") is None


def test_every_strike_is_recorded_with_its_message() -> None:
    taken = Taken()
    harm = harm_of(duplicate(S.Thing.made, after="5ms"), recorder=taken)
    assert harm.duplicates_ns("Thing.made", 1, 42) == 5_000_000
    (strike,) = taken
    assert strike[1:] == (1, "duplicate", "Thing.made", 42, "delivered twice")
