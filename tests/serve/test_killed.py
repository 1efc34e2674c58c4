"""`kill -9` at every kind of moment: after the next start each order ends, nothing is sent or taken twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.serve.sqlite import SqliteStorage

# Loads the system once, and forks a server whenever it is asked to: a start then takes no second.
NURSERY = """
import asyncio, json, os, signal, sys
from pathlib import Path
from studio.graph.system import System
from studio.ports import HttpResponse
from studio.serve import assembly, bus, sqlite
from studio.serve.environment import EnvironmentSettings
from studio.serve.server import ServeSettings, Server
from studio.source.directory import read

class Provider:
    # Not part of our system: its books are a file that every kill leaves alone. It knows Idempotency-Key, we send none.
    def __init__(self, books):
        self.books = books

    async def send(self, request, *, timeout_ns):
        body = json.loads(request.body)
        is_refund, id_ = request.url.endswith("/refunds"), body["order_id"]
        if not is_refund and float(body["amount"]) > 500:
            return HttpResponse(402, (), b"{}")
        if not is_refund or f"charge {id_}" in self.books.read_text().split("\\n"):
            with self.books.open("a") as books:
                books.write(f"{'refund' if is_refund else 'charge'} {id_}\\n")
        return HttpResponse(201, (), json.dumps({"charge_id": f"charge-{id_}"}).encode())

class Deadly:
    takes_time = False

    def __init__(self):
        self.armed = bool(WANTED["die_at"])

    async def reach(self, point, subject):
        if f"{point} {subject}" == WANTED["die_at"]:
            os.kill(os.getpid(), signal.SIGKILL)

