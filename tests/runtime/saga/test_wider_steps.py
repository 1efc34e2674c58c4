"""Steps that are more than one call: groups that run at once, compositions with routes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from studio.ports import Envelope, Reply

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench

Run = Callable[..., Any]

GROUP = """
    %%saga Buying --on $.Order.created
    @saga.step(group="at once")
    async def reserve(order: Order) -> Held:
        return await send($.Stock.reserve, order)

    @reserve.compensation
    async def release(order: Order, done: Held | None) -> None:
        await send($.Stock.release, done or Held(by="?"))

    @saga.step(group="at once")
    async def check(order: Order) -> Held:
        return await send($.Bank.check, order)

    @saga.step
    async def pay(order: Order, reserve: Held, check: Held) -> Held:
        return await send($.Bank.pay, order)
"""
ROUTE = """
    %%saga Buying --on $.Order.created
    tries = []

    def is_first(order: Order) -> bool:
        tries.append(order)
        return {first}

    way = route(when(is_first, sequence(Bank.check, Stock.release)), otherwise=Bank.pay, input=Order)
    saga.step(way, name="way")
"""


def test_steps_of_a_group_run_at_once(with_saga: Callable[[str], Bench], delivered: Run) -> None:
    shop = with_saga(GROUP)
    shop.bus.script.update({"Stock.reserve": _slow, "Bank.check": _slow})
    shop.run(delivered(shop.saga("Buying")))
    reserve, check, pay = shop.spans("step")
    assert reserve.start_ns == check.start_ns
    assert pay.start_ns - check.start_ns == 1_000_000_000
    assert shop.marks[:2] == ["reserve intent", "check intent"]


def test_a_failed_step_of_a_group_waits_for_the_others_before_undoing(
    with_saga: Callable[[str], Bench], delivered: Run, ill: Mapping[str, Any]
) -> None:
    shop = with_saga(GROUP)
    shop.bus.script.update({"Stock.reserve": _slow, "Bank.check": ill["declined"]})
    shop.run(delivered(shop.saga("Buying")))
    assert shop.called("Stock.release")[0].body == b'{"by":"x"}'
    assert shop.states[-1] == "compensated"


def test_the_branch_that_a_route_took_is_kept_over_a_crash(with_saga: Callable[[str], Bench], delivered: Run) -> None:
    shop = with_saga(ROUTE.replace("{first}", "True"))
    shop.crash_at = ("before-journal", "Buying.way")
    shop.run(delivered(shop.saga("Buying")))
    shop.define(ROUTE.replace("{first}", "False"))
    shop.restart()
    assert shop.called("Bank.pay") == []
    assert len({call.idempotency for call in shop.called("Bank.check")}) == 1
    assert shop.states[-1] == "completed"


async def _slow(_: Envelope) -> Reply:
    await asyncio.sleep(1)
    return Reply("ok", b'{"by":"x"}')
