"""The port Directory, and what a call that is addressed to a replica promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from studio.errors import ServiceUnavailable
from studio.ports import Directory, Envelope, Standing

if TYPE_CHECKING:
    from tests.ports.conftest import Shop

Engine = Callable[[Callable[..., Any]], Any]


def directory(shop: Shop) -> Directory:
    found = shop.ports.directory
    assert found is not None
    return found  # type: ignore[no-any-return]


def sale(message: int, to: int) -> Envelope:
    return Envelope(message, "call", "Shop.sell", b'{"id": "tea"}', "Web", causal=message, to=to)


def test_replicas_are_listed_by_number(engine: Engine) -> None:
    async def work(shop: Shop) -> list[Standing]:
        return list(directory(shop).replicas("Shop"))

    assert engine(work) == [Standing(1), Standing(2)]


def test_nobody_is_listed_of_an_unknown_service(engine: Engine) -> None:
    async def work(shop: Shop) -> list[Standing]:
        return list(directory(shop).replicas("Nobody"))

    assert engine(work) == []


@pytest.mark.parametrize("replica", [1, 2])
def test_a_call_goes_to_the_replica_that_it_is_addressed_to(engine: Engine, replica: int) -> None:
    async def work(shop: Shop) -> list[int]:
        for message in (1, 2, 3):
            await shop.ports.transport.request(sale(message, replica))
        return [number for _, number, _, _ in shop.seen]

    assert engine(work) == [replica] * 3


def test_a_call_to_a_replica_that_is_not_there_is_refused_and_has_not_run(engine: Engine) -> None:
    async def work(shop: Shop) -> list[Any]:
        with pytest.raises(ServiceUnavailable):
            await shop.ports.transport.request(sale(1, 7))
        return shop.seen

    assert engine(work) == []
