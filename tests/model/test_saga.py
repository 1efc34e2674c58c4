"""Sagas: order of kinds, what a step may ask for, what undoes it."""

from __future__ import annotations

from typing import Any

import pytest

from studio.address import S
from studio.contract import Contract
from studio.errors import DuplicateMember, InvalidDeclaration, StepAfterPivot
from studio.model.composition import sequence
from studio.model.policy import Retry
from studio.model.saga import Saga


class Order(Contract):
    id: str


class Reservation(Contract):
    order_id: str


class Receipt(Contract):
    order_id: str


async def reserve(order: Order) -> Reservation: ...  # type: ignore[empty-body]
async def pay(order: Order, reserve: Reservation) -> Receipt: ...  # type: ignore[empty-body]
async def ship(order: Order) -> None: ...
async def release(order: Order, done: Reservation | None) -> None: ...
async def refund(order: Order, reserve: Reservation, done: Receipt | None) -> None: ...


async def recall(order: Order, done: None) -> None: ...
async def early(order: Order, ship: None) -> None: ...
async def wrong_type(order: Order, reserve: Receipt) -> None: ...
async def other_message(order: Receipt) -> None: ...
def not_async(order: Order) -> None: ...
async def no_message() -> None: ...
async def certain(order: Order, done: Reservation) -> None: ...
async def other_done(order: Order, done: Receipt | None) -> None: ...


@pytest.fixture
def saga() -> Saga:
    return Saga("OrderProcessing", on=S.Order.created, completed=S.Order.completed)


def test_steps_keep_their_order_inputs_and_types(saga: Saga) -> None:
    saga.step(retry=Retry(attempts=5), timeout="5s")(reserve)
    saga.step(pay)
    assert [step.name for step in saga.steps] == ["reserve", "pay"]
    assert (saga.steps[1].inputs, saga.steps[1].returns) == (("reserve",), Receipt)
    assert (saga.steps[0].retry.attempts, saga.steps[0].timeout_ns) == (5, 5 * 10**9)
    assert saga.takes is Order


def test_addresses_are_kept_in_wire_form(saga: Saga) -> None:
    assert (saga.on, saga.completed, saga.failed) == ("Order.created", "Order.completed", "")


def test_a_compensation_may_ask_for_earlier_results_and_its_own(saga: Saga) -> None:
    saga.step(reserve)
    paid = saga.step(pay)
    assert paid.compensation(refund) is refund
    assert paid.compensated_by is not None
    assert (paid.compensated_by.inputs, paid.compensated_by.done) == (("reserve",), "done")


def test_what_undoes_a_step_without_a_result_gets_none(saga: Saga) -> None:
    step = saga.step(ship)
    step.compensation(recall)
    assert step.compensated_by is not None


def test_steps_of_one_group_run_at_once(saga: Saga) -> None:
    saga.step(reserve)
    saga.step(group="last")(pay)
    saga.step(group="last")(ship)
    assert [[step.name for step in group] for group in saga.groups] == [["reserve"], ["pay", "ship"]]


def test_a_step_may_not_ask_for_what_runs_beside_it(saga: Saga) -> None:
    saga.step(group="both")(reserve)
    with pytest.raises(InvalidDeclaration, match="'reserve' is no earlier step"):
        saga.step(group="both")(pay)


def test_a_composition_is_a_step(saga: Saga) -> None:
    saga.step(sequence(reserve), name="reserve")
    saga.step(pay)
    assert saga.steps[0].returns is Reservation


def test_a_composition_without_a_name_is_asked_for_one(saga: Saga) -> None:
    with pytest.raises(InvalidDeclaration, match='name="order_flow"'):
        saga.step(sequence(reserve))


def test_nothing_compensatable_comes_after_the_pivot(saga: Saga) -> None:
    saga.step(reserve)
    saga.step(kind="pivot")(pay)
    with pytest.raises(StepAfterPivot, match=r'STU307(.|\n)*Move it before pay, or declare it `kind="retriable"`'):
        saga.step(ship)


def test_what_is_retried_for_ever_comes_last(saga: Saga) -> None:
    saga.step(kind="retriable")(ship)
    with pytest.raises(InvalidDeclaration, match="comes after a retriable step"):
        saga.step(reserve)


def test_there_is_one_pivot_and_it_runs_alone(saga: Saga) -> None:
    with pytest.raises(InvalidDeclaration, match="a pivot runs alone"):
        saga.step(kind="pivot", group="both")(reserve)
    saga.step(kind="pivot")(reserve)
    with pytest.raises(InvalidDeclaration, match="second pivot"):
        saga.step(kind="pivot")(pay)


@pytest.mark.parametrize("kind", ["pivot", "retriable"])
def test_only_a_compensatable_step_is_undone(saga: Saga, kind: Any) -> None:
    step = saga.step(kind=kind)(reserve)
    with pytest.raises(InvalidDeclaration, match=rf"a {kind} step is never undone"):
        step.compensation(release)


def test_a_step_is_undone_by_one_compensation(saga: Saga) -> None:
    step = saga.step(reserve)
    step.compensation(release)
    with pytest.raises(DuplicateMember, match="compensation of reserve"):
        step.compensation(release)


@pytest.mark.parametrize(
    ("compensation", "reason"),
    [(certain, "annotate `done: … | None`"), (other_done, r"done: Reservation \| None"),
     (not_async, "is not `async def`"),
     (early, "'ship' is no earlier step"), (other_message, "takes Receipt, earlier steps take Order")],
)  # fmt: skip
def test_a_compensation_that_does_not_fit_is_refused(saga: Saga, compensation: Any, reason: str) -> None:
    step = saga.step(reserve)
    saga.step(ship)
    with pytest.raises(InvalidDeclaration, match=reason):
        step.compensation(compensation)


@pytest.mark.parametrize(
    ("function", "reason"),
    [(early, "'ship' is no earlier step"), (wrong_type, "reserve is Receipt, that step returns Reservation"),
     (other_message, "takes Receipt, earlier steps take Order"), (not_async, "is not `async def`"),
     (no_message, "is not `async def`"), (S.Order.created, "neither a function nor a composition")],
)  # fmt: skip
def test_a_step_that_does_not_fit_is_refused(saga: Saga, function: Any, reason: str) -> None:
    saga.step(reserve)
    with pytest.raises(InvalidDeclaration, match=rf"STU302: saga=OrderProcessing(.|\n)*{reason}"):
        saga.step(name="next")(function)


def test_two_steps_have_two_names(saga: Saga) -> None:
    saga.step(reserve)
    with pytest.raises(DuplicateMember, match="STU303"):
        saga.step(reserve)


def test_a_saga_needs_an_event_to_start_it() -> None:
    with pytest.raises(InvalidDeclaration, match=r"--on \$\.Order\.created"):
        Saga("OrderProcessing")


def test_equal_sagas_are_equal_values() -> None:
    one, other = (Saga("OrderProcessing", on=S.Order.created) for _ in range(2))
    one.step(reserve)
    other.step(reserve)
    assert one == other
