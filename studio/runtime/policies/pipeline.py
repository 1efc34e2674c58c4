"""Carry one call through the caller's policies: `LAYERS` is the one table that says in which order.

Each layer is a coroutine function of the trip and of what lies within it. A call goes only through those that are
declared for it; one without policies does not come here at all.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.errors import (
    BreakerOpen,
    BulkheadFull,
    CallRefused,
    CallTimeout,
    DeadlinePassed,
    Overloaded,
    ServiceUnavailable,
)
from studio.model.duration import SECOND_NS, format_ns
from studio.model.policy_set import Resolved
from studio.model.routing import ConsistentHash
from studio.runtime.identifiers import causal_key
from studio.runtime.policies.outcomes import is_failure, is_own_refusal, is_unknown, is_worth_another
from studio.runtime.policies.standin import keep_answer, stand_in
from studio.runtime.spans import describe

if TYPE_CHECKING:
    from studio.runtime.acting import Handling
    from studio.runtime.policies.breaker import Circuit, Result, Turn
    from studio.runtime.policies.caller import CallerPolicies, Course
    from studio.runtime.policies.roster import Found
    from studio.runtime.program import OperationPlan

__all__ = ["LAYERS", "Carry", "Layer", "Trip", "carrier"]


class Trip:
    """One call on its way through its policies, and what they have decided so far.

    Attributes:
        limit_ns: When all of it must be over; 0 for never.
        attempt: From 1; 0 before the first.
        wait_ns: Longest wait of this attempt.
        to: Replica that this attempt goes to; 0 for any.
    """

    __slots__ = (
        "attempt", "body", "causal", "course", "handling", "key", "limit_ns", "message", "plan", "policies", "to",
        "wait_ns",
    )  # fmt: skip

    def __init__(  # noqa: PLR0917 - one caller
        self, handling: Handling, policies: CallerPolicies, course: Course, plan: OperationPlan, message: Any,
        body: bytes, key: str, causal: int,
    ) -> None:  # fmt: skip
        self.handling, self.policies, self.course, self.plan = handling, policies, course, plan
        self.message, self.body, self.key, self.causal = message, body, key, causal
        self.limit_ns = handling.envelope.deadline_ns
        self.attempt = self.wait_ns = self.to = 0

    @property
    def now_ns(self) -> int:
        """Return the time."""
        return self.handling.ports.clock.now_ns()

    @property
    def attempt_key(self) -> int:
        """Return the attempt's causal key: it must not meet the last one's fate, nor draw the same."""
        return self.causal if self.attempt <= 1 else causal_key(self.causal, self.plan.key, self.attempt)

    def note(self, policy: str, target: str, change: str, detail: str = "") -> None:
        """Record what a policy did."""
        self.policies.note(self.handling, policy, target, change, detail)


Carry = Callable[[Trip], Awaitable[Any]]


async def _within_deadline(inner: Carry, trip: Trip) -> Any:
    """Bound everything that lies within; the deadline travels to the callee with each attempt."""
    deadline_ns = trip.course.resolved.deadline_ns
    own_ns = trip.now_ns + deadline_ns
    trip.limit_ns = min(own_ns, trip.limit_ns or own_ns)
    try:
        return await inner(trip)
    except CallTimeout as error:
        if trip.now_ns < own_ns:
            raise
        trip.note("deadline", trip.plan.address, "exhausted", f"{format_ns(deadline_ns)} after {trip.attempt} attempts")
        if isinstance(error, DeadlinePassed):
            raise
        raise _too_late(trip) from error


def _too_late(trip: Trip) -> DeadlinePassed:
    """Return the error of a call whose time is up."""
    handled_ns = trip.handling.envelope.deadline_ns
    words = format_ns(trip.course.resolved.deadline_ns) if trip.course.resolved.deadline_ns else "its caller"
    is_callers = bool(handled_ns) and handled_ns <= trip.limit_ns
    return DeadlinePassed(
        address=trip.plan.address, timeout="its caller" if is_callers else words, attempts=trip.attempt
    )


async def _or_fallback(inner: Carry, trip: Trip) -> Any:
    """Let something else answer where the callee does not."""
    try:
        answer = await inner(trip)
    except Exception as error:
        if not is_failure(error):
            raise
        return await stand_in(trip, error)
    keep_answer(trip, answer)
    return answer


async def _again(inner: Carry, trip: Trip) -> Any:
    """Try several times under one idempotency key, each time with a timeout of its own.

    Once an attempt's outcome is unknown, so is the call's: a later refusal does not say that it never ran.
    """
    allowance, attempts = trip.course.allowance, trip.course.resolved.attempts
    unknown: Exception | None = None
    if allowance is not None:
        allowance.call(trip.now_ns)
    for attempt in range(1, attempts + 1):
        trip.attempt = attempt
        try:
            return await inner(trip)
        except Exception as error:
            wait_ns = _wait_ns(trip, error)
            if wait_ns is None:
                if unknown is not None and isinstance(error, (ServiceUnavailable, CallRefused)):
                    raise unknown from error
                raise
            unknown = error if is_unknown(error) else unknown
            reason = describe(error)[1]
        await trip.handling.ports.clock.sleep_ns(wait_ns)
        trip.note("retry", trip.plan.address, "retried", f"attempt {attempt + 1} of {attempts} after {reason}")
    raise AssertionError("the last attempt returns or raises")


def _wait_ns(trip: Trip, error: Exception) -> int | None:
    """Return how long to wait before another attempt; None where there is to be none."""
    resolved, attempt, address = trip.course.resolved, trip.attempt, trip.plan.address
    if not is_worth_another(resolved.retry, error):
        return None
    if attempt == resolved.attempts:
        trip.note("retry", address, "exhausted", f"{attempt} attempts")
        return None
    draw = trip.handling.ports.randomness.uniform("retry", trip.causal, attempt)
    wait_ns = resolved.retry.wait_ns(attempt + 1, draw)
    if trip.limit_ns and trip.now_ns + wait_ns >= trip.limit_ns:
        trip.note("deadline", address, "exhausted", f"no time for attempt {attempt + 1} of {resolved.attempts}")
        return None
    allowance = trip.course.allowance
    if allowance is not None and not allowance.retry(trip.now_ns):
        trip.note("budget", trip.plan.owner, "exhausted", f"no attempt {attempt + 1} of {address}")
        return None
    return wait_ns


async def _guarded(inner: Carry, trip: Trip) -> Any:
    """Refuse while the circuit is open; else report how the callee is."""
    circuit = trip.course.circuit
    assert circuit is not None
    permit, turn = circuit.enter(trip.now_ns)
    _note_turn(trip, turn)
    if permit is None:
        raise _kept_back(trip, "breaker", trip.course.guarded, _open_error(trip, circuit))
    try:
        answer = await inner(trip)
    except Exception as error:
        result: Result = "neither" if is_own_refusal(error) else "failed" if is_failure(error) else "answered"
        _note_turn(trip, circuit.leave(permit, trip.now_ns, result))
        raise
    except BaseException:  # cancelled, or its process died: there is no time to ask for any more
        circuit.leave(permit, 0, "neither")
        raise
    _note_turn(trip, circuit.leave(permit, trip.now_ns, "answered"))
    return answer


def _note_turn(trip: Trip, turn: Turn | None) -> None:
    if turn is not None:
        trip.note("breaker", trip.course.guarded, turn.change, turn.reason)


def _open_error(trip: Trip, circuit: Circuit) -> BreakerOpen:
    left_ns = circuit.left_ns(trip.now_ns)
    return BreakerOpen(
        address=trip.plan.address, service=trip.plan.owner, target=trip.course.guarded,
        reason=circuit.reason or "failures", left=format_ns(left_ns) if left_ns else "the probes' time",
    )  # fmt: skip


def _kept_back(trip: Trip, policy: str, target: str, error: ServiceUnavailable) -> ServiceUnavailable:
    """Record that a policy kept a call back, with a span, as if it had been sent and refused."""
    trip.note(policy, target, "refused")
    handling = trip.handling
    spans = handling.replica.spans
    spans.fail(spans.start("call", trip.plan.address, handling.span, handling.trace, 0, handling.saga), error)
    return error


async def _in_turn(inner: Carry, trip: Trip) -> Any:
    """Take a place in the bulkhead, and give it back."""
    places = trip.course.places
    assert places is not None
    left_s = (trip.limit_ns - trip.now_ns) / SECOND_NS if trip.limit_ns else None
    try:
        async with asyncio.timeout(left_s):
            await places.enter()
    except (Overloaded, TimeoutError) as error:
        bounds = trip.course.resolved.bulkhead
        assert bounds is not None
        full = BulkheadFull(
            address=trip.plan.address, service=trip.plan.owner, running=bounds.concurrent, waiting=bounds.queue
        )
        raise _kept_back(trip, "bulkhead", trip.plan.owner, full) from error
    try:
        return await inner(trip)
    finally:
        places.leave()


async def _in_time(inner: Carry, trip: Trip) -> Any:
    """Bound one attempt, by its timeout and by what is left of the whole."""
    trip.wait_ns = trip.course.resolved.timeout_ns
    if trip.limit_ns:
        left_ns = trip.limit_ns - trip.now_ns
        if left_ns <= 0:
            raise _too_late(trip)
        trip.wait_ns = min(trip.wait_ns, left_ns)
    return await inner(trip)


async def _addressed(inner: Carry, trip: Trip) -> Any:
    """Choose a replica from the caller's own list."""
    roster, balancer = trip.course.roster, trip.course.balancer
    assert roster is not None
    assert balancer is not None
    replicas = roster.replicas(trip.now_ns, functools.partial(_note_found, trip))
    if not replicas:
        trip.to = 0
        return await inner(trip)
    trip.to = to = balancer.pick(replicas, _hash_key(trip), functools.partial(_draw, trip))
    balancer.begin(to)
    try:
        return await inner(trip)
    finally:
        balancer.end(to)


