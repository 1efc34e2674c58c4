"""Scenarios: what is declared after one is added to it, in a cell, a gathered module or a plain one."""

from __future__ import annotations

import types
from collections.abc import Iterator

import pytest

from studio import crash, lose
from studio.address import S
from studio.contract import Contract
from studio.errors import InvalidDeclaration, InvalidDuration, InvalidWorkload, UnknownBus
from studio.model.declaring import Declarations, gather
from studio.model.distribution import Exponential, Zipf
from studio.model.faults.process_faults import Crash
from studio.model.scenario import Given, Scenario, given, network, service_time, workload


class Order(Contract):
    id: str


@pytest.fixture
def declarations() -> Iterator[Declarations]:
    with gather() as declarations:
        yield declarations


def test_a_scenario_gathers_what_follows_it(declarations: Declarations) -> None:
    scenario = Scenario("payment_outage", duration="10m")
    given("Inventory.stock", [Order(id="tea")])
    workload(S.Order.created, rate_per_s=20, like=Order, skew={"customer.id": Zipf(1.1)}, total=5)
    service_time(S.Payment.process, Exponential("40ms"))
    network("2ms")
    crash("Payment", at="2m", down_for="30s")
    assert declarations.of(Scenario) == [scenario]
    assert scenario.givens == [Given("Inventory.stock", (Order(id="tea"),))]
    assert scenario.faults == [Crash("Payment", 120 * 10**9, down_ns=30 * 10**9)]
    assert scenario.workloads[0].skew == (("customer.id", Zipf(1.1)),)
    assert scenario.workloads[0].changes == (("total", 5),)
    assert scenario.workloads[0].until_ns == 600 * 10**9
    assert scenario.network.quantile_ns(0.0) == 2_000_000


def test_a_second_scenario_takes_over(declarations: Declarations) -> None:
    first, second = Scenario("calm"), Scenario("stormy")
    lose(S.Order.created)
    assert (len(first.faults), len(second.faults)) == (0, 1)
    assert declarations.scenario is second


def test_a_plain_module_adds_to_what_it_calls_scenario() -> None:
    module = types.ModuleType("plain")
    body = "scenario = Scenario('calm')\ngiven('Inventory.stock', [])\nlose('Order.created')\nnetwork('3ms')"
    vars(module).update(Scenario=Scenario, given=given, lose=lose, network=network)
    exec(compile(body, "plain.py", "exec"), vars(module))  # noqa: S102 - a module without a file
    assert len(module.scenario.givens) == len(module.scenario.faults) == 1


def test_a_fault_outside_a_scenario_is_just_a_value() -> None:
    scenario = Scenario("calm")
    assert lose(S.Order.created).kind == "lose"
    assert scenario.faults == []


def test_a_setting_is_given_as_text(declarations: Declarations) -> None:
    scenario = Scenario("calm")
    given("CARDS_KEY", "secret")
    assert scenario.givens == [Given("CARDS_KEY", ("secret",))]
    assert declarations.items == [scenario]


def test_without_a_scenario_the_remedy_says_where_one_belongs() -> None:
    with pytest.raises(InvalidDeclaration, match=r"STU302: given(.|\n)*%%scenario cell, or after `scenario ="):
        given("Inventory.stock", [])


@pytest.mark.usefixtures("declarations")
def test_a_workload_needs_messages_or_a_rate() -> None:
    Scenario("calm")
    with pytest.raises(InvalidWorkload, match=r"STU581: workload(.|\n)*rate_per_s"):
        workload(S.Order.created)


@pytest.mark.usefixtures("declarations")
def test_an_unknown_arrival_process_is_refused() -> None:
    Scenario("calm")
    with pytest.raises(InvalidWorkload, match="Use one of poisson, fixed, bursty"):
        workload(S.Order.created, rate_per_s=1, arrivals="weekly")  # type: ignore[arg-type]


def test_an_unreadable_duration_or_bus_is_refused() -> None:
    with pytest.raises(InvalidDuration, match="STU301"):
        Scenario("calm", duration="soon")
    with pytest.raises(UnknownBus, match=r"scenario=calm: bus=pigeon(.|\n)*rabbitmq"):
        Scenario("calm", bus="pigeon")
