"""Short runs of the order system and a small campaign, recorded once for all tests of tabs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from studio.dashboard.desk import Desk
from studio.dashboard.feed import Feed
from studio.graph.loading import load
from studio.simulation.campaign.campaigning import campaign
from studio.simulation.simulate import simulate
from studio.store import Log

__all__ = ["desk_of", "order_feed"]

ORDERS = Path(__file__).parents[3] / "simulations" / "orders"


@cache
def order_feed() -> Feed:
    """Return a feed of two runs of `payment_outage` under seeds 1 and 2, and of a campaign of 4 seeds of it."""
    log, build = Log.memory(), load(ORDERS).build()
    for seed in (1, 2):
        simulate("payment_outage", seed=seed, system=build, log=log, duration="6s")
    campaign("payment_outage", seeds=4, system=build, log=log, duration="3s", check_determinism=0)
    return Feed.of_log(log, build=build)


def desk_of(**state: object) -> Desk:
    """Return the desk of a session that looks at these runs."""
    return Desk(order_feed(), **state)
