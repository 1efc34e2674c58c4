"""The private patch of anyio: in order, only on a virtual loop, and a canary for the version it was written for."""

from __future__ import annotations

import asyncio
from importlib.metadata import version

import anyio
from anyio._backends import _asyncio as backend

from studio.simulation.virtual.anyio_order import OrderedSet
from studio.simulation.virtual.loop import VirtualLoop

WRITTEN_FOR = "4."


async def kind_of_child_scopes() -> type:
    scope = anyio.CancelScope()
    return type(scope._child_scopes)  # type: ignore[attr-defined]  # noqa: SLF001 - it is what is patched


def test_canary_anyio_still_has_what_the_patch_replaces() -> None:
    assert version("anyio").startswith(WRITTEN_FOR), (
        "read studio/simulation/virtual/anyio_order.py, then raise WRITTEN_FOR"
    )
    assert "_child_scopes" in backend.CancelScope.__slots__
    assert asyncio.run(kind_of_child_scopes()) is set
    assert "run_sync_in_worker_thread" in vars(backend.AsyncIOBackend)


def test_scopes_are_in_order_on_a_virtual_loop_only() -> None:
    assert VirtualLoop().run_until_complete(kind_of_child_scopes()) is OrderedSet
    assert asyncio.run(kind_of_child_scopes()) is set
    assert backend.CancelScope.__init__.__qualname__ == "CancelScope.__init__"


def test_ordered_set_keeps_the_order_of_insertion() -> None:
    items: OrderedSet[str] = OrderedSet()
    for item in "cabc":
        items.add(item)
    items.discard("a")
    items.discard("z")
    assert (list(items), len(items), "c" in items) == (["c", "b"], 2, True)
