"""A finding about behaviour is confirmed by a run that shows it, or dismissed with what was tried."""

from __future__ import annotations

import re

import pytest

from studio.graph.lint import Finding, lint
from studio.graph.system import System
from studio.model.fault import plan_to
from studio.simulation.proving.proof import Proof
from studio.simulation.proving.prove import prove
from studio.simulation.simulate import simulate
from studio.source.cell import cell_from_text
from studio.store import Log

ORDER = '%%contracts shop\nclass Order(Contract):\n    id: str\n\nevent($.Order.created, Order, key="id")\n'
CHARGES = """%%contracts books
class Entry(Contract):
    id: str
    times: int = 0
"""
PAYMENT = """%%service Payment --version 1.0.0
entries = service.collection("entries", Entry, key="id")

@service.operation($.Payment.charge{options})
async def charge(order: Order) -> None:
    kept = await entries.get(order.id) or Entry(id=order.id)
    await entries.put(Entry(id=order.id, times=kept.times + 1))
"""
SAGA = """%%saga Flow --on $.Order.created --version 1.0.0
@saga.step(kind="retriable", retry=Retry(attempts=3))
async def pay(order: Order) -> None:
    await call($.Payment.charge, order)
"""
SHOP = """%%service Shop --version 1.0.0
@service.on($.Order.created)
async def sell(order: Order) -> None:
    await call($.Payment.charge, order)
"""
STORE = """%%service Store --version 1.0.0
orders = service.collection("orders", Order, key="id")

@service.operation($.Store.place{options})
async def place(order: Order) -> None:
    await orders.put(order)
    await publish($.Order.created, order)
"""
HOLDING = """%%service Stock --version 1.0.0
held = service.collection("held", Order, key="id")

@service.operation($.Stock.hold, idempotent=True)
async def hold(order: Order) -> None:
    await held.put(order)

@service.operation($.Stock.free, idempotent=True)
async def free(order: Order) -> None:
    await held.delete(order.id)
"""
HALF = """%%saga Half --on $.Order.created --version 1.0.0
@saga.step
async def hold(order: Order) -> None:
    await call($.Stock.hold, order)
{undo}
@saga.step(kind="pivot")
async def pay(order: Order) -> None:
    await call($.Payment.charge, order)
"""
UNDO = """
@hold.compensation
async def free(order: Order, done: None) -> None:
    await call($.Stock.free, order)
"""
BANK = """%%external bank
entries = external.ledger(Order)

@external.post("/transfers")
async def transfer(request: Request) -> Response:
    entries.append(Order(**request.json()))
    return Response(201, json={})
"""
TRANSFER = """%%service Till --version 1.0.0
bank = service.client("bank", base_url="https://bank.example", timeout="{inner}")

@service.operation($.Till.pay, timeout="2s")
async def pay(order: Order) -> None:
    await bank.post("/transfers", json=order.model_dump(mode="json"))
"""
ALL = {
    "ARC109": (ORDER, CHARGES, PAYMENT.format(options=", idempotent=True"), HOLDING, HALF.format(undo="")),
    "ARC121": (ORDER, BANK, TRANSFER.format(inner="30s")),
    "ARC123": (ORDER, CHARGES, PAYMENT.format(options=""), SAGA),
    "ARC126": (ORDER, CHARGES, PAYMENT.format(options=""), SHOP),
    "ARC130": (ORDER, STORE.format(options="")),
}
"""For each rule, a system in which it is right."""


def system_of(*cells: str) -> System:
    system = System()
    for text in cells:
        source = cell_from_text(text)
        assert source is not None
        system.define(source)
    return system


def proofs_of(code: str, *cells: str) -> list[Proof]:
    system = system_of(*cells)
    return list(prove([each for each in lint(system.graph) if each.code == code], system=system).values())


@pytest.mark.parametrize("code", ALL)
def test_finding_is_confirmed_where_the_behaviour_is_seen(code: str) -> None:
    proofs = proofs_of(code, *ALL[code])
    assert [proof.outcome for proof in proofs] == ["confirmed"]
    assert proofs[0].text
    assert all(re.match(r"\w+\(", line) for line in proofs[0].code)


@pytest.mark.parametrize("code", ALL)
def test_mended_system_has_nothing_to_prove(code: str) -> None:
    mended = {
        "ARC109": (ORDER, CHARGES, PAYMENT.format(options=", idempotent=True"), HOLDING, HALF.format(undo=UNDO)),
        "ARC121": (ORDER, BANK, TRANSFER.format(inner="1s")),
        "ARC123": (ORDER, CHARGES, PAYMENT.format(options=", idempotent=True"), SAGA),
        "ARC126": (ORDER, CHARGES, PAYMENT.format(options=", idempotent=True"), SHOP),
        "ARC130": (ORDER, STORE.format(options=", transactional=True")),
    }
    assert proofs_of(code, *mended[code]) == []


def test_harmless_repetition_is_dismissed_with_what_was_tried() -> None:
    harmless = PAYMENT.format(options="").replace("kept.times + 1", "1")
    (proof,) = proofs_of("ARC123", ORDER, CHARGES, harmless, SAGA)
    assert proof.outcome == "dismissed"
    assert len(proof.tried) == 2
    assert "times out, having run" in str(proof)


def test_rule_about_the_text_is_not_tried() -> None:
    (proof,) = proofs_of("ARC102", "%%service Stock\n")
    assert (proof.outcome, proof.runs) == ("untried", 0)


def test_what_nothing_reaches_is_not_tried() -> None:
    unheard = SAGA.replace("$.Order.created", "$.Nobody.tells")
    (proof,) = proofs_of("ARC123", ORDER, CHARGES, PAYMENT.format(options=""), unheard)
    assert proof.outcome == "untried"


def test_declared_scenario_is_the_ground_where_it_reaches_the_place() -> None:
    scenario = '%%scenario busy --duration 5s\nworkload($.Order.created, [Order(id="one")])\n'
    (proof,) = proofs_of("ARC123", *ALL["ARC123"], scenario)
    assert (proof.outcome, proof.scenario) == ("confirmed", "busy")
    run = simulate("busy", faults=proof.plan, system=system_of(*ALL["ARC123"], scenario), log=Log.memory())
    assert run.collection("Payment.entries")[0]["times"] == 2


def test_equal_sources_give_equal_proofs() -> None:
    first, second = (proofs_of("ARC130", *ALL["ARC130"]) for _ in range(2))
    assert first == second
    assert plan_to(first[0].plan) == plan_to(second[0].plan)


def test_progress_counts_findings() -> None:
    told: list[tuple[int, int]] = []
    system = system_of(*ALL["ARC130"])
    found: list[Finding] = list(lint(system.graph))
    prove(found, system=system, progress=lambda done, of: told.append((done, of)))
    assert told == [(at, len(found)) for at in range(len(found))]
