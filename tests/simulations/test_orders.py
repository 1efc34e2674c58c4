"""The order system: calm weather holds, the lost reply charges twice, one line mends it, an outage ends well."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import studio
from studio.graph.system import Build, System
from studio.simulation.case import Case
from studio.simulation.run import Run
from studio.source.cell import Source
from studio.source.directory import read

CURE = (
    'json=charge.model_dump(mode="json")',
    'json=charge.model_dump(mode="json"), headers={"Idempotency-Key": charge.order_id}',
)


def build_of(sources: tuple[Source, ...]) -> Build:
    """A system of sources, ready to run."""
    system = System()
    system.define_all(sources)
    return system.build()


@pytest.fixture(scope="module")
def sources(root: Path) -> tuple[Source, ...]:
    return read(root / "simulations" / "orders")


@pytest.fixture(scope="module")
def orders(sources: tuple[Source, ...]) -> Build:
    return build_of(sources)


def run(build: Build, scenario: str, seed: int = 7) -> Run:
    """A run whose records stay in memory."""
    return studio.simulate(scenario, seed=seed, system=build, log=studio.Log.memory())


def states(found: Run) -> dict[str, int]:
    """Saga instances by state."""
    return dict(found.summary().sagas)


def test_in_calm_weather_every_order_completes(orders: Build) -> None:
    calm = run(orders, "calm")
    assert calm.summary().is_fine
    assert list(states(calm)) == ["completed"]


def test_a_lost_reply_charges_ada_twice(orders: Build) -> None:
    lost = run(orders, "lost_reply")
    assert [row["invariant"] for row in lost.violations.iter_rows(named=True)] == ["one_charge_per_order"]
    assert lost.external["order_id"].to_list() == ["order-1", "order-1"]


def test_an_idempotency_key_mends_it(sources: tuple[Source, ...]) -> None:
    mended = [replace(each, body=each.body.replace(*CURE)) if each.name == "Payment" else each for each in sources]
    assert sum(one != other for one, other in zip(mended, sources, strict=True)) == 1
    cured = run(build_of(tuple(mended)), "lost_reply")
    assert cured.summary().is_fine
    assert states(cured) == {"completed": 1}


@pytest.mark.parametrize("seed", [1, 2])
def test_an_outage_leaves_no_order_on_its_way(orders: Build, seed: int) -> None:
    outage = run(orders, "payment_outage", seed)
    kept = [row["invariant"] for row in outage.violations.iter_rows(named=True)]
    assert set(kept) <= {"one_charge_per_order"}  # which a crash after the charge can break as well
    assert set(states(outage)) <= {"completed", "compensated"}


def test_a_charge_that_the_saga_never_heard_of_is_refunded(orders: Build) -> None:
    stalled = Case("lost_reply", plan=(studio.storage_stall("Payment.receipts", "30s", occurrence=1),))
    found = studio.simulate(stalled, system=orders, log=studio.Log.memory())
    assert states(found) == {"compensated": 1}
    assert set(found.external["ledger"]) == {"ledger", "refunds"}
    assert "compensated_leaves_nothing" in found.promised
    assert "compensated_leaves_nothing" not in set(found.violations["invariant"])


@pytest.mark.slow
@pytest.mark.parametrize("bus", ["jetstream", "rabbitmq", "kafka"])
def test_a_storm_breaks_nothing_but_what_the_lesson_is_about(orders: Build, bus: str) -> None:
    found = studio.campaign("storm", seeds=20, system=orders, bus=bus, log=studio.Log.memory(), check_determinism=0)
    assert set(found.violations["invariant"]) <= {"one_charge_per_order"}


def test_equal_seeds_give_equal_records(orders: Build) -> None:
    assert run(orders, "calm").sha256 == run(orders, "calm").sha256
