"""A small shop in cells, with one of each kind, and how to export it without running its scenarios."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studio.export.package import export_package
from studio.export.report import Report
from studio.graph.system import System
from studio.source.cell import Source, cell_from_text

CELLS = (
    """%%contracts shop
class Order(Contract):
    id: str
    total: Decimal = Decimal(9)

class Receipt(Contract):
    order_id: str

event($.Order.created, Order, key="id")
event($.Order.paid, Order, key="id")
""",
    "%%module pricing\ndef discount(order: Order) -> Decimal:\n    return order.total / 10\n",
    """%%external cards
ledger = external.ledger(Receipt)

@external.post("/charges")
async def charge(request: Request) -> Response:
    ledger.append(receipt := Receipt(order_id=request.json()["id"]))
    return Response(201, json=receipt)
""",
    '''%%service Payment --version 1.2.0 --replicas 2
"""Charges cards."""
cards = service.client("cards", base_url="https://cards.example", auth=Secret("cards.key"))

@service.operation($.Payment.process)
async def process(order: Order) -> Receipt:
    log.info("less", discount=str(pricing.discount(order)), currency=setting("CURRENCY", default="GBP"))
    response = await cards.post("/charges", json={"id": order.id})
    return Receipt(order_id=response.json()["order_id"])
''',
    """%%service Tally
paid = service.collection("paid", Order, key="id")

@service.get("/paid/{id}")
async def read(id: str) -> Order | None:
    return await paid.get(id)

@service.on($.Order.paid)
async def count(order: Order) -> None:
    await paid.put(order)
""",
    "%%compose\nPay = sequence(Payment.process)\n",
    """%%saga Paying --on $.Order.created --completed $.Order.paid
pay = saga.step(Pay, name="pay")

@saga.step
async def thank(order: Order, pay: Receipt) -> Receipt:
    return pay
""",
    """%%scenario calm --duration 5s
workload($.Order.created, [Order(id="order-1"), Order(id="order-2")], every="1s")
""",
    "%%invariant one_charge\nselect order_id from external group by order_id having count(*) > 1\n",
    """%%invariant all_paid --python --eventually
@invariant
def all_paid(run):
    return [] if len(run.collection("Tally.paid")) == 2 else ["unpaid"]
""",
)

Export = Callable[..., Report]


def source(text: str) -> Source:
    """Return a cell's source."""
    made = cell_from_text(text)
    assert made is not None
    return made


@pytest.fixture
def cells() -> tuple[Source, ...]:
    """Return the shop's sources, in the order of their cells."""
    return tuple(source(text) for text in CELLS)


@pytest.fixture
def shop(cells: tuple[Source, ...]) -> System:
    """Return the shop."""
    system = System()
    for each in cells:
        system.define(each)
    return system


@pytest.fixture
def export(shop: System, tmp_path: Path) -> Export:
    """Export the shop, or another system, to `shop` without running its scenarios."""

    def write(
        system: System = shop, folder: Path = tmp_path / "shop", *, name: str = "", force: bool = False
    ) -> Report:
        return export_package(system, folder, replays=lambda _: {}, name=name, force=force)

    return write


@pytest.fixture
def cell() -> Callable[[str], Source]:
    """Make a source of a cell's text, the magic line first."""
    return source
