"""A counterexample is a value: it survives JSON, needs no luck, and breaks its promise whenever it is run."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from studio.errors import InvalidCounterexample, NothingBroken
from studio.graph.system import Build
from studio.model.faults.network_faults import lose
from studio.simulation.case import Case
from studio.simulation.counterexample.counterexample import Counterexample
from studio.simulation.counterexample.kept import Kept, retry
from studio.simulation.counterexample.rerun import rows_of
from studio.simulation.promises.promised import PROMISES
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.store import Log


def test_counterexample_survives_json(found: Counterexample) -> None:
    assert Counterexample.from_json(found.as_json()) == found


def test_its_case_is_concrete(found: Counterexample) -> None:
    assert found.case.seed == 0
    assert found.case.sends is not None
    assert [sent.address for sent in found.case.sends] == ["Orders.place"]


def test_it_breaks_its_promise_again(found: Counterexample) -> None:
    assert rows_of(found.replay(), found.invariant) == found.rows


def test_it_says_what_was_promised_and_what_strikes_in_words(found: Counterexample) -> None:
    values = json.loads(found.as_json())
    assert values["faults"] == ["the 1st reply of cards is lost"]
    assert values["violations"] == [{"charges": 2, "order_id": "order-1"}]


def test_its_name_says_promise_and_fault(found: Counterexample) -> None:
    assert found.name == "one_charge_per_order_lose_reply_cards"


def test_a_promise_that_was_kept_is_no_counterexample(orders: Build, charged_twice: Run) -> None:
    assert charged_twice.case is not None
    with pytest.raises(NothingBroken, match="no_negative_stock"):
        Counterexample.of(orders, charged_twice.case, "no_negative_stock", charged_twice)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"form": 2}', '{"form": 1, "case": {}}'])
def test_text_that_is_no_counterexample_is_refused(text: str) -> None:
    with pytest.raises(InvalidCounterexample):
        Counterexample.from_json(text)


def test_the_build_is_no_part_of_the_value(found: Counterexample) -> None:
    assert replace(found, build=None) == found


def test_promises_of_our_own_are_told_in_our_words(orders: Build) -> None:
    run = simulate(Case("lost_reply", plan=(lose("Order.created"),)), system=orders, log=Log.memory())
    assert run.case is not None
    found = Counterexample.of(orders, run.case, "run_converges", run)
    assert found.promise == PROMISES["run_converges"].summary
    assert retry(Kept(found.name, found), orders).rows == found.rows
