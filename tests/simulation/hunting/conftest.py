"""Small systems with a hidden bug each, to be hunted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from studio.graph.system import Build

CALM = """
%%scenario calm --duration 5s
workload($.Thing.made, [Thing(id="a"), Thing(id="b", amount=7), Thing(id="c")], every="1s")
"""

NAIVE = (
    """
    %%service Biller
    import uuid
    bills = service.collection("bills", Thing, key="id")
    @service.on($.Thing.made)
    async def bill(thing: Thing) -> None:
        await bills.put(Thing(id=thing.id + "/" + str(uuid.uuid4()), amount=thing.amount))
    """,
    CALM,
    """
    %%invariant billed_once
    select split_part(id, '/', 1) as thing, count(*) from "Biller.bills" group by thing having count(*) > 1
    """,
)
"""A consumer that is not idempotent: one redelivery bills twice."""

SOUND = (NAIVE[0].replace('thing.id + "/" + str(uuid.uuid4())', "thing.id"), *NAIVE[1:])
"""The same, mended."""

BANK = """
%%service {name}
charges = service.collection("charges", Thing, key="id")
@service.operation($.{name}.charge)
async def charge(thing: Thing) -> None:
    await charges.put(thing)
"""

SPARE = (
    BANK.format(name="First"),
    BANK.format(name="Spare"),
    """
    %%service Till
    @service.on($.Thing.made)
    async def sell(thing: Thing) -> None:
        for bank in ($.First.charge, $.Spare.charge):
            try:
                await call(bank, thing)
                return
            except (CallTimeout, ServiceUnavailable):
                continue
    """,
    CALM,
    """
    %%invariant somebody_charged --eventually
    select message from messages where address = 'Thing.made'
    and (select count(*) from "First.charges") + (select count(*) from "Spare.charges")
        < (select count(*) from messages where address = 'Thing.made')
    """,
)
"""Two banks, the second asked when the first fails: only where both fail is a thing sold for nothing."""


@pytest.fixture
def build_from(system_from: Callable[..., Any]) -> Callable[..., Build]:
    """Return what makes a build of cells."""
    return lambda *cells: system_from(*cells).build()


@pytest.fixture
def naive_cells() -> tuple[str, ...]:
    return NAIVE


@pytest.fixture
def naive(build_from: Callable[..., Build]) -> Build:
    return build_from(*NAIVE)


@pytest.fixture
def sound(build_from: Callable[..., Build]) -> Build:
    return build_from(*SOUND)


@pytest.fixture
def spare(build_from: Callable[..., Build]) -> Build:
    return build_from(*SPARE)
