"""Services: what a declaration keeps, and what it refuses in the cell where it stands."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from studio.address import S
from studio.contract import Contract, ServiceError
from studio.errors import DuplicateMember, InvalidCron, InvalidDeclaration, InvalidDuration, UnknownMember
from studio.model.composition import sequence
from studio.model.declaring import gather
from studio.model.service import Health, Service


class Reserve(Contract):
    order_id: str


class Reservation(Contract):
    order_id: str


class OutOfStock(ServiceError):
    status = 409


async def reserve(request: Reserve) -> Reservation:
    """Reserve."""
    return Reservation(order_id=request.order_id)


async def two(request: Reserve, more: int) -> None: ...


def not_async(request: Reserve) -> None: ...


async def undeclared(request: Rezerve) -> None: ...  # type: ignore[name-defined]  # noqa: F821


async def generator(request: Reserve) -> AsyncIterator[int]:
    yield 1


async def not_a_wire_type(request: threading.Thread) -> None: ...


async def with_argument(day: str) -> None: ...


async def recount() -> None: ...


async def check() -> Health:
    return Health()


@pytest.fixture
def service() -> Service:
    return Service("Inventory", version="1.2.0", kind="command", replicas=2)


def test_an_operation_keeps_what_was_declared(service: Service) -> None:
    service.operation(S.Inventory.reserve, idempotent=True, raises=[OutOfStock], timeout="2s")(reserve)
    operation = service.operation_named("reserve")
    assert (operation.address, operation.takes, operation.returns) == ("Inventory.reserve", Reserve, Reservation)
    assert (operation.idempotent, operation.raises, operation.timeout_ns) == (True, (OutOfStock,), 2 * 10**9)


def test_a_decorator_leaves_the_function_as_it_is(service: Service) -> None:
    assert service.operation(S.Inventory.reserve)(reserve) is reserve


def test_declaring_hands_the_service_to_the_module_that_executes() -> None:
    with gather() as declarations:
        service = Service("Inventory")
    assert declarations.of(Service) == [service]


def test_a_composition_can_be_an_operation(service: Service) -> None:
    service.operation(S.Inventory.check_in)(sequence(reserve))
    assert service.operation_named("check_in").takes is Reserve


def test_a_subscription_takes_patterns(service: Service) -> None:
    service.on(S.Order.cancelled, "$.Order.*", "Payment.>")(reserve)
    assert service.subscriptions[0].patterns == ("Order.cancelled", "Order.*", "Payment.>")


def test_attributes_of_the_service_win_over_operations_of_the_same_name(service: Service) -> None:
    service.operation(S.Inventory.get)(reserve)
    service.operation(S.Inventory.reserve)(reserve)
    assert service.get("/stock")(recount) is recount
    assert repr(service.reserve) == "Inventory.reserve"


def test_a_missing_operation_is_an_absent_attribute_that_names_those_there_are(service: Service) -> None:
    service.operation(S.Inventory.reserve)(reserve)
    assert not hasattr(service, "release")
    with pytest.raises(UnknownMember, match=r"STU304(.|\n)*Its operations: reserve"):
        service.release  # noqa: B018


@pytest.mark.parametrize("handler", [two, not_async, generator])
def test_a_handler_is_async_and_takes_one_message(service: Service, handler: Any) -> None:
    with pytest.raises(InvalidDeclaration, match=r"STU302(.|\n)*async def name\(message: Contract\)"):
        service.operation(S.Inventory.reserve)(handler)


def test_an_annotation_that_names_nothing_is_found_when_declared(service: Service) -> None:
    with pytest.raises(InvalidDeclaration, match=r"names 'Rezerve'(.|\n)*%%contracts cell") as refused:
        service.operation(S.Inventory.reserve)(undeclared)
    assert refused.value.where is not None


def test_a_type_that_cannot_cross_a_wire_is_found_when_declared(service: Service) -> None:
    with pytest.raises(InvalidDeclaration, match="cannot cross a wire"):
        service.operation(S.Inventory.reserve)(not_a_wire_type)


def declared_twice(service: Service, what: str) -> None:
    """Declare one member twice."""
    for _ in range(2):
        match what:
            case "operation":
                service.operation(S.Inventory.reserve)(reserve)
            case "subscription":
                service.on(S.Order.created)(reserve)
            case "endpoint":
                service.get("/stock")(recount)
            case "job":
                service.job("0 0 * * *")(recount)
            case "collection":
                service.collection("stock", Reservation, key="order_id")
            case "metric":
                service.counter("requests_total")
            case "client":
                service.client("cards", base_url="https://cards.example")


@pytest.mark.parametrize("what", ["operation", "subscription", "endpoint", "job", "collection", "metric", "client"])
def test_nothing_is_declared_twice(service: Service, what: str) -> None:
    with pytest.raises(
        DuplicateMember, match=rf"STU303: service=Inventory declares {what}(.|\n)*another address or name"
    ):
        declared_twice(service, what)


def test_two_addresses_may_not_end_in_the_same_operation(service: Service) -> None:
    service.operation(S.Inventory.reserve)(reserve)
    with pytest.raises(DuplicateMember, match="STU303"):
        service.operation(S.Stock.reserve)(reserve)


@pytest.mark.parametrize("schedule", ["every day", "61 * * * *", "0 0 31 2 *"])
def test_an_impossible_schedule_is_refused_with_an_example(service: Service, schedule: str) -> None:
    with pytest.raises(InvalidCron, match=r'STU308(.|\n)*"0 3 \* \* \*"'):
        service.job(schedule)(recount)


def test_jobs_and_checks_take_nothing(service: Service) -> None:
    service.job("0 0 * * *")(recount)
    service.health(interval="30s")(check)
    assert (service.jobs[0].schedule, service.checks[0].interval_ns) == ("0 0 * * *", 30 * 10**9)
    with pytest.raises(InvalidDeclaration, match="without parameters"):
        service.job("0 0 * * *")(with_argument)


@pytest.mark.parametrize(
    "wrong",
    [{"name": "my service"}, {"name": ""}, {"kind": "lambda"}, {"replicas": 0}, {"concurrency": -1}, {"queue": -1}],
)
def test_an_impossible_service_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidDeclaration, match=r"STU302: service="):
        Service(**{"name": "Inventory", **wrong})


def test_a_path_begins_with_a_slash(service: Service) -> None:
    with pytest.raises(InvalidDeclaration, match='Write "/stock"'):
        service.get("stock")


def test_an_interval_is_a_duration(service: Service) -> None:
    with pytest.raises(InvalidDuration, match="STU301"):
        service.health(interval="often")
    with pytest.raises(InvalidDeclaration, match="is zero"):
        service.health(interval="0s")


def test_a_subscription_needs_an_address(service: Service) -> None:
    with pytest.raises(InvalidDeclaration, match="needs an address"):
        service.on()


def test_ticks_are_instants_of_utc() -> None:
    from studio.model.schedule import next_tick_ns

    noon = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    tick = next_tick_ns("0 0 * * *", int(noon.timestamp()) * 10**9)
    assert dt.datetime.fromtimestamp(tick / 10**9, tz=dt.UTC) == dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
