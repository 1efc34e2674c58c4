"""Payment is down for a while, and messages are lost: orders wait, or are undone; none is forgotten."""

from __future__ import annotations

from studio import Exponential, S, Scenario, crash, crash_at, duplicate, given, lose, network, service_time, workload

from .contracts import Item, Order, StockLevel

scenario = Scenario("payment_outage", duration="1m")

given("Inventory.stock", [StockLevel(sku=sku, quantity=500) for sku in ("tea", "coffee", "kettle")])
workload(S.Orders.place, like=Order, rate_per_s=2, items=[Item(sku="tea", quantity=2)])
network(Exponential("2ms"))
service_time(S.Payment.process, Exponential("40ms"))

crash("Payment", at="20s", down_for="10s")
lose(S.Inventory.reserve, probability=0.05)
duplicate("Order.*", probability=0.1)
crash_at("before-acknowledge", S.Order.completed)