def _note_found(trip: Trip, found: Found) -> None:
    owner = trip.plan.owner
    trip.note("discovery", f"{owner}/{found.replica}" if found.replica else owner, found.change, found.detail)


def _hash_key(trip: Trip) -> str:
    balance = trip.course.resolved.balance
    if not isinstance(balance, ConsistentHash):
        return ""
    return balance.key_of(trip.message) or trip.body.decode()


def _draw(trip: Trip, which: int) -> float:
    return trip.handling.ports.randomness.uniform("balance", trip.attempt_key, which)


async def _send(trip: Trip) -> Any:
    """Send the attempt."""
    return await trip.handling.attempt(
        trip.plan, trip.body, trip.key, trip.attempt_key, trip.wait_ns, max(1, trip.attempt), trip.to
    )


@dataclass(frozen=True, slots=True)
class Layer:
    """A place in the order.

    Attributes:
        name: Of the policy; `asks` of the one that it asks on the way in.
        carry: What it does.
        holds: Whether it is declared.
    """

    name: str
    asks: str
    carry: Callable[[Carry, Trip], Awaitable[Any]]
    holds: Callable[[Resolved], bool]


LAYERS: tuple[Layer, ...] = (
    Layer("deadline", "", _within_deadline, lambda resolved: resolved.deadline_ns > 0),
    Layer("fallback", "", _or_fallback, lambda resolved: resolved.fallback is not None),
    Layer("retry", "budget", _again, lambda resolved: resolved.attempts > 1),
    Layer("breaker", "", _guarded, lambda resolved: resolved.breaker is not None),
    Layer("bulkhead", "", _in_turn, lambda resolved: resolved.bulkhead is not None),
    Layer("timeout", "", _in_time, lambda resolved: True),
    Layer("balance", "discovery", _addressed, lambda resolved: bool(resolved.balance or resolved.discovery)),
)
"""The order of DESIGN 5, outermost first. A bulkhead stands within the breaker, which does not count its refusals, and
outside the timeout: who waits for a place is not yet being answered."""


def carrier(resolved: Resolved, *, can_choose: bool) -> Carry:
    """Return what carries a call through the layers that are declared for it.

    Args:
        resolved: The policies.
        can_choose: Whether the engine lets callers choose among replicas.
    """
    carry: Carry = _send
    for layer in reversed(LAYERS):
        if layer.holds(resolved) and (layer.name != "balance" or can_choose):
            carry = functools.partial(layer.carry, carry)
    return carry
