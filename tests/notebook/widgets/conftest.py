"""A world of the orders, and what its controls would tell a front end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import studio
from studio.graph.system import Build
from studio.notebook.widgets.world_controls import WorldControls
from studio.simulation.world import World
from studio.store import Log

ORDERS = Path(__file__).parents[3] / "simulations" / "orders"


@pytest.fixture(scope="session")
def orders() -> Build:
    return studio.load(ORDERS).build()


@pytest.fixture
def world(orders: Build) -> Iterator[World]:
    with studio.world(seed=7, system=orders, scenario="calm", log=Log.memory()) as world:
        yield world


class Told:
    """Controls, and the answers that their front end hears."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.widget = WorldControls(world)
        self.replies: list[dict[str, Any]] = []
        monkeypatch.setattr(self.widget, "send", self.replies.append)

    def ask(self, do: str, **request: Any) -> dict[str, Any]:
        """Ask as the front end does, and return the answer."""
        self.widget._handle_custom_msg({"do": do, "id": f"{len(self.replies)}", **request}, [])  # noqa: SLF001 - as its comm
        reply = self.replies[-1]
        assert reply["id"] == f"{len(self.replies) - 1}"
        return reply


@pytest.fixture
def told(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    """Controls of the world."""
    told = Told(world, monkeypatch)
    yield told
    told.widget.close()