def serve():
    os.dup2(os.open(WANTED["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 1)
    assembly._NoPoints = Deadly
    settings = ServeSettings(port=0, data=Path(WANTED["data"]), grace="1s")
    provider = Provider(Path(WANTED["books"]))
    server = Server(BUILD, settings, environment=EnvironmentSettings({"CARDS_KEY": "k"}), outbound=provider)
    asyncio.run(server.run(signals=True))

system = System()
system.define_all(read(Path(sys.argv[1])))
BUILD = system.build()
import studio.serve.front, fastapi.openapi.docs
children = []
print("ready", flush=True)
for line in sys.stdin:
    WANTED = json.loads(line)
    pid = os.fork()
    if not pid:
        try:
            serve()
        finally:
            os._exit(0)
    children.append(pid)
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""

ADA = {"id": "ada", "name": "Ada", "email": "ada@example.com"}
WANTED = [("a", "tea", 2), ("b", "kettle", 13), ("c", "kettle", 1)]  # the second is too dear: its card is declined
STOCK = {"tea": 10, "kettle": 40}
MOMENTS = [
    "after-effect Orders.place",  # committed; the outbox holds the event
    "before-journal OrderProcessing.reserve_inventory",
    "after-effect Payment.receipts",
    "during-compensation OrderProcessing.process_payment",
    "before-publish Order.failed",
]
MORE_MOMENTS = [
    "before-handler POST /orders",
    "before-handler Orders.place",
    "before-publish Order.created",
    "after-effect Order.created",  # stored; the outbox still holds it
    "before-handler OrderProcessing.reserve_inventory",
    "after-effect Inventory.reserve",
    "before-journal OrderProcessing.process_payment",
    "after-effect Shipment.standard",
    "before-journal OrderProcessing.send_confirmation",
    "before-publish Order.completed",
    "before-acknowledge Order.completed",
    "before-handler Inventory.release",
]


class Shop:
    """A shop's file and books, and the server that runs on them, if any does."""

    def __init__(self, nursery: subprocess.Popen[str], folder: Path) -> None:
        self._nursery, self.folder, self.pid = nursery, folder, 0
        self.books = folder / "books"
        self.books.touch()

    def start(self, die_at: str = "") -> httpx.Client:
        """Start a server, and return a client once it serves."""
        log = self.folder / f"log-{time.monotonic_ns()}"
        log.touch()
        data, books = self.folder / "orders.sqlite", self.books
        wanted = {"data": str(data), "log": str(log), "books": str(books), "die_at": die_at}
        self._say(json.dumps(wanted))
        self.pid = int(self._hear())
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for line in log.read_text().splitlines():
                if '"text": "serving"' in line:
                    return httpx.Client(base_url=json.loads(line)["url"], timeout=5)
            time.sleep(0.01)
        raise AssertionError(log.read_text())

    def ended(self) -> int:
        """Return the exit code of the server, once it has ended."""
        code = int(self._hear())
        self.pid = 0
        return code

    def terminate(self) -> int:
        """Ask the server to end, and return its exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self.ended()

    def _say(self, line: str) -> None:
        assert self._nursery.stdin is not None
        self._nursery.stdin.write(line + "\n")
        self._nursery.stdin.flush()

    def _hear(self) -> str:
        assert self._nursery.stdout is not None
        patience = threading.Timer(60, self._nursery.kill)  # a moment that never comes is to fail, not to hang
        patience.start()
        try:
            line = self._nursery.stdout.readline()
        finally:
            patience.cancel()
        assert line, "the server never came to the moment at which it was to die"
        return line


@pytest.fixture(scope="module")
def nursery(root: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", NURSERY, str(root / "simulations" / "orders")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


@pytest.fixture
def shop(nursery: subprocess.Popen[str], tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(nursery, tmp_path)
    yield shop
    if shop.pid:
        os.kill(shop.pid, signal.SIGKILL)
        shop.ended()


def place(client: httpx.Client, id_: str, sku: str, quantity: int) -> bool:
    """Place an order; False when nobody answered."""
    order = {"id": id_, "customer": ADA, "items": [{"sku": sku, "quantity": quantity}]}
    try:
        answer = client.post("/orders", json=order)
    except httpx.TransportError:
        return False
    assert answer.status_code in (201, 409)
    return True


def wait_for(client: httpx.Client, ids: str) -> list[str]:
    """Return how orders have ended."""
    found, deadline = ["accepted"], time.monotonic() + 20
    while time.monotonic() < deadline:
        found = [client.get(f"/orders/{id_}").json()["status"] for id_ in ids]
        if "accepted" not in found:
            return found
        time.sleep(0.02)  # another process is at work
    raise AssertionError(found)


async def documents(shop: Shop, owner: str, collection: str) -> list[Any]:
    async with SqliteStorage(shop.folder / "orders.sqlite") as storage:
        return [json.loads(document.body) for document in await storage.find(owner, collection)]


def left(shop: Shop, owner: str, collection: str) -> list[Any]:
    return asyncio.run(documents(shop, owner, collection))


@pytest.mark.parametrize("moment", [*MOMENTS, *(pytest.param(each, marks=pytest.mark.slow) for each in MORE_MOMENTS)])
def test_every_order_ends_and_nothing_is_done_twice(shop: Shop, moment: str) -> None:
    with shop.start(moment) as client:
        for sku, quantity in STOCK.items():
            client.put(f"/stock/{sku}", json={"sku": sku, "quantity": quantity})
        for order in WANTED:
            place(client, *order)
        assert shop.ended() == -signal.SIGKILL
    with shop.start() as client:
        for order in WANTED:
            assert place(client, *order)
        assert wait_for(client, "abc") == ["completed", "cancelled", "completed"]
        left_over = [client.get(f"/stock/{sku}").json()["quantity"] for sku in STOCK]
    assert left_over == [10 - 2, 40 - 1]
    assert shop.terminate() == 0
    check_books(shop)


def check_books(shop: Shop) -> None:
    """See that each order was charged, sent and written about as it ended, and that nothing is under way."""
    parcels = {parcel["order_id"]: parcel for parcel in left(shop, "Shipment", "parcels")}
    assert {id_ for id_, parcel in parcels.items() if parcel["status"] == "packed"} == {"a", "c"}
    assert sorted(receipt["order_id"] for receipt in left(shop, "Payment", "receipts")) == ["a", "c"]
    letters = [sent["order_id"] for sent in left(shop, "Email", "sent") if "On its way" in sent["subject"]]
    assert sorted(letter[0] for letter in letters) == ["a", "c"]
    charges = shop.books.read_text().split("\n")
    assert {"charge a", "charge c"} == set(filter(None, charges))
    assert len(charges) <= 4  # the kill may fall between a charge and our knowing of it, once
    states = [instance["state"] for instance in left(shop, "OrderProcessing", "$instances")]
    assert sorted(states) == ["compensated", "completed", "completed"]
    for space in ("Orders", "OrderProcessing", "Inventory"):
        assert left(shop, space, "$outbox") == []
        assert left(shop, space, "$dead-letters") == []
