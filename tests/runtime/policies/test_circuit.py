"""The circuit breaker: its bounds one by one, and its laws over any history."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from studio.model.duration import SECOND_NS
from studio.model.protection import Breaker
from studio.runtime.policies.breaker import Circuit, Result, Turn

FIVE = Breaker(failures=5, window="10s", open_for="60s")


def passed(circuit: Circuit, now_s: float, result: Result) -> Turn | None:
    """Let one call in, and report what came of it."""
    permit, _ = circuit.enter(round(now_s * SECOND_NS))
    assert permit is not None
    return circuit.leave(permit, round(now_s * SECOND_NS), result)


def opened(breaker: Breaker = FIVE) -> Circuit:
    circuit = Circuit(breaker)
    for _ in range(breaker.failures or 0):
        passed(circuit, 0, "failed")
    return circuit


def test_breaker_opens_at_so_many_failures() -> None:
    circuit = Circuit(FIVE)
    assert [passed(circuit, 0, "failed") for _ in range(4)] == [None] * 4
    assert passed(circuit, 0, "failed") == Turn("opened", "5 of 5 calls failed within 10s")
    assert circuit.enter(0) == (None, None)


def test_failures_that_are_long_past_do_not_count() -> None:
    circuit = Circuit(FIVE)
    for second in range(40):
        passed(circuit, 3 * second, "failed")
    assert circuit.state == "closed"


def test_business_answers_and_cancelled_calls_open_nothing() -> None:
    circuit = Circuit(Breaker(failures=1))
    assert passed(circuit, 0, "answered") is None
    assert passed(circuit, 0, "neither") is None
    assert circuit.state == "closed"


def test_breaker_opens_by_rate_once_there_are_enough_calls() -> None:
    circuit = Circuit(Breaker(failure_rate=0.5, minimum=4))
    assert passed(circuit, 0, "failed") is None
    assert passed(circuit, 0, "failed") is None
    assert passed(circuit, 0, "answered") is None
    turn = passed(circuit, 0, "failed")
    assert turn is not None
    assert turn.change == "opened"


def test_breaker_half_opens_when_its_time_is_up_and_closes_after_a_good_probe() -> None:
    circuit = opened()
    assert circuit.enter(59 * SECOND_NS) == (None, None)
    assert circuit.left_ns(59 * SECOND_NS) == SECOND_NS
    permit, turn = circuit.enter(60 * SECOND_NS)
    assert turn == Turn("half-open", "probing")
    assert permit is not None
    assert circuit.enter(60 * SECOND_NS) == (None, None)
    assert circuit.leave(permit, 61 * SECOND_NS, "answered") == Turn("closed", "1 of 1 probes answered")


def test_breaker_reopens_after_failed_probe() -> None:
    circuit = opened()
    assert passed(circuit, 60, "failed") == Turn("opened", "a failed probe")
    assert circuit.enter(119 * SECOND_NS) == (None, None)
    assert circuit.enter(120 * SECOND_NS)[0] is not None


def test_a_probe_that_was_cancelled_gives_its_place_to_the_next() -> None:
    circuit = opened()
    assert passed(circuit, 60, "neither") is None
    assert passed(circuit, 60, "answered") == Turn("closed", "1 of 1 probes answered")


def test_all_probes_must_be_answered() -> None:
    circuit = opened(Breaker(failures=1, probes=2))
    assert passed(circuit, 60, "answered") is None
    assert passed(circuit, 60, "answered") == Turn("closed", "2 of 2 probes answered")
    assert circuit.state == "closed"


def test_what_a_call_from_before_the_opening_reports_does_not_count() -> None:
    circuit = Circuit(Breaker(failures=1))
    early, _ = circuit.enter(0)
    passed(circuit, 0, "failed")
    probe, _ = circuit.enter(60 * SECOND_NS)
    assert early is not None
    assert circuit.leave(early, 60 * SECOND_NS, "failed") is None
    assert circuit.state == "half-open"
    assert probe is not None


class AnyHistory(RuleBasedStateMachine):
    """Calls begin and end in any order while time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker(failures=3, window="10s", open_for="20s", probes=2)
        self.circuit = Circuit(self.breaker)
        self.now_ns = 0
        self.permits: list[int] = []
        self.opened_ns = 0
        self.probe = -1  # permit of the probes that are let in now

    @rule(seconds=st.integers(0, 30))
    def wait(self, seconds: int) -> None:
        self.now_ns += seconds * SECOND_NS

    @rule()
    def begin(self) -> None:
        before = self.circuit.state
        permit, turn = self.circuit.enter(self.now_ns)
        if before == "open":
            assert (permit is not None) == (self.now_ns >= self.opened_ns + 20 * SECOND_NS)
            assert turn == (Turn("half-open", "probing") if permit is not None else None)
        if before == "closed":
            assert permit is not None
        if permit is not None:
            self.permits.append(permit)
            self.probe = permit if turn is not None else self.probe

    @precondition(lambda self: self.permits)
    @rule(which=st.integers(0, 100), result=st.sampled_from(["answered", "failed", "neither"]))
    def end(self, which: int, result: Result) -> None:
        permit = self.permits.pop(which % len(self.permits))
        before = self.circuit.state
        turn = self.circuit.leave(permit, self.now_ns, result)
        if turn is not None and turn.change == "opened":
            assert result == "failed"
            self.opened_ns = self.now_ns
        if turn is not None and turn.change == "closed":
            assert (before, result) == ("half-open", "answered")
        assert not (before == "open" and turn)

    @invariant()
    def no_more_probes_than_allowed(self) -> None:
        if self.circuit.state == "half-open":
            assert self.permits.count(self.probe) <= self.breaker.probes


TestAnyHistory = AnyHistory.TestCase
