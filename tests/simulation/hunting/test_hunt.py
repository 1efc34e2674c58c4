"""The whole hunt: bugs of one and of two faults are found and shrunk, sound systems survive, budgets hold."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from studio.errors import InvalidBudget, NothingToHunt, UnknownFaultKind, UnknownInvariant, UnknownScenario
from studio.graph.system import Build, System
from studio.simulation.current import latest, set_latest
from studio.simulation.hunting.hunt import hunt
from studio.simulation.hunting.trials import HuntProgress
from studio.source.directory import read

Cells = tuple[str, ...]


def kinds_of(found: Any) -> list[str]:
    assert found.counterexample is not None
    return sorted(fault.kind for fault in found.counterexample.plan)


def test_bug_of_one_fault_is_found_within_few_runs_and_shrunk(naive: Build) -> None:
    found = hunt("calm", system=naive, runs=60)
    assert found.counterexample is not None
    assert found.counterexample.invariant == "billed_once"
    assert len(found.counterexample.plan) == 1
    (sent,) = found.counterexample.case.sends or ()
    assert (sent.at_ns, sent.body) == (0, '{"id":"a","amount":0}')
    assert found.runs < 20


def test_counterexample_breaks_the_promise_again(naive: Build) -> None:
    found = hunt("calm", system=naive, runs=60).counterexample
    assert found is not None
    assert "billed_once" in found.replay().violations["invariant"].to_list()


def test_bug_that_takes_two_faults_is_found_where_the_first_reveals_the_second_place(spare: Build) -> None:
    found = hunt("calm", system=spare, runs=200, kinds=["lose"])
    assert kinds_of(found) == ["lose", "lose"]
    assert [fault.target for fault in found.counterexample.plan] == ["First.charge", "Spare.charge"]  # type: ignore[union-attr]


def test_sound_system_survives_and_the_verdict_says_what_that_rests_on(sound: Build) -> None:
    found = hunt("calm", system=sound, runs=30)
    assert found.counterexample is None
    told = str(found)
    assert told.startswith("Held: no promise of calm was broken. That is no proof.")
    assert "single faults" in told
    assert "Not modelled: overload" in told


def test_simpler_message_that_its_contract_refuses_is_left_out(build_from: Callable[..., Build]) -> None:
    contract = "class Basket(Contract):\n    id: str\n    lines: list[str]\nevent($.Basket.full, Basket, key='id')"
    cells = (
        f"%%contracts basket\n{contract}",
        "%%service Packer\n@service.on($.Basket.full)\nasync def pack(basket: Basket) -> None: ...",
        "%%scenario calm --duration 5s\nworkload($.Basket.full, [Basket(id='a', lines=['x'])])",
        "%%invariant nothing_is_packed\nselect message from messages where json_array_length(body, '$.lines') > 0",
    )
    (found,) = hunt("calm", system=build_from(*cells), runs=20).counterexamples
    (sent,) = found.case.sends or ()
    assert '"lines":["' in sent.body


def test_promise_broken_without_faults_says_so(build_from: Callable[..., Build]) -> None:
    broken = "%%invariant nothing_happens\nselect message from messages"
    found = hunt("calm", system=build_from("%%service Idle", NAIVE_SCENARIO, broken, LISTENER), runs=10)
    assert found.counterexample is not None
    assert found.counterexample.plan == ()
    assert "without any fault" in str(found)
    assert found.runs == 1


NAIVE_SCENARIO = '%%scenario calm\nworkload($.Thing.made, [Thing(id="a"), Thing(id="b")])'
LISTENER = "%%service Ear\n@service.on($.Thing.made)\nasync def hear(thing: Thing) -> None:\n    pass"


def test_budget_in_runs_is_kept_also_at_random(sound: Build) -> None:
    told: list[HuntProgress] = []
    found = hunt("calm", system=sound, runs=25, kinds=["lose"], progress=told.append)
    assert found.runs <= 25
    assert found.shrinking_runs == 0
    assert [each.runs for each in told] == list(range(1, found.runs + 1))
    assert found.coverage.random > 0


@pytest.mark.slow
def test_search_goes_on_for_every_promise_when_asked(build_from: Callable[..., Build], naive_cells: Cells) -> None:
    second = '%%invariant few_bills\nselect 1 from (select count(*) as n from "Biller.bills") where n > 3'
    build = build_from(*naive_cells, second)
    found = hunt("calm", system=build, runs=30, every=True, kinds=["duplicate"])
    assert {each.invariant for each in found.counterexamples} >= {"billed_once", "few_bills"}


def test_only_the_kinds_and_promises_that_are_asked_for_count(naive: Build) -> None:
    assert kinds_of(hunt("calm", system=naive, runs=30, kinds=["duplicate"])) == ["duplicate"]
    assert kinds_of(hunt("calm", system=naive, runs=30, invariants=["billed_once"]))


def test_interrupt_returns_what_is_known(sound: Build) -> None:
    def stop(progress: HuntProgress) -> None:
        if progress.runs == 5:
            raise KeyboardInterrupt

    found = hunt("calm", system=sound, runs=50, progress=stop)
    assert found.is_interrupted
    assert found.runs == 5
    assert "Stopped by hand" in str(found)


def test_what_was_run_last_stays_what_it_was(naive: Build) -> None:
    set_latest(None)
    hunt("calm", system=naive, runs=5)
    assert latest() is None


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"runs": 0}, InvalidBudget, "runs=0"),
        ({"duration": "0s"}, InvalidBudget, "duration=0s"),
        ({"kinds": ["los"]}, UnknownFaultKind, "lose"),
        ({"invariants": ["billed_ones"]}, UnknownInvariant, "billed_once"),
    ],
)
def test_wrong_options_are_refused_with_the_nearest(
    naive: Build, options: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        hunt("calm", system=naive, **options)


def test_scenario_without_work_is_refused(build_from: Callable[..., Build]) -> None:
    build = build_from("%%service Idle", "%%scenario empty", "%%invariant none\nselect message from messages")
    with pytest.raises(NothingToHunt, match="workload"):
        hunt("empty", system=build)
    with pytest.raises(UnknownScenario, match="empty"):
        hunt("emty", system=build)


def test_lost_reply_of_orders_is_found_from_the_calm_scenario(root: Path) -> None:
    system = System()
    system.define_all(read(root / "simulations" / "orders"))
    found = hunt("calm", system=system, runs=200)
    assert found.counterexample is not None
    assert found.counterexample.invariant == "one_charge_per_order"
    (fault,) = found.counterexample.plan
    assert (fault.kind, fault.target, fault.occurrence) == ("lose", "cards", 1)
    assert len(found.counterexample.case.sends or ()) == 1


SCRIPT = """
from tests.simulation.conftest import system_of
from tests.simulation.hunting.conftest import NAIVE, SPARE
from studio.simulation.hunting.hunt import hunt
for cells, runs in ((NAIVE, 20), (SPARE, 30)):
    told = []
    found = hunt("calm", system=system_of(*cells), runs=runs, kinds=["lose"], progress=told.append, seed=3)
    print(found.runs, [(each.runs, each.phase) for each in told][-1], found.coverage.kinds, len(found.covered))
    print([each.case.as_json() for each in found.counterexamples])
"""


def test_equal_seeds_give_equal_hunts_in_other_processes(root: Path) -> None:
    runs = [
        subprocess.run([sys.executable, "-c", SCRIPT], cwd=root, env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
                       capture_output=True, text=True, check=True)
        for seed in ("1", "2")
    ]  # fmt: skip
    assert runs[0].stdout == runs[1].stdout
    assert '"scenario": "calm"' in runs[0].stdout
