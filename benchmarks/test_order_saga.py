"""The order saga end to end: orders and records per second, against the same orders with recording off.

The system is `simulations/orders`: an order starts a saga of four steps over five services and a third party.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from studio.graph.system import System
from studio.model.duration import duration_ns
from studio.simulation.cluster.outside import Outside
from studio.simulation.cluster.timetable import Timetable
from studio.simulation.simulate import simulate
from studio.simulation.stage import conditions_of, set_up
from studio.simulation.workload.arrivals import Arrivals
from studio.source.directory import read
from studio.store import Log

ORDERS = Path(__file__).parent.parent / "simulations" / "orders"


def test_order_saga_end_to_end(large: bool) -> None:
    system = System()
    system.define_all(read(ORDERS))
    duration = "10m" if large else "1m"
    with tempfile.TemporaryDirectory() as folder:
        log = Log.open(Path(folder) / "studio.duckdb")
        start = time.process_time()
        run = simulate("calm", system=system, duration=duration, log=log)
        recorded_s = time.process_time() - start
        orders, records = len(run.sagas), run.log.row.records
    start = time.process_time()
    unrecorded(system, duration)
    bare_s = time.process_time() - start
    print(f"\norder saga, {duration} of virtual time, {orders} orders, {records} records")
    print(f"  recorded       {orders / recorded_s:10,.0f} orders/s {records / recorded_s:10,.0f} records/s")
    print(
        f"  recording off  {orders / bare_s:10,.0f} orders/s  (recorded runs at {bare_s / recorded_s:.2f} of this rate)"
    )


def unrecorded(system: System, duration: str) -> None:
    """Run the same scenario without a log and without invariants."""
    build = system.build()
    scenario = build.graph.scenarios["calm"]
    cluster = set_up(build, conditions_of(build, scenario, scenario.seed, ()), None, scenario.givens)
    outside = Outside(cluster)
    for number, work in enumerate(scenario.workloads, start=1):
        Arrivals(cluster, outside, work, number, duration_ns(duration)).start()
    timetable = Timetable(cluster)
    timetable.run_until_ns(duration_ns(duration))
    timetable.settle(duration_ns(duration) * 2)
    cluster.close()
