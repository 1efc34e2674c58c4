"""Instances and the code they were started with: versions kept, missing, or changed in place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.records import SagaChange

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench

Run = Callable[..., Any]

OLD = """
    %%saga Buying --on $.Order.created --version 1.0.0
    @saga.step
    async def reserve(order: Order) -> Held:
        return await send($.Stock.reserve, order)

    @saga.step
    async def check(order: Order) -> Held:
        return await send($.Bank.check, order)
"""
NEW = """
    %%saga Buying --on $.Order.created --version 2.0.0
    @saga.step
    async def pay(order: Order) -> Held:
        return await send($.Bank.pay, order)
"""


def test_an_instance_finishes_on_the_version_that_started_it(with_saga: Callable[[str], Bench], delivered: Run) -> None:
    shop = with_saga(OLD)
    shop.crash_at = ("before-handler", "Buying.check")
    shop.run(delivered(shop.saga("Buying"), "o1"))
    shop.define(NEW)
    shop.run(delivered(shop.saga("Buying"), "o2"))
    assert [call.saga for call in shop.called("Bank.check")] == ["Buying/o1"]
    assert [call.saga for call in shop.called("Bank.pay")] == ["Buying/o2"]


def test_an_instance_whose_version_is_missing_is_parked_until_it_is_back(
    with_saga: Callable[[str], Bench], delivered: Run
) -> None:
    shop = with_saga(OLD)
    shop.crash_at = ("before-handler", "Buying.check")
    shop.run(delivered(shop.saga("Buying"), "o1"))
    shop.define(NEW)
    shop.system.forget("Buying@1.0.0")
    shop.restart()
    assert (shop.states[-1], shop.of(SagaChange)[-1].reason) == ("stuck", "STU441")
    shop.define(OLD)
    saga = shop.saga("Buying")
    shop.settle(saga, saga.resume("Buying/o1"))
    assert shop.states[-1] == "completed"


def test_a_step_that_the_same_version_does_not_have_parks_the_instance(
    with_saga: Callable[[str], Bench], delivered: Run
) -> None:
    shop = with_saga(OLD)
    shop.crash_at = ("before-handler", "Buying.check")
    shop.run(delivered(shop.saga("Buying"), "o1"))
    shop.define(NEW.replace("2.0.0", "1.0.0"))
    shop.restart()
    assert (shop.states[-1], shop.of(SagaChange)[-1].reason) == ("stuck", "STU442")
