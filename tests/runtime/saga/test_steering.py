"""Operators: cancel, resume, look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from studio.errors import UnknownSagaInstance
from studio.ports import Envelope, Reply
from studio.records import SagaChange

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench

Run = Callable[..., Any]


def test_an_operator_resumes_what_is_stuck_from_where_it_got_stuck(
    shop: Bench, buy: Run, ill: Mapping[str, Any]
) -> None:
    shop.bus.script["Bank.pay"] = ill["timeout"]
    saga = buy("o1")
    del shop.bus.script["Bank.pay"]
    assert shop.settle(saga, saga.resume("Buying/o1")) is True
    assert len({call.idempotency for call in shop.called("Bank.pay")}) == 1
    assert len(shop.called("Stock.reserve")) == 1
    assert shop.states == ["running", "stuck", "running", "completed"]
    assert shop.keys("Buying", "$dead-letters") == []


def test_a_stuck_undoing_is_resumed_as_undoing(shop: Bench, buy: Run, ill: Mapping[str, Any]) -> None:
    shop.bus.script.update({"Bank.pay": ill["declined"], "Bank.uncheck": ill["broken"]})
    saga = buy("o1")
    del shop.bus.script["Bank.uncheck"]
    shop.settle(saga, saga.resume("Buying/o1"))
    assert shop.states == ["running", "compensating", "stuck", "compensating", "compensated"]


def test_resuming_what_is_not_stuck_does_nothing(shop: Bench, buy: Run) -> None:
    saga = buy("o1")
    assert shop.run(saga.resume("Buying/o1")) is False


def test_an_unknown_instance_is_told(shop: Bench, buy: Run) -> None:
    saga = buy("o1")
    with pytest.raises(UnknownSagaInstance):
        shop.run(saga.cancel("Buying/o2"))


def test_cancelling_before_the_pivot_undoes_once_the_step_under_way_has_ended(
    shop: Bench, triggered: Callable[..., Envelope]
) -> None:
    cancelled = shop.run(_cancel_during(shop, "Bank.check", triggered("o1")))
    assert cancelled is True
    assert shop.called("Bank.pay") == []
    assert [call.body for call in shop.called("Bank.uncheck")] == [b'{"by":"x"}']
    assert shop.states == ["running", "compensating", "compensated"]
    assert shop.of(SagaChange)[-1].reason == "cancelled"


def test_cancelling_from_the_pivot_on_rolls_forward(shop: Bench, triggered: Callable[..., Envelope]) -> None:
    assert shop.run(_cancel_during(shop, "Bank.pay", triggered("o1"))) is False
    assert shop.states == ["running", "completed"]


def test_cancelling_what_has_ended_tells_how_it_ended(shop: Bench, buy: Run, ill: Mapping[str, Any]) -> None:
    saga = buy("o1")
    shop.bus.script["Bank.pay"] = ill["declined"]
    saga = buy("o2")
    assert shop.run(saga.cancel("Buying/o1")) is False
    assert shop.run(saga.cancel("Buying/o2")) is True


def test_cancelling_a_stuck_pivot_asks_it_again(shop: Bench, buy: Run, ill: Mapping[str, Any]) -> None:
    shop.bus.script["Bank.pay"] = ill["timeout"]
    saga = buy("o1")
    del shop.bus.script["Bank.pay"]
    assert shop.settle(saga, saga.cancel("Buying/o1")) is False
    assert shop.states[-1] == "completed"


def test_a_cancellation_survives_a_crash(shop: Bench, triggered: Callable[..., Envelope]) -> None:
    async def main() -> None:
        saga = shop.saga("Buying")
        shop.bus.script["Stock.reserve"] = _slow
        await saga.handle_event(triggered("o1"), 1)
        await asyncio.sleep(0.5)
        await saga.cancel("Buying/o1")

    shop.run(main())
    shop.restart()
    assert shop.called("Bank.check") == []
    assert shop.states[-1] == "compensated"


def test_instances_are_told_by_state(shop: Bench, buy: Run, ill: Mapping[str, Any]) -> None:
    shop.bus.script["Bank.pay"] = ill["timeout"]
    saga = buy("o1")
    (stuck,) = shop.run(saga.instances("stuck"))
    assert (stuck.id, stuck.was, stuck.step, stuck.reason) == ("Buying/o1", "running", "pay", "STU410")


async def _slow(_: Envelope) -> Reply:
    await asyncio.sleep(1)
    return Reply("ok", b'{"by":"x"}')


async def _cancel_during(shop: Bench, address: str, envelope: Envelope) -> bool:
    saga = shop.saga("Buying")
    shop.bus.script[address] = _slow
    await saga.handle_event(envelope, 1)
    await asyncio.sleep(0.5)
    cancelled = await saga.cancel("Buying/o1")
    await saga.settled()
    return cancelled
