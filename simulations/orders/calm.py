"""Ada buys tea, and nothing goes wrong."""

from __future__ import annotations

from decimal import Decimal

from studio import S, Scenario, Zipf, given, service_time, workload

from .contracts import Customer, Item, Order, StockLevel

scenario = Scenario("calm", duration="30s")

given("Inventory.stock", [StockLevel(sku=sku, quantity=500) for sku in ("tea", "coffee", "kettle")])
given("CARDS_KEY", "not a real key")

ada = Customer(id="ada", name="Ada", email="ada@example.com")
tea = Order(id="order-1", customer=ada, items=[Item(sku="tea", quantity=2)], total=Decimal("9.00"))

# Like Ada's, each with an id of its own; a few customers place most of them.
workload(S.Orders.place, like=tea, rate_per_s=2, skew={"customer.id": Zipf(1.1)})
service_time(S.Shipment.standard, "20ms")
