"""Whatever can go wrong does, for a while, and heals; each seed draws its own. Then every order must come to its end.

What breaks here is `one_charge_per_order`, for the reason that `lost_reply` shows in the smallest way.
"""

from __future__ import annotations

from studio import Exponential, S, Scenario, given, network, phases, service_time, swarm, workload

from .contracts import Item, Order, StockLevel

scenario = Scenario("storm", duration="40s", converge="5m")

given("Inventory.stock", [StockLevel(sku=sku, quantity=500) for sku in ("tea", "coffee", "kettle")])
given("CARDS_KEY", "not a real key")
workload(S.Orders.place, like=Order, rate_per_s=1, items=[Item(sku="tea", quantity=2)])
network(Exponential("2ms"))
service_time(S.Payment.process, Exponential("40ms"))

# Not in it is what no code of ours can mend: messages that nobody can read, and losing what was confirmed as stored.
swarm(
    *("call-back", "clock-drift", "clock-jump", "clock-offset", "clog", "crash", "crash-point", "deploy", "down"),
    *("duplicate", "exhaust", "fail", "hang", "late", "latency", "lose", "partition", "pause", "refuse", "reorder"),
    *("respond", "slow", "stale-read", "storage-conflict", "storage-error", "storage-stall", "throttle", "timeout"),
    share=0.4,
)
phases(heal="30s")
