"""Small systems to run: cells as an author writes them, in worlds that end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from textwrap import dedent
from typing import Any

import pytest

from studio.graph.system import System
from studio.records import Delivery, Span
from studio.simulation.world import World
from studio.simulation.world import world as start_world
from studio.source.cell import cell_from_text
from studio.store import Log

CONTRACTS = """
%%contracts things
class Thing(Contract):
    id: str
    amount: int = 1

class Told(Contract):
    text: str

class Declined(ServiceError):
    status = 402

event($.Thing.made, Thing, key="id")
event($.Thing.seen, Thing, key="id")
"""


def system_of(*cells: str) -> System:
    """Return a system of cells, with the contracts above."""
    system = System()
    sources = [cell_from_text(dedent(text).strip()) for text in (CONTRACTS, *cells)]
    system.define_all(source for source in sources if source is not None)
    return system


class Played:
    """A world and questions that tests ask of it."""

    def __init__(self, system: System, **options: Any) -> None:
        self.system = system
        self.world: World = start_world(system=system, log=Log.memory(), **options)
        self.names = system.visible()

    def thing(self, id_: str = "a", amount: int = 1) -> Any:
        return self.names["Thing"](id=id_, amount=amount)

    def records(self, kind: type[Any]) -> list[Any]:
        return [record for record in self.world.run.log.records() if isinstance(record, kind)]

    def outcomes(self, consumer: str = "") -> list[str]:
        """What became of deliveries, in order."""
        return [each.outcome for each in self.records(Delivery) if consumer in ("", each.consumer)]

    def handled(self, name: str, status: str = "") -> list[Span]:
        spans = [each for each in self.records(Span) if each.kind == "handle" and each.name == name]
        return [each for each in spans if status in ("", each.status)]

    def lines(self) -> list[str]:
        """Texts of the log, in order."""
        return self.world.log()["text"].to_list()


Play = Callable[..., Played]


@pytest.fixture
def system_from() -> Callable[..., System]:
    """Return what makes a system of cells."""
    return system_of


@pytest.fixture
def play() -> Iterator[Play]:
    """Return what starts a world on cells; options are those of `studio.world`."""
    played: list[Played] = []

    def start(*cells: str, **options: Any) -> Played:
        played.append(Played(system_of(*cells), **options))
        return played[-1]

    yield start
    for each in played:
        each.world.close()
