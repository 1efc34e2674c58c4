"""A small system in cells, as a notebook author writes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from studio.graph.system import System
from studio.source.cell import Source, cell_from_text

CONTRACTS = """%%contracts orders
class Order(Contract):
    id: str
    quantity: int = 1

class Reservation(Contract):
    order_id: str

event($.Order.created, Order, key="id")
"""

INVENTORY = """%%service Inventory --version 1.2.0
reserved = []

@service.operation($.Inventory.reserve, idempotent=True)
async def reserve(order: Order) -> Reservation:
    reserved.append(order.id)
    return Reservation(order_id=order.id)

@service.health()
async def check() -> Health:
    return Health()

handled = service.counter("handled_total")
"""

ORDERS = """%%service Orders --version 1.0.0
@service.on($.Order.created)
async def take(order: Order) -> None:
    await Inventory.reserve(order)

@service.health()
async def check() -> Health:
    return Health()

handled = service.counter("handled_total")
"""

SAGA = """%%saga OrderProcessing --on $.Order.created --version 1.0.0
@saga.step
async def reserve_inventory(order: Order) -> Reservation:
    return await call($.Inventory.reserve, order)

@reserve_inventory.compensation
async def release(order: Order, done: Reservation | None) -> None:
    pass
"""

CELLS = (CONTRACTS, INVENTORY, ORDERS, SAGA)

Cell = Callable[[str], Source]
Make = Callable[..., System]


def _cell(text: str) -> Source:
    source = cell_from_text(text)
    assert source is not None
    return source


def _system(*texts: str) -> System:
    system = System()
    for text in texts or CELLS:
        system.define(_cell(text))
    return system


@pytest.fixture
def cell() -> Cell:
    """Make a source of a cell's text, the magic line first."""
    return _cell


@pytest.fixture
def make() -> Make:
    """Make a system by running cells in order; without any, those of the order system."""
    return _system


@pytest.fixture
def system() -> System:
    """The order system: contracts, Inventory, Orders, OrderProcessing."""
    return _system()
