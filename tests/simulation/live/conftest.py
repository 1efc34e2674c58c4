"""A small shop to play live, and what waits for something to come about in it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from studio.graph.system import System
from studio.simulation.simulate import simulate
from studio.simulation.world import World
from studio.simulation.world import world as start_world
from studio.source.cell import cell_from_text
from studio.store import Log
from tests.simulation.conftest import system_of

SHOP = """
%%service Shop --replicas 2
import asyncio
stock = service.collection("stock", Thing, key="id")
@service.operation($.Shop.take, raises=[Declined], idempotent=True)
async def take(thing: Thing) -> Thing:
    found = await stock.get(thing.id)
    if found is None:
        raise Declined("none left")
    return found
@service.operation($.Shop.rest, timeout="10m")
async def rest(thing: Thing) -> None:
    await asyncio.sleep(thing.amount)
@service.get("/stock/{id}")
async def look(id: str) -> Thing:
    return (await stock.get(id)) or Thing(id="none")
@service.job("* * * * *")
async def minutely() -> None:
    log.info("minutely")
"""
PICKY = """
%%service Picky
@service.on($.Thing.seen, max_deliver=2)
async def see(thing: Thing) -> None:
    await Shop.take(Thing(id="tea"))
"""
BUYING = """
%%saga Buying --on $.Thing.made --stuck $.Thing.stuck
@saga.step(retry=Retry(attempts=2, first="1s", most="1s"), timeout="3s")
async def rest(thing: Thing) -> Told:
    await Shop.rest(thing)
    return Told(text="rested")
@rest.compensation
async def wake(thing: Thing, done: Told | None) -> None:
    await Shop.take(Thing(id="tea"))
"""
BUSY = """
%%scenario busy --duration 30s
given("Shop.stock", [Thing(id="tea", amount=3)])
workload($.Thing.made, rate_per_s=3, count=30)
lose($.Shop.rest, probability=0.2)
"""


def until(is_so: Callable[[], bool], *, limit_s: float = 30.0) -> None:
    """Wait until something has come about, within a bound."""
    ends_s = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < ends_s, "it did not come about in time"
        threading.Event().wait(0.002)


class Shop:
    """A system and worlds on it."""

    def __init__(self) -> None:
        self.system: System = system_of(SHOP, PICKY, BUYING, BUSY)
        self.worlds: list[World] = []

    def world(self, **options: Any) -> World:
        given = {"system": self.system, "log": Log.memory(), **options}
        self.worlds.append(start_world(**given))
        return self.worlds[-1]

    def thing(self, id_: str = "tea", amount: int = 1) -> Any:
        return self.system.visible()["Thing"](id=id_, amount=amount)

    def repeated(self, case: Any) -> str:
        """Return the hash of what a case does once more."""
        return str(simulate(case, system=self.system, log=Log.memory(), keep=False).sha256)

    def declared(self, text: str, *, seed: int) -> str:
        """Return the hash of what a cell's scenario does."""
        source = cell_from_text(text)
        assert source is not None
        self.system.define(source)
        return str(simulate(source.name, system=self.system, seed=seed, log=Log.memory(), keep=False).sha256)


@pytest.fixture
def shop() -> Iterator[Shop]:
    """Return a shop whose worlds end with the test."""
    made = Shop()
    yield made
    for each in made.worlds:
        each.close()
