"""A broker that loses what it acknowledged last."""

from __future__ import annotations

from typing import Any

import pytest

from studio import S, broker_loses
from studio.errors import UnknownTarget

SLOW = """
%%service Taker
import asyncio
@service.on($.Thing.made, in_flight=1)
async def take(thing: Thing) -> None:
    await asyncio.sleep(1)
    log.info(thing.id)
"""


def publish(played: Any, *names: str) -> None:
    for name in names:
        played.world.publish(S.Thing.made, played.thing(name))


@pytest.mark.parametrize("bus", ["jetstream", "rabbitmq", "kafka"])
def test_events_stored_last_and_not_yet_handled_are_gone(play: Any, bus: str) -> None:
    played = play(SLOW, bus=bus, faults=[broker_loses(at="2500ms", last="1s")])
    publish(played, "a", "b")
    played.world.advance("2s")
    publish(played, "c", "d")  # the first of them is being handled when the broker loses both
    played.world.settle()
    assert played.lines() == ["a", "b", "c"]
    (strike,) = played.world.run.faults.rows(named=True)
    assert strike["detail"] == "what it stored in the last 1 s is gone"


def test_there_is_one_broker(play: Any) -> None:
    with pytest.raises(UnknownTarget, match="Nearest: bus"):
        play(SLOW, faults=[broker_loses("Taker2")])
