"""Policies as an author gives them, and which of them holds: the nearest level wins, field by field."""

from __future__ import annotations

from typing import Any

import pytest

from studio.errors import InvalidDeclaration, InvalidDuration
from studio.model.duration import SECOND_NS
from studio.model.policy import NO_RETRY, Retry
from studio.model.policy_set import NONE_DECLARED, Policies, Resolved, policies, resolve_policies
from studio.model.protection import Breaker, Bulkhead, Fallback
from studio.model.routing import ConsistentHash, Discovery

THRICE = Retry(attempts=3)
CALL = ("call", Policies(timeout_ns=1))
OPERATION = ("operation", Policies(retry=THRICE, timeout_ns=2, fallback=Fallback(value=0)))
SERVICE = ("service", Policies(breaker=Breaker(failures=7), timeout_ns=3, deadline_ns=30))
MESH = ("mesh Shop", Policies(breaker=Breaker(failures=9), bulkhead=Bulkhead(), deadline_ns=40, balance="random-two"))
OFF = ("operation", Policies(retry=False, breaker=False, bulkhead=False, deadline_ns=False, balance=False))


@pytest.mark.parametrize(
    ("levels", "field", "value", "origin"),
    [
        ([], "timeout_ns", 5 * SECOND_NS, ""),
        ([], "retry", NO_RETRY, ""),
        ([MESH], "bulkhead", Bulkhead(), "mesh Shop"),
        ([SERVICE, MESH], "breaker", Breaker(failures=7), "service"),
        ([SERVICE, MESH], "deadline_ns", 30, "service"),
        ([SERVICE, MESH], "balance", "random-two", "mesh Shop"),
        ([OPERATION, SERVICE, MESH], "timeout_ns", 2, "operation"),
        ([CALL, OPERATION, SERVICE, MESH], "timeout_ns", 1, "call"),
        ([CALL, OPERATION, SERVICE, MESH], "retry", THRICE, "operation"),
        ([OFF, SERVICE, MESH], "breaker", None, "operation"),
        ([OFF, SERVICE, MESH], "deadline_ns", 0, "operation"),
        ([OFF, MESH], "bulkhead", None, "operation"),
        ([OFF, OPERATION], "retry", NO_RETRY, "operation"),
    ],
)
def test_the_nearest_level_wins(levels: list[tuple[str, Policies]], field: str, value: Any, origin: str) -> None:
    resolved = resolve_policies(levels, repeatable=True, reads_only=True)
    assert getattr(resolved, field) == value
    assert resolved.origin(field) == origin


@pytest.mark.parametrize(
    ("retry", "repeatable", "attempts"),
    [(THRICE, True, 3), (THRICE, False, 1), (Retry(attempts=3, only="all"), False, 3)],
)
def test_only_what_may_run_twice_is_tried_again(retry: Retry, *, repeatable: bool, attempts: int) -> None:
    resolved = resolve_policies([("mesh", Policies(retry=retry))], repeatable=repeatable, reads_only=False)
    assert resolved.attempts == attempts


def test_a_fallback_answers_only_for_what_reads() -> None:
    assert resolve_policies([OPERATION], repeatable=True, reads_only=False).fallback is None
    assert resolve_policies([OPERATION], repeatable=True, reads_only=True).fallback == Fallback(value=0)


@pytest.mark.parametrize(
    ("resolved", "bare"),
    [
        (Resolved(), True),
        (Resolved(timeout_ns=7), True),
        (Resolved(retry=THRICE), True),
        (Resolved(attempts=3), False),
        (Resolved(deadline_ns=7), False),
        (Resolved(fallback=Fallback(value=None)), False),
    ],
)
def test_a_call_is_bare_where_it_is_one_attempt_and_nothing_else(resolved: Resolved, *, bare: bool) -> None:
    assert resolved.is_bare is bare


def test_options_are_read_as_policies() -> None:
    read = policies("x", {"timeout": "2s", "deadline": "5s", "balance": "consistent-hash", "discovery": Discovery()})
    assert (read.timeout_ns, read.deadline_ns) == (2 * SECOND_NS, 5 * SECOND_NS)
    assert (read.balance, read.discovery) == (ConsistentHash(), Discovery())
    assert policies("x", {}).is_empty
    assert policies("x", {}) == NONE_DECLARED


@pytest.mark.parametrize(
    "given",
    [
        {"breaker": 5},
        {"retry": True},
        {"timeout": "0s"},
        {"deadline": "0s"},
        {"balance": "by-chance"},
        {"braker": Breaker()},
        {"fallback": 0.5},
    ],
)
def test_what_is_no_policy_is_refused(given: Any) -> None:
    with pytest.raises(InvalidDeclaration, match=r"operation=Order\.get|balance"):
        policies("operation=Order.get", given)


def test_a_deadline_that_is_no_duration_is_refused() -> None:
    with pytest.raises(InvalidDuration):
        policies("x", {"deadline": "soon"})
