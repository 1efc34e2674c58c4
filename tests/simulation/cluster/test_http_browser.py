"""A client outside the system: legs, faults on the service, crashes, timeouts, and what is recorded of a request."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from studio import crash_at, down, latency, lose
from studio.graph.system import System
from studio.simulation.world import World, world
from studio.source.cell import cell_from_text
from studio.store import Log

CELLS = (
    """%%contracts orders
class Order(Contract):
    id: str

event($.Order.created, Order, key="id")
""",
    """%%service Orders --replicas 2 --concurrency 1 --queue 0
import uuid

ran = service.counter("ran_total")
orders = service.collection("orders", Order, key="id")

@service.post("/orders")
async def create(order: Order) -> dict[str, str]:
    await orders.insert(order)
    return {"number": str(uuid.uuid4())}

@service.get("/orders/{id}")
async def show(id: str) -> Order | None:
    return await orders.get(id)

@service.get("/changes")
async def changes():
    async for order in stream($.Order.created):
        yield order
""",
)


@pytest.fixture(scope="module")
def system() -> System:
    system = System()
    for text in CELLS:
        source = cell_from_text(text)
        assert source is not None
        system.define(source)
    return system


@pytest.fixture
def shop(system: System) -> Iterator[World]:
    with world(seed=3, system=system, log=Log.memory()) as made:
        yield made


def test_a_request_takes_a_leg_there_and_a_leg_back(shop: World) -> None:
    shop.http.get("/orders/a")
    assert shop.now == "2 ms"
    shop.inject(latency("Orders", "10ms", leg="reply"))
    shop.http.get("/orders/a")
    assert shop.now == "14 ms"


def test_a_request_is_recorded_with_the_path_that_was_asked_for(shop: World) -> None:
    shop.http.post("/orders?by=ada", json={"id": "a"})
    message = shop.run.messages.row(0, named=True)
    expected = {"kind": "http", "address": "POST /orders", "key": "/orders?by=ada", "sender": "world"}
    assert {name: message[name] for name in expected} == expected
    assert shop.run.deliveries["outcome"].to_list() == ["delivered", "replied"]
    assert shop.run.spans["name"].to_list() == ["POST /orders"]


def test_replicas_take_turns(shop: World) -> None:
    for _ in range(2):
        shop.http.get("/orders/a")
    assert sorted(shop.run.spans["replica"].to_list()) == [1, 2]


def test_a_service_that_is_down_refuses_the_connection(shop: World) -> None:
    shop.inject(down("Orders"))
    with pytest.raises(httpx.ConnectError):
        shop.http.get("/orders/a")
    assert shop.run.spans.is_empty()


def test_without_a_running_replica_nothing_has_run(shop: World) -> None:
    shop.crash("Orders", replica=1).crash("Orders", replica=2)
    with pytest.raises(httpx.ConnectError):
        shop.http.post("/orders", json={"id": "a"})
    assert shop.collection("Orders.orders") == []


def test_a_lost_request_times_out_and_has_not_run(shop: World) -> None:
    shop.inject(lose("Orders", leg="request"))
    with pytest.raises(httpx.ReadTimeout):
        shop.http.post("/orders", json={"id": "a"})
    assert (shop.now, shop.collection("Orders.orders")) == ("30 s", [])


def test_a_lost_response_times_out_and_has_run(shop: World) -> None:
    shop.inject(lose("Orders", leg="reply"))
    with pytest.raises(httpx.ReadTimeout):
        shop.http.post("/orders", json={"id": "a"}, timeout="5s")
    assert (shop.now, len(shop.collection("Orders.orders"))) == ("5 s", 1)


def test_a_crash_before_the_response_leaves_the_client_waiting(shop: World) -> None:
    shop.inject(crash_at("before-acknowledge", "Orders", occurrence=1))
    with pytest.raises(httpx.ReadTimeout):
        shop.http.post("/orders", json={"id": "a"})
    assert len(shop.collection("Orders.orders")) == 1
    assert "crashed" in shop.run.spans["status"].to_list()


def test_a_full_queue_refuses_and_says_when_to_come_again(shop: World) -> None:
    first, second = shop.http.stream("/changes"), shop.http.stream("/changes")
    shop.advance("1s")
    answer = shop.http.get("/orders/a")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "STU414", "1")
    for open_stream in (first, second):
        open_stream.close()
    shop.advance("1s")
    assert shop.http.get("/orders/a").status_code == 200


def test_a_world_with_an_open_stream_comes_to_rest(shop: World) -> None:
    news = shop.http.stream("/changes")
    shop.settle()
    assert (shop.now, news.status_code) == ("2 ms", 200)


def test_equal_requests_in_equal_worlds_give_equal_records(system: System) -> None:
    def play() -> tuple[str, str]:
        with world(seed=9, system=system, log=Log.memory()) as made:
            number = made.http.post("/orders", json={"id": "a"}, headers={"Idempotency-Key": "k"}).text
            made.http.post("/events/Order.created", json={"id": "a"})
        return number, made.run.sha256

    assert play() == play()
