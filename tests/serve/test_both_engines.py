"""One system, two engines: orders over HTTP have the same replies, end the same, and leave the same behind."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

import studio
from studio.graph.system import Build, System
from studio.ports import HttpRequest, HttpResponse
from studio.serve.environment import EnvironmentSettings
from studio.serve.server import Server, ServeSettings
from studio.serve.sqlite import SqliteStorage
from studio.source.directory import read

ADA = {"id": "ada", "name": "Ada", "email": "ada@example.com"}


def new(id_: str, sku: str = "tea", quantity: int = 1) -> dict[str, Any]:
    return {"id": id_, "customer": ADA, "items": [{"sku": sku, "quantity": quantity}]}


REQUESTS: list[tuple[str, str, Any]] = [
    *(("PUT", f"/stock/{sku}", {"sku": sku, "quantity": count}) for sku, count in [("tea", 12), ("kettle", 40)]),
    ("POST", "/orders", new("a", quantity=2)),
    ("POST", "/orders", new("a", quantity=2)),  # placed before: 409
    ("POST", "/orders", new("b", "coffee")),  # none in stock: undone
    ("POST", "/orders", new("c", "kettle", 13)),  # 507.00, which the provider declines: undone
    ("POST", "/orders", new("d", "kettle", 5)),  # express
    ("POST", "/orders", {"id": "e"}),  # 422
    ("POST", "/orders", new("f", quantity=0)),  # 422
    ("POST", "/quotes", new("q", "kettle", 9)),
    ("POST", "/operations/Inventory.check", {"id": "a"}),  # 422, with our code
    ("POST", "/operations/Payment.assess", {**new("g"), "total": "301.00"}),
    ("POST", "/operations/Inventory.reserve", {"order_id": "z", "items": [{"sku": "none", "quantity": 1}]}),
    ("POST", "/events/Order.nonsense.never", {}),  # 404
    ("GET", "/operations/Payment.assess", None),  # 405
    ("GET", "/orders/nobody", None),  # 404
    ("GET", "/nowhere", None),
]
ENDS = [("GET", f"/orders/{id_}", None) for id_ in "abcd"] + [
    ("GET", "/stock/tea", None),
    ("GET", "/stock/kettle", None),
]


class Outcome(NamedTuple):
    """What an engine made of the requests."""

    replies: list[tuple[int, Any]]
    ends: list[tuple[int, Any]]
    sagas: dict[str, str]
    documents: dict[str, list[dict[str, Any]]]
    charged: list[tuple[str, ...]]


@pytest.fixture(scope="module")
def orders(root: Path) -> Build:
    system = System()
    system.define_all(read(root / "simulations" / "orders"))
    return system.build()


def drawn_out(value: Any) -> Any:
    """Take out what is drawn, the same in no two runs."""
    if isinstance(value, dict):
        return {key: "drawn" if key in ("tracking", "charge_id") else drawn_out(each) for key, each in value.items()}
    if isinstance(value, list):
        return [drawn_out(each) for each in value]
    drawn = isinstance(value, str) and "parcel-" in value
    return value[: value.index("parcel-")] if drawn else value


def collections_of(build: Build) -> list[tuple[str, str]]:
    services = build.graph.services.values()
    return [(service.name, name) for service in services for name in service.collections]


# -- simulated --------------------------------------------------------------------------------------------------------


def simulated(build: Build) -> Outcome:
    with studio.world(seed=3, system=build, log=studio.Log.memory()) as world:

        def ask(method: str, path: str, body: Any) -> tuple[int, Any]:
            answer = world.http.request(method, path, json=body)
            return answer.status_code, answer.json()

        replies = [ask(*request) for request in REQUESTS]
        world.settle()
        ends = [ask(*request) for request in ENDS]
        found = {f"{owner}.{name}": world.collection(f"{owner}.{name}") for owner, name in collections_of(build)}
        sagas = {row["saga"]: row["state"] for row in world.sagas().iter_rows(named=True)}
        charged: list[tuple[str, ...]] = world.sql("select ledger, order_id from external order by at_ns").rows()
        return Outcome(replies, ends, sagas, drawn_out(found), charged)


# -- real -------------------------------------------------------------------------------------------------------------


class Provider:
    """The card provider behind the port Outbound, written anew: it declines what is above 500."""

    def __init__(self) -> None:
        self.charged: list[tuple[str, ...]] = []
        self._orders: dict[str, str] = {}

    async def send(self, request: HttpRequest, *, timeout_ns: int) -> HttpResponse:
        assert ("authorization", "Bearer not-a-key") in request.headers
        body = json.loads(request.body)
        if request.url == "https://cards.example/refunds":
            return self._refund(body["order_id"])
        if float(body["amount"]) > 500:
            return HttpResponse(402, (), b"{}")
        return self._charge(body["order_id"])

    def _refund(self, order: str) -> HttpResponse:
        """Refund what was charged for an order, which may be nothing."""
        charged = [id_ for id_, each in self._orders.items() if each == order]
        self.charged += [("refunds", self._orders.pop(id_)) for id_ in charged]
        return HttpResponse(201, (), b"{}")

    def _charge(self, order: str) -> HttpResponse:
        self.charged.append(("ledger", order))
        id_ = f"charge-{len(self.charged)}"
        self._orders[id_] = order
        return HttpResponse(201, (), json.dumps({"charge_id": id_}).encode())


async def served(build: Build, file: Path, provider: Provider) -> tuple[list[tuple[int, Any]], list[tuple[int, Any]]]:
    settings = EnvironmentSettings({"CARDS_KEY": "not-a-key"})
    wanted = ServeSettings(port=0, data=file, level="error")
    server = Server(build, wanted, environment=settings, outbound=provider, stream=io.StringIO())
    running = asyncio.create_task(server.run())
    await server.ready.wait()
    async with httpx.AsyncClient(base_url=server.url) as client:

        async def ask(method: str, path: str, body: Any) -> tuple[int, Any]:
            answer = await client.request(method, path, **({} if body is None else {"json": body}))
            return answer.status_code, answer.json()

        replies = [await ask(*request) for request in REQUESTS]
        while any(body["status"] == "accepted" for _, body in [await ask(*request) for request in ENDS[:4]]):
            pass
        ends = [await ask(*request) for request in ENDS]
    server.stop()
    await running
    return replies, ends


async def left_behind(build: Build, file: Path) -> tuple[dict[str, str], dict[str, list[dict[str, Any]]]]:
    """Return what a stopped server's file holds: instances by state, and every collection."""
    async with SqliteStorage(file) as storage:
        saga = await storage.find("OrderProcessing", "$instances")
        sagas = {document.key: json.loads(document.body)["state"] for document in saga}
        found = {
            f"{owner}.{name}": [json.loads(document.body) for document in await storage.find(owner, name)]
            for owner, name in collections_of(build)
        }
    return sagas, found


