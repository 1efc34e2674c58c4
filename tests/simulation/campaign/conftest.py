"""A system of one service that breaks a promise under some seeds, and what kills its worker under others."""

from __future__ import annotations

import pytest

from studio.graph.system import Build, System
from studio.source.cell import cell_from_text

CONTRACTS = """
%%contracts things
class Thing(Contract):
    id: str
    amount: int = 1

event($.Thing.made, Thing, key="id")
"""
SERVICE = """
%%service Tally
import ctypes

notes = service.collection("notes", Thing, key="id")

@service.operation($.Tally.keep)
async def keep(thing: Thing) -> Thing:
    return thing

@service.on($.Thing.made)
async def note(thing: Thing) -> None:
    if thing.amount == 9:
        ctypes.CDLL(None)._exit(3)
    await notes.put(await call($.Tally.keep, thing))
"""
CALM = """
%%scenario calm --duration 1s
workload($.Thing.made, [Thing(id="a")])
"""
MIXED = """
%%scenario mixed --duration 1s
import random
workload($.Thing.made, [Thing(id="a", amount=random.choice([1, 2, 3]))])
lose($.Tally.keep, leg="request", probability=0.5)
lose($.Tally.keep, leg="reply", occurrence=9)
"""
DEADLY = """
%%scenario deadly --duration 1s
import random
workload($.Thing.made, [Thing(id="a", amount=random.choice([1, 1, 9]))])
"""
INVARIANT = """
%%invariant small
select * from Tally_notes where amount > 2
"""


@pytest.fixture(scope="session")
def build() -> Build:
    """The system, built once."""
    cells = (CONTRACTS, SERVICE, CALM, MIXED, DEADLY, INVARIANT)
    system = System()
    system.define_all(source for cell in cells if (source := cell_from_text(cell.strip())) is not None)
    return system.build()
