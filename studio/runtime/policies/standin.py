"""Answer in a callee's place: the last good answer, a value, a function's result, another operation's answer."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from studio.contract import wrong_answer
from studio.errors import UnknownAddress, nearest
from studio.graph.governing import alternative_of
from studio.model.duration import SECOND_NS, duration_ns, format_ns
from studio.model.policy_set import Policies
from studio.model.protection import NO_VALUE, Fallback
from studio.runtime.identifiers import causal_key
from studio.runtime.spans import describe

if TYPE_CHECKING:
    from studio.runtime.policies.pipeline import Trip

__all__ = ["keep_answer", "stand_in"]


def keep_answer(trip: Trip, answer: Any) -> None:
    """Keep an answer as the last good one, where its fallback wants that."""
    fallback = _fallback(trip)
    if fallback.last_good:
        encoded = trip.plan.encode_answer(answer)
        trip.policies.larder.keep(trip.plan.address, _asked(trip), encoded, trip.now_ns, fallback.most)


async def stand_in(trip: Trip, error: Exception) -> Any:
    """Return an answer in the place of one that failed; raise the failure where there is none.

    Args:
        trip: Of the call.
        error: How it failed.
    """
    fallback, reason = _fallback(trip), describe(error)[1]
    if fallback.last_good:
        found = trip.policies.larder.find(trip.plan.address, _asked(trip))
        if found is not None and trip.now_ns - found[0] <= duration_ns(fallback.most_age):
            trip.note(
                "fallback", trip.plan.address, "stale", f"{format_ns(trip.now_ns - found[0])} old, after {reason}"
            )
            return trip.policies.larder.mark(trip.plan.decode_answer(found[1]))
    if not fallback.is_fixed and fallback.service is None:
        raise error
    what, answer = await _other_answer(trip, fallback, error)
    trip.note("fallback", trip.plan.address, "used", f"{what}, after {reason}")
    return answer


def _fallback(trip: Trip) -> Fallback:
    fallback = trip.course.resolved.fallback
    assert fallback is not None
    return fallback


def _asked(trip: Trip) -> tuple[str, bytes]:
    return trip.handling.envelope.principal, trip.body


async def _other_answer(trip: Trip, fallback: Fallback, error: Exception) -> tuple[str, Any]:
    """Return what answered, and its answer."""
    if fallback.value is not NO_VALUE:
        return "a value", _fitted(trip, fallback.value)
    if fallback.function is not None:
        return f"{getattr(fallback.function, '__name__', 'a function')}()", _fitted(
            trip, await _result(trip, fallback, error)
        )
    address = alternative_of(trip.handling.program.graph, fallback, trip.plan.address)
    other = trip.handling.program.operations.get(address)
    if other is None:
        wanted = address or str(fallback.service)
        raise UnknownAddress(address=wanted, known=nearest(wanted, trip.handling.program.operations)) from error
    # Its sends are numbered apart: whether a fallback was needed must not shift the keys of what the handler does next.
    branch = trip.handling.branch("fallback")
    branch.base, branch.causal = f"{trip.key}/fallback", causal_key(trip.causal, trip.plan.key, 0)
    left_ns = trip.limit_ns - trip.now_ns if trip.limit_ns else None
    if left_ns is not None and left_ns <= 0:
        raise error
    own = Policies(fallback=False, deadline_ns=left_ns)
    answer = await branch.call(address, other.decode(trip.body), policies=own)
    return address, trip.plan.decode_answer(other.encode_answer(answer))


async def _result(trip: Trip, fallback: Fallback, error: Exception) -> Any:
    """Return what the fallback's function gives; raise the failure where its time is up before."""
    assert fallback.function is not None
    result = fallback.function(trip.message)
    if not inspect.isawaitable(result):
        return result
    try:
        async with asyncio.timeout((trip.limit_ns - trip.now_ns) / SECOND_NS if trip.limit_ns else None):
            return await result
    except TimeoutError as late:
        raise error from late


def _fitted(trip: Trip, value: Any) -> Any:
    """Return an answer as if it had crossed the wire: checked, and nobody else's object."""
    plan = trip.plan
    try:
        return plan.decode_answer(plan.encode_answer(value))
    except ValidationError as error:
        raise wrong_answer(
            plan.operation.returns, value, error, service=trip.handling.service, operation=plan.operation.name,
            where=plan.operation.where,
        ) from error  # fmt: skip