async def real(build: Build, file: Path) -> Outcome:
    provider = Provider()
    async with asyncio.timeout(60):
        replies, ends = await served(build, file, provider)
        sagas, found = await left_behind(build, file)
    return Outcome(replies, ends, sagas, drawn_out(found), list(provider.charged))


# -- together ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def outcomes(orders: Build, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Outcome]:
    return simulated(orders), asyncio.run(real(orders, tmp_path_factory.mktemp("real") / "orders.sqlite"))


def test_the_requests_try_what_can_happen(outcomes: tuple[Outcome, Outcome]) -> None:
    statuses = [status for status, _ in outcomes[0].replies]
    assert {200, 201, 404, 405, 409, 422} <= set(statuses)
    assert [body.get("status") for _, body in outcomes[0].ends[:4]] == [
        "completed", "cancelled", "cancelled", "completed",
    ]  # fmt: skip
    assert all(outcomes[0].documents[name] for name in ("Payment.receipts", "Shipment.parcels", "Email.sent"))


@pytest.mark.parametrize("aspect", Outcome._fields)
def test_both_engines_agree(outcomes: tuple[Outcome, Outcome], aspect: str) -> None:
    in_simulation, for_real = (getattr(outcome, aspect) for outcome in outcomes)
    if aspect == "charged":  # the sagas of different orders pass one another
        in_simulation, for_real = sorted(in_simulation), sorted(for_real)
    assert for_real == in_simulation
