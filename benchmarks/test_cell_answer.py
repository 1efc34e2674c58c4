"""How long a studio cell takes to answer: a service of 30 lines, defined in a system of ten definitions.

The comparison is Python itself: compiling and executing the same body with the same names.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from studio.graph.system import System
from studio.source.cell import Source, cell_from_text

ROUNDS = 30

CONTRACTS = """%%contracts shop
class Order(Contract):
    id: str
    quantity: int = 1

class Reservation(Contract):
    order_id: str
    sku: str = ""

event($.Order.created, Order, key="id")
event($.Order.cancelled, Order, key="id")
"""

OTHER = """%%service Other{number} --version 1.0.0
@service.operation($.Other{number}.act)
async def act(order: Order) -> Reservation:
    return Reservation(order_id=order.id)
"""

CELL = '''%%service Inventory --version 1.2.{round} --kind command --replicas 2
"""Keeps stock and its reservations."""
reservations = service.collection("reservations", Reservation, key="order_id", unique=["sku"])
requests = service.counter("requests_total", labels=["status"])

@service.operation($.Inventory.reserve, idempotent=True)
async def reserve(order: Order) -> Reservation:
    done = Reservation(order_id=order.id, sku="{round}")
    await reservations.insert(done)
    await Other1.act(order)
    return done

@service.operation($.Inventory.release)
async def release(order: Order) -> None:
    await reservations.delete(order.id)

@service.on($.Order.cancelled)
async def cancelled(order: Order) -> None:
    await release(order)

@service.get("/stock/{{sku}}")
async def stock(sku: str) -> Reservation:
    return Reservation(order_id="", sku=sku)

@service.job("0 0 * * *")
async def recount() -> None:
    await reservations.query(limit=10)

@service.health(interval="30s")
async def check() -> Health:
    return Health()
'''


def _source(text: str) -> Source:
    source = cell_from_text(text)
    assert source is not None
    return source


def _mean_ms(action: Callable[[int], None]) -> float:
    action(0)
    start = time.perf_counter()
    for number in range(1, ROUNDS + 1):
        action(number)
    return (time.perf_counter() - start) / ROUNDS * 1000


def test_service_cell_of_thirty_lines() -> None:
    """Print the mean answer of a changed cell, and its ratio to bare execution."""
    system = System()
    for text in (CONTRACTS, *(OTHER.format(number=number) for number in range(9))):
        system.define(_source(text))

    def bare(number: int) -> None:
        body = _source(CELL.format(round=number)).body
        service = system.visible()["Service"]("Inventory")
        exec(compile(body, "<bare>", "exec"), {**system.visible(), "service": service})  # noqa: S102 - the comparison

    bare_ms = _mean_ms(bare)
    studio_ms = _mean_ms(lambda number: _void(system.define(_source(CELL.format(round=number)))))
    ratio = f"{studio_ms / bare_ms:.1f} times bare exec ({bare_ms:.1f} ms)"
    print(f"\nservice cell of 30 lines: {studio_ms:.1f} ms, {ratio}")


def _void(_: object) -> None:
    """Drop a value."""
