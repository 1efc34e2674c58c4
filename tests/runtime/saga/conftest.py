"""A shop with a saga of every kind of step, on the tiny engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from studio.ports import Envelope, Reply, Verdict
from studio.runtime.saga.orchestrator import SagaReplica

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench

CONTRACTS = """
    %%contracts shop
    class Order(Contract):
        id: str

    class Held(Contract):
        by: str

    class Declined(ServiceError):
        status = 402

    event($.Order.created, Order, key="id")
"""
STOCK = """
    %%service Stock
    @service.operation($.Stock.reserve, raises=[Declined])
    async def reserve(order: Order) -> Held:
        return Held(by=order.id)

    @service.operation($.Stock.release)
    async def release(held: Held) -> None: ...
"""
BANK = """
    %%service Bank
    @service.operation($.Bank.check, raises=[Declined])
    async def check(order: Order) -> Held:
        return Held(by=order.id)

    @service.operation($.Bank.uncheck)
    async def uncheck(held: Held) -> None: ...

    @service.operation($.Bank.pay, raises=[Declined])
    async def pay(order: Order) -> Held:
        return Held(by=order.id)
"""
PARCEL = """
    %%service Parcel
    @service.operation($.Parcel.ship, raises=[Declined])
    async def ship(held: Held) -> None: ...
"""
SAGA = """
    %%saga Buying --on $.Order.created --completed $.Order.completed --failed $.Order.failed --stuck $.Order.stuck
    once_more = Retry(attempts=2, backoff="fixed", first="1s", jitter=0)

    @saga.step(retry=once_more, timeout="5s")
    async def reserve(order: Order) -> Held:
        return await send($.Stock.reserve, order)

    @reserve.compensation(retry=once_more)
    async def release(order: Order, done: Held | None) -> None:
        await send($.Stock.release, done or Held(by="nobody knows"))

    @saga.step(retry=once_more)
    async def check(order: Order, reserve: Held) -> Held:
        return await send($.Bank.check, Order(id=reserve.by))

    @check.compensation(retry=once_more)
    async def uncheck(order: Order, reserve: Held, done: Held | None) -> None:
        await send($.Bank.uncheck, done or reserve)

    @saga.step(kind="pivot", retry=once_more)
    async def pay(order: Order) -> Held:
        return await send($.Bank.pay, order)

    @saga.step(kind="retriable", retry=once_more)
    async def ship(order: Order, pay: Held) -> None:
        await send($.Parcel.ship, pay)
"""
DONE = ["reserve", "check", "pay", "ship"]


def trigger(key: str = "o1", message: int = 1000) -> Envelope:
    body = f'{{"id": "{key}"}}'.encode()
    return Envelope(message, "event", "Order.created", body, "Web", 1, key, trace=77, span=5, causal=9)


async def deliver(saga: SagaReplica, *keys: str) -> list[Verdict]:
    await saga.start()
    verdicts = [await saga.handle_event(trigger(key, 1000 + at), 1) for at, key in enumerate(keys or ("o1",))]
    await saga.settled()
    return verdicts


@pytest.fixture
def shop(bench: Callable[..., Bench]) -> Bench:
    """Return a bench on which every service answers."""
    shop = bench(CONTRACTS, STOCK, BANK, PARCEL, SAGA)
    for service in ("Stock", "Bank", "Parcel"):
        shop.replica(service)
    return shop


@pytest.fixture
def with_saga(bench: Callable[..., Bench]) -> Callable[[str], Bench]:
    """Return what makes a shop with another saga."""

    def make(saga: str) -> Bench:
        shop = bench(CONTRACTS, STOCK, BANK, PARCEL, saga)
        for service in ("Stock", "Bank", "Parcel"):
            shop.replica(service)
        return shop

    return make


@pytest.fixture
def buy(shop: Bench) -> Callable[..., SagaReplica]:
    """Return what runs one incarnation of the orchestrator on triggers, until all is settled."""

    def run(*keys: str, **options: Any) -> SagaReplica:
        saga = shop.saga("Buying", **options)
        shop.run(deliver(saga, *keys))
        return saga

    return run


@pytest.fixture
def triggered() -> Callable[..., Envelope]:
    """Return what makes the trigger's envelope."""
    return trigger


@pytest.fixture
def delivered() -> Callable[..., Any]:
    """Return what starts an orchestrator and gives it triggers."""
    return deliver


@pytest.fixture
def held() -> Reply:
    """Return a callee's answer."""
    return Reply("ok", b'{"by": "x"}')
