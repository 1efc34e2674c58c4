"""What authors get wrong about runs: each is told with a code, the place where there is one, and a remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from studio import Zipf, crash, duplicate, lose, storage_error
from studio.errors import StudioError
from studio.graph.system import System
from studio.simulation.campaign.campaigning import campaign
from studio.simulation.case import Case
from studio.simulation.counterexample.kept import load, replay
from studio.simulation.hunting.hunt import hunt
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.simulation.virtual import loop as loops
from studio.source.cell import cell_from_text
from studio.store import Log

CELLS = (
    """
    %%contracts shop
    class Order(Contract):
        id: str
    event($.Order.created, Order, key="id")
    """,
    """
    %%service Payment
    paid = service.collection("paid", Order, key="id")
    unused = service.collection("unused", Order, key="id")
    @service.on($.Order.created)
    async def pay(order: Order) -> None:
        await call($.Payment.keep, order)
    @service.operation($.Payment.keep)
    async def keep(order: Order) -> None:
        await paid.put(order)
    """,
    "%%scenario calm --duration 5s\nworkload($.Order.created, [Order(id='a')])",
)
Define = Callable[..., System]


def define(*cells: str) -> System:
    """Define cells in a system that has a shop already."""
    system = System()
    for cell in map(dedent, (*CELLS, *cells)):
        source = cell_from_text(cell.strip() + "\n")
        assert source is not None
        system.define(source)
    return system


def run(*cells: str, scenario: str = "calm", **options: Any) -> Run:
    return simulate(scenario, system=define(*cells), log=Log.memory(), keep=False, **options)


def refusal(act: Callable[[], object], code: str) -> StudioError:
    with pytest.raises(StudioError) as caught:
        act()
    error = caught.value
    assert error.code == code, str(error)
    assert error.remedy, "no remedy"
    assert str(error).startswith(f"{code}: ")
    return error


@pytest.mark.parametrize(
    ("fault", "near"),
    [
        (crash("Paiment"), "Payment"),
        (lose("Payment.kep"), "Payment.keep"),
        (duplicate("Order.craeted"), "Order.created"),
        (storage_error("Payment.payd"), "Payment.paid"),
        ({"kind": "crash", "target": "Payments"}, "Payment"),
    ],
)
def test_fault_on_what_does_not_exist_names_the_nearest(fault: Any, near: str) -> None:
    error = refusal(lambda: run(faults=[fault]), "STU522")
    assert f"Nearest: {near}" in str(error)


def test_fault_of_a_scenario_on_nobody_names_its_cell_and_line() -> None:
    storm = "%%scenario storm --duration 5s\nworkload($.Order.created, [Order(id='a')])\n\ncrash('Paymnet', at='1s')"
    error = refusal(lambda: run(storm, scenario="storm"), "STU522")
    assert str(error.where) == "scenario storm, line 3"
    assert "Nearest: Payment" in str(error)


@pytest.mark.parametrize("probability", [2, -0.1, float("nan"), "often"])
def test_probability_out_of_range_is_refused(probability: Any) -> None:
    error = refusal(lambda: lose("Payment.keep", probability=probability), "STU309")
    assert "probability" in str(error)


def test_probability_out_of_range_in_a_cell_names_the_line() -> None:
    cell = "%%scenario storm --duration 5s\nworkload($.Order.created, count=1)\nlose($.Payment.keep, probability=1.5)"
    error = refusal(lambda: define(cell), "STU309")
    assert str(error.where) == "scenario storm, line 2"


def test_exponent_out_of_range_is_refused() -> None:
    refusal(lambda: Zipf(-1), "STU302")


def test_invariant_whose_sql_fails_names_its_cell_and_line() -> None:
    wrong = "%%invariant wrong\n-- any row is a violation\nselect id\nfrom Payment.payd"
    error = refusal(lambda: run(wrong), "STU605")
    assert error.where is not None
    assert (error.where.cell, error.where.line) == ("invariant wrong", 3)


def test_invariant_whose_function_fails_names_its_cell_and_line() -> None:
    wrong = "%%invariant wrong --python\n@invariant\ndef wrong(run):\n    return run.collection('Payment.paid')[7]"
    error = refusal(lambda: run(wrong), "STU525")
    assert str(error.where) == "invariant wrong, line 3"


def test_invariant_that_never_sees_data_is_told_with_a_code_and_a_remedy() -> None:
    blind = "%%invariant blind\nselect id from Payment.unused"
    told = str(run(blind).summary())
    assert "✓ blind: held, but never saw data" in told
    assert "STU534: invariant=blind never saw data" in told
    assert "Let what it reads happen" in told
    assert "Never saw data: blind." in str(hunt("calm", system=define(blind), runs=3))


def test_scenario_that_never_converges_is_stopped_and_says_what_is_busy() -> None:
    ever = """
    %%service Ever
    import asyncio
    @service.on($.Order.created)
    async def retry(order: Order) -> None:
        while True:
            await asyncio.sleep(10)
    """
    long = "%%scenario long --duration 5s --converge 1m\nworkload($.Order.created, [Order(id='a')])"
    stopped = run(ever, long, scenario="long")
    assert stopped.status == "finished"
    assert 55 * 10**9 < stopped.end_ns <= 65 * 10**9
    (row,) = stopped.violations.filter(stopped.violations["invariant"] == "run_converges")["row"].to_list()
    assert "STU532: the run did not come to rest within converge=1m: " in row
    assert "Order.created" in row
    assert "Find what retries or waits for ever" in row


def test_endless_loop_is_stopped_with_the_authors_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    defaults: Any = loops.VirtualLoop.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "instant_steps_max", 3_000)
    spin = """
    %%service Spinner
    import asyncio
    @service.on($.Order.created)
    async def spin(order: Order) -> None:
        while True:
            await asyncio.sleep(0)
    """
    error = refusal(lambda: run(spin), "STU503")
    assert "3000 steps" in str(error)
    assert str(error.where) == "service Spinner, line 5"
    assert "in spin" in str(error)


def test_seeds_from_other_sources_are_refused(tmp_path: Path) -> None:
    broken = "%%invariant unpaid --eventually\nselect id from Payment.paid"
    found = campaign("calm", seeds=2, system=define(broken), log=Log.memory())
    file = found.save(tmp_path / "seeds.json")
    other = define(broken, "%%module more\nRATE = 1")
    error = refusal(lambda: campaign("calm", seeds=file, system=other, log=Log.memory()), "STU543")
    assert "--edited" in str(error)


@pytest.mark.parametrize("text", ["", "[]", '{"form": 9}', '{"form": 1, "case": {}}'])
def test_counterexample_that_is_none_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "kept.json").write_text(text)
    refusal(lambda: load(tmp_path / "kept.json"), "STU597")


def test_counterexample_that_nobody_kept_names_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "simulations").mkdir()
    (tmp_path / "simulations" / "paid_twice.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert "paid_twice" in str(refusal(lambda: replay("paid_twize", system=define()), "STU598"))


def test_case_of_a_scenario_that_is_gone_names_the_nearest() -> None:
    error = refusal(lambda: simulate(Case("clam"), system=define(), log=Log.memory()), "STU523")
    assert "Nearest: calm" in str(error)


def test_check_that_is_none_is_refused() -> None:
    refusal(lambda: define("%%scenario x --check sometimes"), "STU205")
    refusal(lambda: Case("calm", check="sometimes"), "STU531")  # type: ignore[arg-type] # that is what is tried
