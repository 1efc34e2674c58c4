"""The order system under each delivery model: its sagas end, its promises hold, and runs repeat."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio import crash, duplicate, lose
from studio.errors import UnknownBus
from studio.graph.system import Build, System
from studio.model.delivery import BUSES
from studio.simulation.case import Case
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.source.directory import read
from studio.store import Log

ENDED = {"completed", "compensated"}
STORM = (
    lose("Order.*", leg="acknowledgement", probability=0.2),
    lose("Order.created", probability=0.1),
    lose("Order.created", leg="reply", probability=0.1),
    duplicate("Order.>", probability=0.2),
    crash("Inventory", at="5s"),
    crash("OrderProcessing", at="9s"),
)


@pytest.fixture(scope="module")
def orders(root: Path) -> Build:
    system = System()
    system.define_all(read(root / "simulations" / "orders"))
    return system.build()


def states(run: Run) -> set[str]:
    return set(run.sagas["state"].to_list())


@pytest.mark.parametrize("bus", BUSES)
@pytest.mark.parametrize("scenario", ["calm", "lost_reply", "payment_outage"])
def test_sagas_end_under_every_model(orders: Build, bus: str, scenario: str) -> None:
    run = simulate(scenario, system=orders, bus=bus, duration="10s", log=Log.memory())
    assert states(run)
    assert states(run) <= ENDED


@pytest.mark.parametrize("bus", BUSES)
def test_sagas_end_in_a_storm(orders: Build, bus: str) -> None:
    run = simulate(Case("calm", 3, STORM, duration_ns=15_000_000_000, bus=bus), system=orders, log=Log.memory())
    assert states(run) <= ENDED
    assert run.sql("select count(*) from deliveries where outcome = 'redelivered'").item() > 0


@pytest.mark.parametrize("bus", BUSES)
def test_a_run_repeats_byte_for_byte(orders: Build, bus: str) -> None:
    case = Case("calm", 5, STORM, duration_ns=5_000_000_000, bus=bus)
    hashes = {simulate(case, system=orders, log=Log.memory()).sha256 for _ in range(2)}
    assert len(hashes) == 1


def test_models_give_different_runs_and_jetstream_is_the_first(orders: Build) -> None:
    hashes = {bus: simulate("lost_reply", system=orders, bus=bus, log=Log.memory()).sha256 for bus in (None, *BUSES)}
    assert hashes[None] == hashes["jetstream"] != hashes["kafka"]


def test_run_keeps_its_model_in_its_case(orders: Build) -> None:
    run = simulate("lost_reply", system=orders, bus="kafka", log=Log.memory())
    assert run.case is not None
    assert run.case.bus == "kafka"


def test_unknown_model_is_refused_before_anything_is_recorded(orders: Build) -> None:
    log = Log.memory()
    with pytest.raises(UnknownBus, match=r"bus=kafa(.|\n)*Nearest: kafka"):
        simulate("calm", system=orders, bus="kafa", log=log)
    assert len(log.runs()) == 0
