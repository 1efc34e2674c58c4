"""Events, data, metrics, third parties, invariants: what they keep, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from studio.address import S
from studio.contract import Contract
from studio.errors import DuplicateMember, InvalidDeclaration, MissingSetting, NotActing
from studio.model.event import event
from studio.model.invariant import Invariant, invariant
from studio.model.service import Service
from studio.model.third_party import External, Request, Response
from studio.model.verbs import Secret, log, principal, setting
from studio.ports import ACTING


class Customer(Contract):
    id: str


class Order(Contract):
    id: str
    customer: Customer


class Acting:
    """Someone who acts, and writes down how."""

    def __init__(self) -> None:
        self.written: list[Any] = []

    def measure(self, *what: Any) -> None:
        self.written.append(what)

    def log(self, *what: Any) -> None:
        self.written.append(what)

    def append(self, *what: Any) -> None:
        self.written.append(what)

    def setting(self, name: str) -> str | None:
        return {"REGION": "eu"}.get(name)

    def secret(self, name: str) -> str | None:
        return self.setting(name)

    async def find(self, *what: Any, **options: Any) -> list[Any]:
        self.written.append((what, options))
        return []


@pytest.fixture
def actor() -> Iterator[Acting]:
    actor = Acting()
    token = ACTING.set(actor)  # type: ignore[arg-type]
    yield actor
    ACTING.reset(token)


@pytest.fixture
def service() -> Service:
    return Service("Inventory")


def test_an_events_key_reaches_inside() -> None:
    order = Order(id="order-1", customer=Customer(id="ada"))
    assert event(S.Order.created, Order, key="customer.id").key_of(order) == "ada"
    assert event(S.Order.created, Order).key_of(order) == ""


@pytest.mark.parametrize("key", ["number", "customer.name", "id.text"])
def test_an_events_key_is_a_field_of_its_contract(key: str) -> None:
    with pytest.raises(InvalidDeclaration, match=r"has no field(.|\n)*Name one of its fields"):
        event(S.Order.created, Order, key=key)


@pytest.mark.parametrize("options", [{"key": "number"}, {"key": "id", "unique": ["number"]}])
def test_a_collections_keys_are_fields_of_its_contract(service: Service, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidDeclaration, match=r"collection=Inventory\.orders(.|\n)*customer, id"):
        service.collection("orders", Order, **options)


def test_data_is_touched_in_handlers_only(service: Service) -> None:
    orders = service.collection("orders", Order, key="id")
    with pytest.raises(NotActing, match="STU401"):
        orders.get("order-1").send(None)


def test_a_query_asks_for_fields(service: Service, actor: Acting) -> None:
    query = service.collection("orders", Order, key="id").query(limit=5, id="order-1")
    with pytest.raises(StopIteration):
        query.send(None)
    assert actor.written == [(("orders", {"id": "order-1"}), {"limit": 5})]


def test_metrics_are_measured_with_all_their_labels(service: Service, actor: Acting) -> None:
    service.counter("requests_total", labels=["status"]).inc(status=200)
    service.gauge("stock").set(5)
    service.histogram("seconds", buckets=[0.1, 1]).observe(0.5)
    assert actor.written == [
        ("requests_total", "counter", '{"status": "200"}', 1.0),
        ("stock", "gauge", "", 5.0),
        ("seconds", "histogram", "", 0.5),
    ]


@pytest.mark.parametrize(
    ("use", "remedy"),
    [
        (lambda service: service.counter("a").inc(-1), "Declare it with service.gauge"),
        (lambda service: service.counter("a").set(1), r"Use \.inc\(\)"),
        (lambda service: service.summary("a").inc(1), r"Use \.observe\(\)"),
        (lambda service: service.counter("a", labels=["status"]).inc(), r"Give each of \['status'\]"),
    ],
)
def test_a_metric_is_used_as_what_it_is(service: Service, use: Any, remedy: str) -> None:
    with pytest.raises(InvalidDeclaration, match=remedy):
        use(service)


def test_a_stub_answers_routes_once_each() -> None:
    cards = External("cards")
    cards.post("/charges")(json.dumps)
    assert [(route.method, route.path) for route in cards.routes] == [("POST", "/charges")]
    with pytest.raises(DuplicateMember, match="route POST /charges"):
        cards.post("/charges")
    with pytest.raises(InvalidDeclaration, match='Write "/refunds"'):
        cards.post("refunds")


def test_a_ledger_takes_entries_of_its_contract(actor: Acting) -> None:
    External("cards").ledger(Customer).append(Customer(id="ada"))
    assert actor.written == [("ledger", b'{"id":"ada"}')]


def test_a_stub_reads_and_writes_json() -> None:
    request = Request("POST", "/charges", {}, {}, {}, b'{"amount": 5}')
    response = Response(201, json=Customer(id="ada"), headers={"x-id": "1"})
    assert request.json() == {"amount": 5}
    assert (response.status, response.body) == (201, b'{"id":"ada"}')
    assert response.headers == {"x-id": "1", "content-type": "application/json"}


@pytest.mark.usefixtures("actor")
def test_settings_and_secrets_are_read_when_used() -> None:
    assert (setting("REGION"), setting("ZONE", "a"), Secret("REGION").reveal()) == ("eu", "a", "eu")
    assert "eu" not in repr(Secret("REGION"))


@pytest.mark.usefixtures("actor")
@pytest.mark.parametrize("read", [lambda: setting("ZONE"), lambda: Secret("ZONE").reveal()])
def test_what_is_not_set_says_where_to_set_it(read: Any) -> None:
    with pytest.raises(MissingSetting, match=r"STU432: (setting|secret)=ZONE(.|\n)*in the environment"):
        read()


def test_log_lines_carry_fields(actor: Acting) -> None:
    log.info("reserved", sku="tea", quantity=2)
    assert actor.written == [("info", "reserved", '{"quantity": 2, "sku": "tea"}')]


def test_nobody_acts_outside_a_world() -> None:
    with pytest.raises(NotActing, match="STU401: principal"):
        principal()


def test_an_invariant_is_a_query_or_a_function() -> None:
    @invariant(mode="always")
    def never_negative(run: Any) -> list[Any]:
        """Stock is never negative."""
        return []

    assert (never_negative.name, never_negative.mode, never_negative.doc) == (
        "never_negative", "always", "Stock is never negative.",
    )  # fmt: skip
    assert Invariant("one", sql="select 1").mode == "always"


@pytest.mark.parametrize("wrong", [{}, {"sql": "  "}, {"sql": "select 1", "mode": "sometimes"}])
def test_an_invariant_without_a_question_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidDeclaration, match="STU302: invariant=one"):
        Invariant("one", **wrong)
