"""A case is a value: it survives JSON, and stands for the same run as the scenario that it was taken from."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio import crash, lose
from studio.errors import InvalidCase
from studio.graph.system import Build, System
from studio.simulation.case import Case, Sent
from studio.simulation.logbook import case_of, set_default_log
from studio.simulation.simulate import simulate
from studio.source.directory import read
from studio.store import Log


@pytest.fixture(scope="module")
def orders(root: Path) -> Build:
    system = System()
    system.define_all(read(root / "simulations" / "orders"))
    return system.build()


def test_case_survives_json() -> None:
    plan = (lose("cards", leg="reply", occurrence=1), crash("Payment", at="2s"))
    case = Case("lost_reply", 7, plan, (Sent(5, "Orders.place", "{}"),), 30, "jetstream")
    assert Case.from_json(case.as_json()) == case


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"form": 2}', '{"form": 1, "plan": [{"kind": "rain"}]}'])
def test_text_that_is_no_case_is_refused(text: str) -> None:
    with pytest.raises(InvalidCase):
        Case.from_json(text)


def test_a_runs_own_case_gives_the_same_run_again(orders: Build) -> None:
    run = simulate("lost_reply", seed=3, system=orders, log=Log.memory())
    assert run.case is not None
    again = simulate(Case.from_json(run.case.as_json()), system=orders, log=Log.memory())
    assert again.sha256 == run.sha256


def test_messages_that_were_sent_can_be_sent_again(orders: Build) -> None:
    run = simulate("lost_reply", system=orders, log=Log.memory())
    rows = run.sql("select at_ns, address, body from messages where sender = 'world' order by seq").iter_rows()
    sends = tuple(Sent(*row) for row in rows)
    again = simulate(Case("lost_reply", plan=run.plan, sends=sends), system=orders, log=Log.memory())
    assert again.sha256 == run.sha256


def test_message_that_fits_no_contract_any_more_is_refused(orders: Build) -> None:
    with pytest.raises(InvalidCase, match=r"Orders\.place"):
        simulate(Case("lost_reply", sends=(Sent(0, "Orders.place", "{}"),)), system=orders, log=Log.memory())


def test_a_recorded_run_can_be_repeated_from_its_log(orders: Build, tmp_path: Path) -> None:
    set_default_log(tmp_path / "studio.duckdb")
    try:
        run = simulate("lost_reply", seed=3, system=orders)
        case = case_of(run.number)
    finally:
        set_default_log(None)
    assert case == run.case
