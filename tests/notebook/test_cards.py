"""The text form of every card, and what holds for the HTML of each."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from studio.notebook.cards.card import Box, Card, Chain, Flow, Lines, Span, Table, code, words
from studio.notebook.cards.service_card import service_card
from tests.notebook.conftest import INVENTORY, SAGA, SHOP

if TYPE_CHECKING:
    from tests.notebook.conftest import Notebook

PAYMENT = '''%%service Payment --kind command --replicas 3
"""Takes money."""
seen = service.collection("seen", Reservation, key="order_id")
cards = service.client("cards", base_url="https://cards.example", auth=Secret("CARDS_KEY"))
charged = service.counter("charged_total", labels=["status"])

@service.operation($.Payment.process, transactional=True, timeout="2s")
async def process(order: Order) -> None:
    await Inventory.reserve(order)
    await publish($.Order.created, order)

@service.on("$.Order.*", in_flight=1)
async def note(order: Order) -> None: ...

@service.get("/seen/{order_id}")
async def show(order_id: str) -> Reservation: ...

@service.job("0 0 * * *")
async def sweep() -> None: ...

@service.health(interval="1m")
async def check() -> Health: ...
'''
SCENARIO = """%%scenario outage --duration 2m
given("Payment.seen", [Reservation(order_id="1")])
workload($.Order.created, rate_per_s=2, like=Order, skew={"id": Zipf(1.1)}, until="1m")
service_time($.Payment.process, Exponential("40ms"))
lose("cards", leg="reply", occurrence=1)
"""
REFUSED = """
class Refused(ServiceError):
    status = 402
    reason: str = ""
"""
EXTERNAL = '''%%external cards
"""Charges cards."""
class Entry(Contract):
    order_id: str
ledger = external.ledger(Entry)

@external.post("/charges")
async def create(request) -> Response:
    return Response(201)
'''
COMPOSE = """%%compose flows
Twice = sequence(Inventory.reserve, Inventory.again)
Both = parallel(first=Inventory.reserve, rest=Twice, on_error="collect")
"""
MESH = """%%compose guarded
Guarded = mesh(Inventory, Payment, retry=Retry(attempts=3, budget=Budget()), deadline="5s", bulkhead=False,
               breaker=Breaker(failure_rate=0.5, scope="callee"), balance=ConsistentHash(by="order_id"),
               discovery=Discovery(ttl="30s", health="10s"), fallback=Fallback(last_good=True, service="Payment"))
Loose = mesh(Scout)
"""
SCOUT = """%%service Scout --kind query
service.policy(bulkhead=Bulkhead(concurrent=5, queue=2), breaker=Breaker(failures=3))
twice = Retry(attempts=2, only="all")
@service.operation($.Scout.find, fallback=Fallback(value=None), retry=twice, balance="random-two")
async def find(order: Order) -> Order | None: ...
"""
MODULE = '''%%module money
RATE = 3
def gross(net: int) -> int:
    """Add tax."""
    return net * RATE
'''
LOST = """%%service Lost
@service.operation($.Lost.go)
async def go(order: Order) -> None:
    await send($.Gone.away, order)
"""
AGAIN = """
@service.operation($.Inventory.again)
async def again(reservation: Reservation) -> Reservation:
    return reservation
"""


def shown(name: str) -> str:
    """Return a card's text as it must be."""
    return (Path(__file__).parent / "shown" / f"{name}.txt").read_text(encoding="utf-8")


@pytest.fixture
def shop(notebook: Notebook) -> Notebook:
    notebook.run(SHOP)
    notebook.run(INVENTORY + AGAIN)
    return notebook


def test_service_card_in_words(shop: Notebook) -> None:
    shop.run(PAYMENT)
    system = shop.session.system
    service = system.graph.services["Payment"]
    card = service_card(system.definitions["Payment"], service, system.graph, now_ns=0)
    assert f"{card!r}\n" == shown("service_card")


def test_contracts_card_in_words(notebook: Notebook) -> None:
    card = notebook.run(SHOP + REFUSED)
    assert f"{card!r}\n" == shown("contracts_card")


def test_saga_card_in_words(shop: Notebook) -> None:
    undo = "\n@reserve_stock.compensation\nasync def release(order: Order, done: Reservation | None) -> None: ...\n"
    assert f"{shop.run(SAGA + undo)!r}\n" == shown("saga_card")


def test_compositions_card_in_words(shop: Notebook) -> None:
    assert f"{shop.run(COMPOSE)!r}\n" == shown("compositions_card")


def test_mesh_card_in_words(shop: Notebook) -> None:
    shop.run(PAYMENT)
    shop.run(SCOUT)
    assert f"{shop.run(MESH)!r}\n" == shown("mesh_card")


def test_policies_of_a_service_stand_on_its_card(shop: Notebook) -> None:
    card = repr(shop.run(SCOUT))
    assert "breaker   opens at 3 failures within 10s, for 60s, then 1 probe" in card
    assert "bulkhead  5 calls at once, 2 waiting" in card
    assert "reads only 2 attempts, whatever the operation balance random-two fallback None" in card


def test_scenario_card_in_words(shop: Notebook) -> None:
    assert f"{shop.run(SCENARIO)!r}\n" == shown("scenario_card")


def test_external_card_in_words(shop: Notebook) -> None:
    shop.run(PAYMENT)
    assert f"{shop.run(EXTERNAL)!r}\n" == shown("external_card")


def test_invariant_cards_in_words(notebook: Notebook) -> None:
    assert repr(notebook.run("%%invariant one --eventually\nselect 1 where false\n")) == (
        "invariant one · holds in the end, once the system has healed · any row is a violation\n"
        "\n    select 1 where false"
    )
    card = notebook.run("%%invariant two --python\n@invariant\ndef two(run):\n    return []\n")
    assert repr(card).startswith("invariant two · holds always · whatever it yields is a violation\n\n    @invariant")


def test_module_card_in_words(notebook: Notebook) -> None:
    card = notebook.run(MODULE)
    assert f"{card!r}\n" == shown("module_card")


def test_every_card_has_both_forms(shop: Notebook) -> None:
    for text in (PAYMENT, EXTERNAL, COMPOSE, SCENARIO, SAGA, "%%invariant one\nselect 1\n", "%studio"):
        bundle = shop.run(text)._repr_mimebundle_()
        assert set(bundle) == {"text/html", "text/plain"}
        assert "<script" not in bundle["text/html"]
        assert WellFormed.of(bundle["text/html"]).open == []


def test_what_an_author_writes_is_escaped() -> None:
    nasty = "<img src=x onerror=alert(1)>"
    box = Flow("", Chain((Box(nasty, words(nasty)),)), ())
    sections = (Table(nasty, (nasty,), ((code(nasty),),), nasty, nasty), Lines(nasty, (words(nasty),)), box)
    html = Card("service", nasty, (Span(nasty),), nasty, sections, (nasty,))._repr_mimebundle_()["text/html"]
    assert "<img" not in html


def test_colour_is_never_the_only_signal(shop: Notebook) -> None:
    card = shop.run(LOST)
    assert "not declared yet" in repr(card)


class WellFormed(HTMLParser):
    """Check that tags close in order."""

    open: list[str]

    @classmethod
    def of(cls, text: str) -> Any:
        parser = cls()
        parser.open = []
        parser.feed(text)
        return parser

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
