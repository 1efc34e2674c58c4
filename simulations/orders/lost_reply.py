"""We charged Ada twice: the provider charged her card, its reply was lost, and we asked again."""

from __future__ import annotations

from decimal import Decimal

from studio import S, Scenario, given, lose, workload

from .contracts import Customer, Item, Order, StockLevel

scenario = Scenario("lost_reply", duration="30s")

given("Inventory.stock", [StockLevel(sku="tea", quantity=500)])
ada = Customer(id="ada", name="Ada", email="ada@example.com")
workload(
    S.Orders.place, [Order(id="order-1", customer=ada, items=[Item(sku="tea", quantity=2)], total=Decimal("9.00"))]
)

lose("cards", leg="reply", occurrence=1)
