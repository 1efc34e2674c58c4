"""The HTTP application: what FastAPI users expect of endpoints, and the routes of operations and events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from studio.errors import InvalidDeclaration, RouteTwice
from studio.graph.system import System
from studio.runtime.application import Application
from studio.runtime.program import compile_program
from studio.simulation.world import World, world
from studio.source.cell import cell_from_text
from studio.store import Log

CONTRACTS = """%%contracts orders
from datetime import datetime

class Order(Contract):
    id: str
    at: datetime | None = None

class Reservation(Contract):
    order_id: str

class SoldOut(ServiceError):
    status = 409
    sku: str = ""

event($.Order.created, Order, key="id")
"""

INVENTORY = """%%service Inventory --version 1.2.0
import time
from datetime import datetime
from typing import Annotated

from fastapi import BackgroundTasks, Depends, Header, HTTPException, Response

seen = []
orders = service.collection("orders", Order, key="id")

@service.operation($.Inventory.reserve, idempotent=True, raises=[SoldOut])
async def reserve(order: Order) -> Reservation:
    if order.id == "none":
        raise SoldOut("nothing left", sku="tea")
    seen.append(order.id)
    return Reservation(order_id=f"{order.id} {len(seen)}")

@service.operation($.Inventory.fail)
async def fail(order: Order) -> Reservation:
    raise ValueError("a bug")

@service.operation($.Inventory.hang, timeout="1s")
async def hang(order: Order) -> Reservation:
    import asyncio
    await asyncio.sleep(60)

@service.get("/stock/{sku}")
async def stock(sku: str, limit: int = 10) -> list[Reservation]:
    return [Reservation(order_id=f"{sku} {limit}")]

@service.get("/stock/{sku}/history")
async def history(sku: str, since: datetime) -> dict[str, str]:
    return {"since": since.isoformat()}

@service.post("/orders", status_code=201)
async def create(order: Order, response: Response) -> Reservation:
    response.headers["Location"] = f"/orders/{order.id}"
    await publish($.Order.created, order)
    return await call($.Inventory.reserve, order)

@service.get("/missing")
async def missing() -> None:
    raise HTTPException(404, "no such thing")

@service.get("/sold-out")
async def sold_out() -> None:
    raise SoldOut("nothing left", sku="tea")

@service.get("/bug")
async def bug() -> None:
    raise ValueError("a secret of ours")

@service.get("/slow")
async def slow() -> Reservation:
    return await call($.Inventory.hang, Order(id="a"))

@service.get("/sync")
def sync(who: Annotated[str, Depends(lambda: "nobody")]) -> float:
    before = time.monotonic()
    time.sleep(2)
    return time.monotonic() - before

def opened():
    seen.append("open")
    yield len(seen)
    seen.append("closed")

class Page:
    def __init__(self, size: int = 5, x_user: Annotated[str, Header()] = "nobody"):
        self.size, self.user = size, x_user

@service.get("/injected", dependencies=[Depends(opened)])
async def injected(page: Annotated[Page, Depends()], count: int = Depends(opened)) -> dict[str, object]:
    return {"size": page.size, "user": page.user, "count": count}

@service.get("/seen")
async def what_was_seen() -> list[str]:
    return seen

@service.post("/later")
async def later(tasks: BackgroundTasks) -> None:
    tasks.add_task(seen.append, "later")

@service.get("/changes")
async def changes():
    async for order in stream($.Order.created):
        yield order
