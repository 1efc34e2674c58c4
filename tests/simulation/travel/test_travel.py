"""Time travel: a moment is how a run stood; a fork is the same until there; a diff names the first other event."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from studio.errors import ForkDiffers, NoSuchMoment, NotForkable
from studio.graph.system import Build, System
from studio.model.faults.network_faults import latency, lose
from studio.model.faults.process_faults import crash
from studio.simulation.case import Case
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.simulation.travel.diff import diff
from studio.simulation.world import world
from studio.source.directory import read
from studio.store import Log

CURE = ('json=charge.model_dump(mode="json")', 'json=charge.model_dump(mode="json"), headers={"Idempotency-Key": "k"}')


def built(root: Path, *, is_mended: bool = False) -> Build:
    """The order system, with or without its cure."""
    sources = read(root / "simulations" / "orders")
    system = System()
    system.define_all(
        replace(each, body=each.body.replace(*CURE)) if is_mended and each.name == "Payment" else each
        for each in sources
    )
    return system.build()


@pytest.fixture(scope="module")
def orders(root: Path) -> Build:
    return built(root)


@pytest.fixture(scope="module")
def run(orders: Build) -> Run:
    return simulate("lost_reply", system=orders, log=Log.memory())


def test_moment_has_the_documents_sagas_and_work_of_then(run: Run) -> None:
    moment = run.at("1s")
    assert moment.collection("Inventory.stock") == [{"sku": "tea", "quantity": 498}]
    assert moment.sagas["OrderProcessing/order-1"]["state"] == "running"
    assert moment.sagas["OrderProcessing/order-1"]["step"] == "process_payment"
    assert ("Payment", "external") in {(span["service"], span["kind"]) for span in moment.spans}


def test_moment_at_the_end_is_the_end(run: Run) -> None:
    moment = run.at(run.records - 1)
    for name in ("Inventory.stock", "Orders.orders", "Payment.receipts"):
        assert moment.collection(name) == run.collection(name)
    assert moment.queues == {}
    assert moment.spans == ()


def test_events_wait_for_their_consumers_until_they_are_done_with(run: Run) -> None:
    assert run.at("message 2").queues == {"Analytics": 1, "OrderProcessing": 1}
    assert run.at("1s").queues == {}


def test_replicas_that_are_down_are_told(orders: Build) -> None:
    case = Case("lost_reply", plan=(crash("Payment", at="1s", down_for="5s"),))
    found = simulate(case, system=orders, log=Log.memory())
    assert found.at("2s").lives["Payment/1"] == "crashed, incarnation 1"
    assert "Payment/1: crashed" in found.at("2s").text()
    assert found.at("7s").lives["Payment/1"] == "up, incarnation 2"


@pytest.mark.parametrize("at", [10**6, -1, "9h", "soon", "message 999"])
def test_moment_that_is_not_there_is_refused(run: Run, at: int | str) -> None:
    with pytest.raises(NoSuchMoment):
        run.at(at)


def test_fork_that_changes_nothing_is_the_same_run(run: Run) -> None:
    assert run.fork(at="1s").sha256 == run.sha256


def test_fork_before_the_fault_without_it_keeps_the_promise(run: Run) -> None:
    struck = int(run.sql("select min(seq) as seq from faults")["seq"][0])
    saved = run.fork(at=struck - 5, faults=[])
    assert saved.summary().is_fine
    assert saved.parent is not None
    assert saved.parent.run is run


def test_fork_after_the_fault_cannot_undo_it(run: Run) -> None:
    assert not run.fork(at="1s", faults=[]).summary().is_fine


def test_fork_under_another_plan_strikes_from_there_on(run: Run) -> None:
    worse = run.fork(at="1s", faults=[lose("Email.write", occurrence=1)])
    strikes = worse.sql("select at_ns, target from faults order by seq").rows()
    assert [target for _, target in strikes] == ["cards", "Email.write"]
    assert min(at_ns for at_ns, target in strikes if target == "Email.write") > 1_000_000_000


def test_fork_with_mended_code_is_a_deploy(run: Run, root: Path) -> None:
    start = run.fork(at="0s", code=built(root, is_mended=True))
    assert start.summary().is_fine
    assert set(start.sql("select change, reason from lives where reason = 'redeployed'")["change"]) == {"crashed"}
    assert start.sagas["state"].to_list() == ["completed"]


def test_saga_in_flight_survives_a_deploy(run: Run, root: Path) -> None:
    forked = run.fork(at="1s", code=built(root, is_mended=True))
    assert forked.sagas["state"].to_list() == ["completed"]
    assert forked.at("500ms").sagas == run.at("500ms").sagas


def test_fork_of_a_fork_goes_on_from_both(run: Run) -> None:
    first = run.fork(at="1s", faults=[])
    second = first.fork(at="1500ms", faults=[lose("Email.write", occurrence=1)])
    assert second.fork(at="2s").sha256 == second.sha256


def test_world_that_is_played_by_hand_cannot_be_forked(orders: Build) -> None:
    with world(system=orders, log=Log.memory()) as played, pytest.raises(NotForkable):
        played.run.fork(at=0)


def test_fork_with_another_past_is_refused(run: Run, root: Path) -> None:
    other = simulate("lost_reply", system=built(root, is_mended=True), log=Log.memory())
    forged = Run(run.log, other.build, run.plan, case=run.case)
    with pytest.raises(ForkDiffers, match=r"at record \d+"):
        forged.fork(at="5s")


def test_diff_names_the_first_event_and_what_it_led_to(run: Run, orders: Build) -> None:
    plain = simulate(Case("lost_reply"), system=orders, log=Log.memory())
    found = diff(run, plain)
    assert found.parting is not None
    assert "the reply of cards POST /charges is lost" in found.parting.first
    assert [each.name for each in found.of("promise")] == ["one_charge_per_order"]
    assert "first:" in found.text()


def test_diff_of_a_run_with_itself_is_none(run: Run) -> None:
    assert diff(run, run).is_same


def test_what_happens_later_is_a_difference_of_equal_code(orders: Build) -> None:
    plain = simulate(Case("lost_reply"), system=orders, log=Log.memory())
    late = simulate(Case("lost_reply", plan=(latency("cards", "500ms"),)), system=orders, log=Log.memory())
    found = diff(plain, late)
    assert found.parting is not None
    assert found.parting.first == found.parting.second
    assert found.parting.first_ns != found.parting.second_ns
