"""Breakers, bulkheads, fallbacks and budgets as values: what they accept, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from studio.address import S
from studio.errors import FallbackChangesState, InvalidDeclaration
from studio.model.handle import handle
from studio.model.policy import Budget
from studio.model.protection import Breaker, Bulkhead, Fallback
from studio.model.routing import ConsistentHash, Discovery, balance_of
from studio.model.service import Service


@pytest.mark.parametrize(
    "make",
    [
        lambda: Breaker(failures=0),
        lambda: Breaker(failure_rate=0.0),
        lambda: Breaker(failure_rate=1.5),
        lambda: Breaker(probes=0),
        lambda: Breaker(minimum=0),
        lambda: Breaker(open_for="0s"),
        lambda: Breaker(window="0s"),
        lambda: Breaker(scope="replica"),  # type: ignore[arg-type]
        lambda: Bulkhead(concurrent=0),
        lambda: Bulkhead(queue=-1),
        Fallback,
        lambda: Fallback(value=1, function=str),
        lambda: Fallback(function=7),  # type: ignore[arg-type]
        lambda: Fallback(service=7),
        lambda: Fallback(last_good=True, most=0),
        lambda: Fallback(last_good=True, most_age="0s"),
        lambda: Budget(share=0),
        lambda: Budget(share=1.1),
        lambda: Budget(window="0s"),
        lambda: Budget(least=-1),
        lambda: Discovery(health="0s"),
        lambda: balance_of("by-chance"),
    ],
)
def test_what_cannot_work_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(InvalidDeclaration):
        make()


def test_a_breaker_counts_five_failures_unless_told_otherwise() -> None:
    assert Breaker().failures == 5
    assert Breaker(failure_rate=0.5).failures is None
    assert Breaker(failures=3, failure_rate=0.5).failures == 3


def test_a_fallback_takes_none_for_a_value() -> None:
    assert Fallback(value=None).is_fixed
    assert not Fallback(last_good=True).is_fixed


@pytest.mark.parametrize("service", ["Backup", handle("Backup"), Service("Backup")])
def test_a_fallbacks_service_goes_by_its_name(service: Any) -> None:
    assert Fallback(service=service).service == "Backup"


def test_a_fallbacks_address_is_kept_in_wire_form() -> None:
    assert Fallback(address=S.Backup.rates).address == "Backup.rates"


@pytest.mark.parametrize(
    ("message", "key"), [({"customer": {"id": 7}}, "7"), ({"customer": None}, ""), ({}, ""), ("text", "")]
)
def test_a_consistent_hash_reads_its_key_out_of_the_message(message: Any, key: str) -> None:
    assert ConsistentHash(by="customer.id").key_of(message) == key


async def rate(query: str) -> int:
    return 1


def test_a_fallback_is_refused_for_what_changes_state() -> None:
    service = Service("Rates")
    with pytest.raises(FallbackChangesState, match=r"Rates\.set"):
        service.operation(S.Rates.set, fallback=Fallback(value=0))
    service.operation(S.Rates.rate, reads_only=True, fallback=Fallback(value=0))(rate)
    assert service.operations["Rates.rate"].policies.fallback == Fallback(value=0)


def test_a_service_of_kind_query_only_reads_and_one_of_kind_command_takes_no_fallback() -> None:
    query = Service("Rates", kind="query")
    query.operation(S.Rates.rate, fallback=Fallback(value=0))(rate)
    assert query.operations["Rates.rate"].reads_only
    with pytest.raises(FallbackChangesState):
        Service("Ledger", kind="command").policy(fallback=Fallback(last_good=True))


def test_what_only_reads_commits_nothing() -> None:
    with pytest.raises(InvalidDeclaration, match="reads only"):
        Service("Rates").operation(S.Rates.rate, reads_only=True, transactional=True)


def test_a_service_states_policies_for_all_its_operations() -> None:
    service = Service("Rates")
    service.policy(breaker=Breaker(failures=2), deadline="2s")
    assert (service.policies.breaker, service.policies.deadline_ns) == (Breaker(failures=2), 2 * 10**9)
