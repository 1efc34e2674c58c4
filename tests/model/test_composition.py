"""Compositions: wires are checked when declared, and results have names and types."""

from __future__ import annotations

from typing import Any

import pytest

from studio.address import S
from studio.contract import Contract
from studio.errors import AmbiguousOperation, InvalidDeclaration, NotActing, UnknownMember, WireMismatch
from studio.model.composition import Failure, parallel, returns_of, route, sequence, when
from studio.model.handle import ServiceHandle, handle
from studio.model.service import Service


class Order(Contract):
    id: str
    total: int = 0


class Receipt(Contract):
    order_id: str


class Parcel(Contract):
    city: str


async def validate(order: Order) -> Order:
    return order


async def pay(order: Order) -> Receipt:
    return Receipt(order_id=order.id)


async def ship(parcel: Parcel) -> None: ...


def service(name: str, **operations: Any) -> ServiceHandle:
    """A service with these operations, as other services see it."""
    declared = Service(name)
    for each, function in operations.items():
        declared.operation(f"{name}.{each}")(function)
    return ServiceHandle(name, declared)


Validation, Payment = service("Validation", validate=validate), service("Payment", process=pay, refund=pay)
Shipment = service("Shipment", ship=ship)


def test_a_sequence_takes_what_its_first_stage_takes_and_gives_what_its_last_gives() -> None:
    flow = sequence(Validation.validate, Payment.process)
    assert (flow.takes, flow.returns) == (Order, Receipt)
    assert [label for label, _ in flow.stages()] == ["Validation.validate", "Payment.process"]


def test_a_service_stands_for_its_only_operation() -> None:
    assert next(label for label, _ in sequence(Validation, Payment.process).stages()) == "Validation.validate"


def test_a_service_with_several_operations_lists_them() -> None:
    with pytest.raises(AmbiguousOperation, match=r"STU305: service=Payment has 2(.|\n)*Name one: process, refund"):
        sequence(Validation, Payment)


def test_an_operation_that_is_not_there_lists_those_that_are() -> None:
    with pytest.raises(UnknownMember, match=r"STU304(.|\n)*process, refund"):
        sequence(Payment.charge)


@pytest.mark.parametrize(
    "compose", [lambda: sequence(Payment.process, Shipment), lambda: parallel(a=Payment.process, b=Shipment)]
)
def test_a_wire_that_does_not_fit_names_both_ends_and_the_field(compose: Any) -> None:
    with pytest.raises(WireMismatch, match=r"STU306(.|\n)*`city`(.|\n)*change one of the contracts"):
        compose()


def test_what_is_not_declared_yet_is_wired_all_the_same() -> None:
    flow = sequence(handle("Later").work, handle("Other"), Payment.process)
    assert flow.takes is Any


def test_parallel_results_are_named_and_typed() -> None:
    both = parallel(Validation, paid=Payment.process)
    assert {name: field.annotation for name, field in both.returns.model_fields.items()} == {
        "Validation": Order, "paid": Receipt,
    }  # fmt: skip


def test_collecting_leaves_room_for_failures() -> None:
    both = parallel(paid=Payment.process, on_error="collect")
    assert both.returns.model_fields["paid"].annotation == Receipt | Failure


def test_stages_of_the_same_name_are_asked_for_names() -> None:
    with pytest.raises(InvalidDeclaration, match="Name them: parallel"):
        parallel(Payment.process, Payment.process)


def test_a_route_gives_whatever_its_ways_give() -> None:
    routed = route(when(lambda order: order.total < 100, pay, label="basic"), otherwise=validate, input=Order)
    assert (routed.takes, routed.returns) == (Order, Receipt | Order)
    assert [label for label, _ in routed.stages()] == ["basic", "otherwise"]


def test_a_route_refuses_a_way_that_cannot_take_its_input() -> None:
    with pytest.raises(WireMismatch, match="composition=route"):
        route(when(lambda order: True, pay), otherwise=Shipment, input=Order)


def test_compositions_nest() -> None:
    inner = parallel(order=Validation, paid=Payment.process)
    assert returns_of(sequence(Validation, inner)) is inner.returns


@pytest.mark.parametrize(
    ("compose", "remedy"),
    [
        (sequence, "at least one stage"),
        (parallel, "Name them"),
        (route, "at least one when"),
        (lambda: sequence(42), "such as Payment.process"),
        (lambda: when(True, pay), "Give a function of the message"),  # type: ignore[arg-type]  # noqa: FBT003
        (lambda: route(when(lambda _: True, pay), when(lambda _: False, pay)), 'label="…" of its own'),
        (lambda: parallel(a=pay, on_error="ignore"), 'Use "cancel" or "collect"'),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_composition_is_refused_with_the_remedy(compose: Any, remedy: str) -> None:
    with pytest.raises(InvalidDeclaration, match=remedy):
        compose()


@pytest.mark.parametrize("callee", [Payment.process, Validation, sequence(pay), S.Payment.process])
def test_calling_outside_a_world_says_where_to_call(callee: Any) -> None:
    from studio.model.verbs import call

    with pytest.raises(NotActing, match=r"STU401(.|\n)*world\.send"):
        (call(callee, Order(id="1")) if callee == S.Payment.process else callee(Order(id="1"))).send(None)


def test_handles_of_one_service_are_equal() -> None:
    assert handle("Payment") == Payment
    assert len({handle("Payment"), Payment}) == 1
