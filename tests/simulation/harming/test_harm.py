"""A plan in force: which fault strikes when, and that none of them depends on the others."""

from __future__ import annotations

from studio import S, crash_at, down, duplicate, latency, lose, timeout
from studio.model.fault import Fault
from studio.records import Record
from studio.simulation.harming.applier import Way
from studio.simulation.harming.harm import Harm
from studio.simulation.harming.message_harm import MessageHarm
from studio.simulation.harming.point_harm import Place
from studio.simulation.virtual.loop import VirtualLoop

TARGET = "Echo.say"


class Taken(list[Record]):
    def write(self, record: Record) -> None:
        self.append(record)


def harm_of(*plan: Fault, seed: int = 0, recorder: Taken | None = None) -> Harm:
    return Harm(plan, VirtualLoop(seed), seed, recorder)


def on_messages(*plan: Fault) -> MessageHarm:
    return harm_of(*plan).messages


def strikes(harm: MessageHarm, count: int = 200) -> list[int]:
    return [key for key in range(1, count) if harm.loses(TARGET, "request", key, key)]


def test_occurrence_strikes_once() -> None:
    assert strikes(on_messages(lose(TARGET, occurrence=3))) == [3]


def test_several_occurrences_and_every_nth_strike_as_told() -> None:
    assert strikes(on_messages(lose(TARGET, occurrence=(2, 5)))) == [2, 5]
    assert strikes(on_messages(lose(TARGET, every=50))) == [50, 100, 150]


def test_probability_is_about_the_share_of_occasions() -> None:
    assert 60 < len(strikes(on_messages(lose(TARGET, probability=0.5)))) < 140


def test_fault_strikes_alike_without_those_before_it_in_the_plan() -> None:
    mine = lose(TARGET, probability=0.3)
    others = [down("Other", probability=0.5), lose(TARGET, leg="reply"), lose(TARGET, probability=0.9, at="1h")]
    alone = strikes(on_messages(mine))
    assert strikes(on_messages(*others, mine)) == alone == strikes(on_messages(mine, *others))


def test_two_faults_alike_draw_apart() -> None:
    both = on_messages(lose(TARGET, probability=0.5), lose(TARGET, probability=0.5))
    assert len(strikes(both)) > len(strikes(on_messages(lose(TARGET, probability=0.5))))


def test_same_message_again_is_not_doomed() -> None:
    harm = on_messages(lose(TARGET, probability=0.5))
    fates = [harm.loses(TARGET, "request", 7, 7) for _ in range(40)]
    assert not all(fates)


def test_window_bounds_a_fault() -> None:
    harm = harm_of(lose(TARGET, at="1s", until="2s"))
    found = []
    for now_ns in (0, 999_999_999, 1_000_000_000, 1_999_999_999, 2_000_000_000):
        harm._loop.now_ns = now_ns  # noqa: SLF001 - time is all that matters here
        found.append(harm.messages.loses(TARGET, "request", 1, 1))
    assert found == [False, False, True, True, False]


def test_pattern_means_all_that_it_matches() -> None:
    harm = on_messages(lose("$.*.say"))
    assert harm.loses("Echo.say", "request", 1, 1)
    assert not harm.loses("Echo.hear", "request", 1, 1)
    assert not harm.loses("cards", "request", 1, 1)


def test_several_targets_are_counted_together() -> None:
    harm = on_messages(lose([S.Echo.say, "cards"], occurrence=2))
    assert [harm.loses(target, "request", 1, 1) for target in ("Echo.say", "cards", "cards")] == [False, True, False]


def test_a_service_means_whatever_goes_to_it() -> None:
    harm = on_messages(lose("Echo"))
    assert harm.loses("Echo.say", "request", 1, 1, Way("Shop", 1, "Echo"))
    assert harm.loses("Order.created", "delivery", 1, 1, Way("Shop", 1, "Echo"))
    assert not harm.loses("Order.created", "delivery", 1, 1, Way("Shop", 1, "Mail"))


def test_a_link_is_who_sends_and_who_takes() -> None:
    harm = on_messages(lose(TARGET, source="Shop/2"))
    assert not harm.loses(TARGET, "request", 1, 1, Way("Shop", 1, "Echo"))
    assert harm.loses(TARGET, "request", 1, 1, Way("Shop", 2, "Echo"))
    assert not on_messages(lose("$.Order.>", to="Mail")).loses("Order.created", "delivery", 1, 1, Way("Shop", 1, "Log"))


def test_legs_are_those_that_the_author_means() -> None:
    assert on_messages(lose(S.Thing.made)).loses("Thing.made", "delivery", 1, 1)
    assert not on_messages(lose(S.Thing.made)).loses("Thing.made", "publish", 1, 1)
    assert on_messages(timeout(S.Thing.made, ran=False)).loses("Thing.made", "publish", 1, 1)
    assert not on_messages(timeout(TARGET)).loses(TARGET, "request", 1, 1)
    assert on_messages(latency(TARGET, "1s", leg="both")).extra_ns(TARGET, "reply", 1, 1) == 1_000_000_000
    assert on_messages(latency(TARGET, "1s", leg="both")).extra_ns(TARGET, "publish", 1, 1) == 0


def test_crash_at_a_point_may_name_the_process_or_the_replica() -> None:
    points = harm_of(crash_at("before-handler", "Echo", occurrence=0)).points
    assert points.crash(Place("before-handler", TARGET, "Echo", 1)) is not None
    assert points.crash(Place("after-effect", TARGET, "Echo", 1)) is None
    assert points.crash(Place("before-handler", TARGET, "Other", 1)) is None
    second = harm_of(crash_at("before-handler", "Echo/2")).points
    assert second.crash(Place("before-handler", TARGET, "Echo", 1)) is None
    assert second.crash(Place("before-handler", TARGET, "Echo", 2)) is not None


def test_a_thing_once_taken_stays_taken() -> None:
    harm = harm_of(lose(TARGET, occurrence=2))
    (standing,) = harm.messages.standing
    assert [harm.strikes_for_good(standing, thing, 1) for thing in (7, 8, 7, 8, 9)] == [False, True, False, True, False]


def test_nothing_is_asked_where_no_fault_of_a_family_stands() -> None:
    assert not on_messages(crash_at("before-handler", "Echo")).is_on
    assert not harm_of(lose(TARGET)).points.is_on


def test_every_strike_is_recorded_with_its_message() -> None:
    taken = Taken()
    harm = harm_of(duplicate(S.Thing.made, after="5ms"), recorder=taken)
    assert harm.messages.duplicates_ns("Thing.made", 1, 42) == 5_000_000
    (strike,) = taken
    assert strike[1:] == (1, "duplicate", "Thing.made", 42, "delivered twice")
