"""Controls of a world as Python objects: pace, faults, messages; only changes are told, and none outlives its world."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from studio.notebook.widgets.world_controls import UNHEARD_MAX, WorldControls
from studio.simulation.world import World
from tests.notebook.conftest import Notebook
from tests.notebook.widgets.conftest import Told


def test_a_cell_shows_controls_of_its_world(notebook: Notebook) -> None:
    shop = '%%contracts shop\nclass Order(Contract):\n    id: str\n\nevent($.Order.created, Order, key="id")\n'
    notebook.run(shop)
    notebook.run("%%service Stock\n@service.on($.Order.created)\nasync def see(order: Order) -> None: ...")
    notebook.run("import studio\nworld = studio.world(seed=3)")
    shown = notebook.run("world.controls()")
    assert repr(shown) == "Controls of a world, seed 3"
    assert [each["address"] for each in shown.addresses] == ["Order.created"]
    notebook.run("world.close()")
    shown.close()


def test_pace_and_state_follow_the_buttons(told: Told, world: World) -> None:
    for act, state in (("start", "running"), ("pause", "paused"), ("resume", "running"), ("stop", "by hand")):
        assert told.ask(act, speed=100) == {"done": "", "id": told.replies[-1]["id"]}
        assert (told.widget.status["state"], world.state) == (state, state)
    told.ask("pace", speed=0)
    assert world.speed is None


def test_a_step_goes_on_a_little(told: Told, world: World) -> None:
    before_ns = world.now_ns
    told.ask("step", duration="1s")
    assert world.now_ns == before_ns + 1_000_000_000


def test_what_cannot_be_done_is_answered(told: Told) -> None:
    assert "error" in told.ask("pause")
    assert "error" in told.ask("start", speed=-1)
    assert "error" in told.ask("start")
    assert "error" in told.ask("send", address="No.where", text="{}")


def test_faults_are_put_in_force_and_lifted(told: Told, world: World) -> None:
    assert "done" in told.ask("inject", kind="lose", values={"targets": ["Payment"], "probability": 0.3})
    assert [row["on"] for row in told.widget.standing["rows"]] == [True]
    told.ask("undo")
    assert not any(each.is_in_force for each in world.faults)


def test_an_example_is_a_message_that_can_be_sent(told: Told) -> None:
    first = told.ask("example", address="Orders.place")["value"]
    assert first != told.ask("example", address="Orders.place")["value"]
    reply = told.ask("send", address="Orders.place", text=json.dumps(first))
    assert reply["done"].startswith("Orders.place answered")
    assert first["id"] in reply["answer"]


def test_a_declared_error_is_shown_as_one(told: Told) -> None:
    text = json.dumps(told.ask("example", address="Orders.place")["value"])
    told.ask("send", address="Orders.place", text=text)
    assert told.ask("send", address="Orders.place", text=text)["declared"] == "OrderExists"


def test_an_event_is_published(told: Told) -> None:
    event = told.ask("example", address="Order.created")["value"]
    assert "is published" in told.ask("send", address="Order.created", text=json.dumps(event))["done"]


@pytest.mark.parametrize(
    ("text", "field"),
    [('{"id": 7}', "id"), ('{"items": [{"sku": "tea"}, {}]}', "items.1.sku"), ("{", ""), ("{}", "total")],
)
def test_what_does_not_fit_the_contract_is_told_by_field(told: Told, text: str, field: str) -> None:
    assert told.ask("check-message", address="Orders.place", text=text)["complaints"][field]
    assert told.ask("send", address="Orders.place", text=text)["complaints"][field]


def test_nothing_is_told_twice(told: Told) -> None:
    changes: list[str] = []
    told.widget.observe(lambda change: changes.append(change["name"]), names=["status", "standing"])
    told.widget.look()
    told.widget.look()
    assert changes == []


def test_a_closed_world_is_stated_and_the_watch_ends(world: World) -> None:
    async def watched() -> WorldControls:
        widget = WorldControls(world)
        await asyncio.sleep(0)
        world.close()
        assert widget.pump is not None
        await asyncio.wait_for(widget.pump, 10)
        return widget

    widget = asyncio.run(watched())
    assert widget.status["state"] == "closed"
    widget.close()


def test_while_nobody_listens_little_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.notebook.widgets.world_controls.INTERVAL_S", 0.001)

    async def watched() -> tuple[int, WorldControls]:
        widget: Any = WorldControls(world)
        world.start(speed=None)
        is_full = asyncio.Event()

        def look(change: dict[str, Any]) -> None:
            if change["new"].get("told") == UNHEARD_MAX:
                is_full.set()

        widget.observe(look, names=["status"])
        await asyncio.wait_for(is_full.wait(), 20)
        told = widget.status["told"]
        await asyncio.sleep(0.05)
        world.stop()
        widget.close()
        return widget.status["told"] - told, widget

    more, widget = asyncio.run(watched())
    assert more == 0
    assert widget.comm is None
