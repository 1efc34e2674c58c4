"""What the tabs' tests look at: a recorded run of the orders, and a small world with stuck sagas and a dead letter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import studio
from studio.dashboard.desk import Desk
from studio.dashboard.feed import Feed
from studio.graph.system import System
from studio.simulation.world import World
from studio.simulation.world import world as start_world
from studio.source.cell import cell_from_text
from studio.store import Log
from studio.store.windows.log_view import LogView

_CELLS = (
    """
    %%contracts things
    class Thing(Contract):
        id: str
        amount: int = 1

    event($.Thing.made, Thing, key="id")
    """,
    """
    %%service Store
    @service.operation($.Store.put, idempotent=True)
    async def put(thing: Thing) -> Thing:
        if thing.amount == 3:
            raise ValueError("three is too much")
        return thing

    @service.operation($.Store.take_back, idempotent=True)
    async def take_back(thing: Thing) -> Thing:
        raise ValueError("it cannot be taken back")

    @service.on($.Thing.made)
    async def look(thing: Thing) -> None:
        if thing.amount == 5:
            raise ValueError("nobody can read this")
        log.info("looked", id=thing.id)
    """,
    """
    %%saga Keeping --on $.Thing.made
    @saga.step(retry=Retry(attempts=2, backoff="fixed", first="100ms"))
    async def put_it(thing: Thing) -> Thing:
        return await send($.Store.put, thing)

    @put_it.compensation(retry=Retry(attempts=2, backoff="fixed", first="50ms"))
    async def take_it_back(thing: Thing, done: Thing | None) -> None:
        await send($.Store.take_back, thing)
    """,
)


@pytest.fixture(scope="session")
def storm(root: Path) -> Feed:
    """What looks at one run of the orders in a storm, run 1: errors, timeouts, a crash, sagas that were undone."""
    log, build = Log.memory(), studio.load(root / "simulations/orders").build()
    studio.simulate("storm", seed=4, system=build, log=log)
    return Feed(LogView.of(log), build=build)


@pytest.fixture
def desk(storm: Feed) -> Desk:
    """A session that looks at the storm."""
    return Desk(storm)


@pytest.fixture
def troubled() -> Iterator[World]:
    """A world with the stuck saga `Keeping/o-1` and the dead letter of `o-2`."""
    system = System()
    found = (cell_from_text(dedent(text).strip()) for text in _CELLS)
    system.define_all(source for source in found if source is not None)
    with start_world(system=system, log=Log.memory(), seed=1) as world:
        made: Any = system.visible()["Thing"]
        for number, amount in enumerate((1, 3, 5)):
            world.send("Thing.made", made(id=f"o-{number}", amount=amount))
        world.advance("10m")
        world.sagas()  # hands over what a world played by hand has not written yet
        yield world


@pytest.fixture
def live(troubled: World) -> Desk:
    """A session that looks at that world."""
    return Desk(Feed.of_world(troubled))


@pytest.fixture
def words() -> Callable[[str], str]:
    """Return the text of HTML as a reader sees it."""
    return lambda html: " ".join(unescape(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html)).split())
