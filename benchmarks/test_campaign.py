"""Campaigns: seeds per second of a scenario of about a hundred orders, by one worker and by two.

The scenario is `payment_outage` of `simulations/orders`: a crash, losses and duplicates. Workers are warm: the time it
takes to start them, about the time of importing Studio, is reported beside.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from studio.graph.system import Build, System
from studio.simulation.campaign.campaign import Campaign
from studio.simulation.campaign.campaigning import campaign
from studio.source.directory import read
from studio.store import Log

ORDERS = Path(__file__).parent.parent / "simulations" / "orders"
ROUNDS = 3


def test_two_workers_against_one(large: bool) -> None:
    system = System()
    system.define_all(read(ORDERS))
    build, seeds = system.build(), 200 if large else 12
    start_s = timed(build, 2, 2)[0]
    timed(build, 2, 1)
    ratios, rates = [], {1: 0.0, 2: 0.0}
    orders = 0.0
    for _ in range(ROUNDS):  # by turns, so that both meet the same machine; the rate is the best, the ratio the median
        took = {}
        for workers in (1, 2):
            took[workers], found = timed(build, seeds, workers)
            rates[workers] = max(rates[workers], seeds / took[workers])
            orders = float(found.sagas["instances"].sum()) / seeds
        ratios.append(took[1] / took[2])
    print(f"\ncampaign, payment_outage, {seeds} seeds of {orders:.0f} orders each")
    print(f"  one worker     {rates[1]:10,.2f} seeds/s {rates[1] * orders:10,.0f} orders/s")
    print(f"  two workers    {rates[2]:10,.2f} seeds/s {rates[2] * orders:10,.0f} orders/s")
    print(f"  two against one {statistics.median(ratios):9.2f} times ({', '.join(f'{each:.2f}' for each in ratios)})")
    print(f"  starting two   {start_s:10,.1f} s")


def timed(build: Build, seeds: int, workers: int) -> tuple[float, Campaign]:
    """Run a campaign without second runs, its records in memory; return the time it took."""
    start = time.perf_counter()
    found = campaign(
        "payment_outage", seeds=seeds, system=build, workers=workers, check_determinism=0, log=Log.memory()
    )
    return time.perf_counter() - start, found