"""

Make = Callable[..., World]


def _system(*cells: str) -> System:
    system = System()
    for text in cells:
        source = cell_from_text(text)
        assert source is not None
        system.define(source)
    return system


@pytest.fixture(scope="module")
def system() -> System:
    return _system(CONTRACTS, INVENTORY)


@pytest.fixture
def shop(system: System) -> Iterator[World]:
    with world(seed=1, system=system, log=Log.memory()) as made:
        yield made


def test_parameters_are_taken_from_path_and_query_and_validated(shop: World) -> None:
    assert shop.http.get("/stock/tea?limit=3").json() == [{"order_id": "tea 3"}]
    refused = shop.http.get("/stock/tea", params={"limit": "many"})
    assert refused.status_code == 422
    assert refused.json()["code"] == "STU150"
    (problem,) = refused.json()["fields"]["problems"]
    assert (problem["field"], problem["value"]) == ("query.limit", "'many'")


@pytest.mark.parametrize(
    ("body", "reason"),
    [(b"{nope", "it is no JSON"), (b"\xff\xfe{", "it cannot be read"), (b"[" * 100_000, "it cannot be read")],
)
def test_a_body_that_is_no_json_is_refused_in_our_form(shop: World, body: bytes, reason: str) -> None:
    refused = shop.http.post("/orders", content=body, headers={"content-type": "application/json"})
    assert (refused.status_code, refused.json()["code"]) == (422, "STU150")
    (problem,) = refused.json()["fields"]["problems"]
    assert (problem["field"], problem["reason"][: len(reason)]) == ("body", reason)


@pytest.mark.parametrize("path", ["/orders", "/operations/Inventory.reserve"])
def test_a_body_that_is_too_long_is_refused_and_not_sent_back(shop: World, path: str) -> None:
    told = {"content-type": "application/json"}
    refused = shop.http.post(path, content=b'{"it": "' + b"x" * 9_000_000 + b'"}', headers=told)
    assert (refused.status_code, refused.json()["code"]) == (413, "STU453")
    wrong = shop.http.post(path, content=b'{"it": "' + b"x" * 1_000_000 + b'"}', headers=told)
    assert (wrong.status_code, len(wrong.content) < 1000) == (422, True)


def test_datetime_of_a_studio_cell_is_the_type_that_fastapi_knows(shop: World) -> None:
    answer = shop.http.get("/stock/tea/history", params={"since": "2026-02-03T04:05:06"})
    assert answer.json() == {"since": "2026-02-03T04:05:06"}


def test_body_status_and_headers_are_the_endpoints(shop: World) -> None:
    answer = shop.http.post("/orders", json={"id": "a"})
    assert (answer.status_code, answer.headers["location"], answer.json()) == (201, "/orders/a", {"order_id": "a 1"})


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/missing", 404, {"detail": "no such thing"}),
        ("/sold-out", 409, {"code": "SoldOut", "text": "nothing left", "fields": {"sku": "tea"}}),
        (
            "/slow",
            504,
            {"code": "STU410", "text": "address=Inventory.hang: no answer within 1 s", "fields": {}},
        ),
        ("/nowhere", 404, {"code": "STU451", "text": "nobody answers GET /nowhere", "fields": {}}),
        ("/orders", 405, {"code": "STU452", "text": "/orders does not answer GET", "fields": {}}),
    ],
)
def test_errors_have_a_status_and_a_code(shop: World, path: str, status: int, body: dict[str, Any]) -> None:
    answer = shop.http.get(path)
    assert (answer.status_code, answer.json()) == (status, body)


def test_an_unforeseen_error_is_told_by_type_and_recorded_with_its_text(shop: World) -> None:
    answer = shop.http.get("/bug")
    assert (answer.status_code, answer.json()["code"]) == (500, "STU454")
    assert "secret" not in answer.text
    span = shop.run.spans.filter(name="GET /bug").row(0, named=True)
    assert (span["kind"], span["status"], span["error"]) == ("http", "error", "ValueError")


def test_a_plain_function_sleeps_in_virtual_time(shop: World) -> None:
    assert shop.http.get("/sync").json() == 2.0


def test_dependencies_are_injected_once_and_closed(shop: World) -> None:
    answer = shop.http.get("/injected?size=7", headers={"X-User": "ada"})
    assert answer.json() == {"size": 7, "user": "ada", "count": 1}
    assert shop.http.get("/seen").json() == ["open", "closed"]


def test_background_tasks_run_after_the_response(shop: World) -> None:
    shop.http.post("/later")
    assert shop.http.get("/seen").json() == ["later"]


def test_endpoints_and_dependencies_are_those_of_the_incarnation_that_answers(shop: World) -> None:
    shop.http.get("/injected")
    shop.crash("Inventory", down_for="1s").advance("2s")
    assert shop.http.get("/seen").json() == []


def test_yielded_values_are_server_sent_events(shop: World) -> None:
    news = shop.http.stream("/changes")
    shop.advance("1s")
    for number in range(3):
        shop.http.post("/events/Order.created", json={"id": f"o{number}"})
    shop.settle("1s")
    assert [event["id"] for event in news.events] == ["o0", "o1", "o2"]


# -- operations and events ---------------------------------------------------------------------------------------------


def test_an_operation_answers_its_contract(shop: World) -> None:
    answer = shop.http.post("/operations/Inventory.reserve", json={"id": "a"})
    assert (answer.status_code, answer.json()) == (200, {"order_id": "a 1"})


@pytest.mark.parametrize(
    ("address", "body", "status", "code"),
    [
        ("Inventory.reserve", {"id": "none"}, 409, "SoldOut"),
        ("Inventory.reserve", {"it": "a"}, 422, "STU150"),
        ("Inventory.fail", {"id": "a"}, 500, "STU415"),
        ("Inventory.hang", {"id": "a"}, 504, "STU410"),
        ("Inventory.nothing", {"id": "a"}, 404, "STU430"),
        ("Inventory..reserve", {"id": "a"}, 404, "STU430"),
    ],
)
def test_an_operation_that_fails_says_how(shop: World, address: str, body: Any, status: int, code: str) -> None:
    answer = shop.http.post(f"/operations/{address}", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_body_that_is_no_json_is_refused(shop: World) -> None:
    answer = shop.http.post("/operations/Inventory.reserve", content=b"\xff{")
    assert (answer.status_code, answer.json()["code"]) == (422, "STU150")


def test_the_idempotency_key_header_makes_a_repetition_harmless(shop: World) -> None:
    def reserve(order: str) -> Any:
        headers = {"Idempotency-Key": "k1"}
        return shop.http.post("/operations/Inventory.reserve", json={"id": order}, headers=headers)

    assert reserve("a").json() == reserve("a").json() == {"order_id": "a 1"}
    assert (reserve("b").status_code, reserve("b").json()["code"]) == (409, "STU417")


def test_the_idempotency_key_reaches_what_an_endpoint_calls(shop: World) -> None:
    answers = [shop.http.post("/orders", json={"id": "a"}, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json() == {"order_id": "a 1"}


def test_an_event_is_accepted_and_stored(shop: World) -> None:
    answer = shop.http.post("/events/Order.created", json={"id": "a"})
    assert (answer.status_code, answer.json()["address"]) == (202, "Order.created")
    assert shop.run.events["address"].to_list() == ["Order.created"]


# -- routes and their description --------------------------------------------------------------------------------------


def test_two_services_cannot_answer_at_one_route() -> None:
    cells = [f'%%service {name}\n@service.get("/x/{{{name}}}")\nasync def x({name}: str) -> str: ...' for name in "AB"]
    with pytest.raises(RouteTwice, match="A and by B"):
        Application(compile_program(_system(*cells).build()))


@pytest.mark.parametrize("kind", ["Request", "asyncio.Queue"])
def test_an_endpoint_that_fastapi_cannot_read_is_refused_with_its_place(kind: str) -> None:
    cell = f"%%service A\nimport asyncio\n@service.get('/a')\nasync def a(request: {kind}) -> None: ..."
    with pytest.raises(InvalidDeclaration, match="endpoint=GET /a") as refused:
        Application(compile_program(_system(cell).build()))
    assert str(refused.value.where) == "service A, line 2"


def test_among_services_the_path_with_fewer_parameters_wins() -> None:
    first = '%%service A\n@service.get("/orders/{id}")\nasync def one(id: str) -> str: ...'
    second = '%%service B\n@service.get("/orders/summary")\nasync def summary() -> str: ...'
    routes = Application(compile_program(_system(first, second).build())).routes
    assert [routes.find("GET", path).owner for path in ("/orders/summary", "/orders/7")] == ["B", "A"]


def test_openapi_describes_endpoints_operations_and_events(system: System) -> None:
    described = Application(compile_program(system.build())).openapi(title="Shop", version="1.2.0")
    reserve = described["paths"]["/operations/Inventory.reserve"]["post"]
    assert {"200", "409", "422"} <= set(reserve["responses"])
    refusal = described["components"]["schemas"]["HTTPValidationError"]
    assert refusal["required"] == ["code", "text", "fields"]
    assert "202" in described["paths"]["/events/Order.created"]["post"]["responses"]
    sku, limit = described["paths"]["/stock/{sku}"]["get"]["parameters"]
    assert (sku["in"], limit["schema"]["default"]) == ("path", 10)
    again = Application(compile_program(system.build())).openapi(title="Shop", version="1.2.0")
    assert json.dumps(described) == json.dumps(again)
