"""Streams: events as they pass, in order, from the moment of reading on, for as long as the reader lives."""

from __future__ import annotations

from typing import Any

import pytest

from studio import S, Uniform, crash, latency
from studio.simulation.brokers import readers

READER = """
%%service Reader
import asyncio
@service.operation($.Reader.read, timeout="1h")
async def read(thing: Thing) -> Told:
    found = []
    async for event in stream({address}):
        found.append(event.id)
        log.info("read " + event.id)
        if len(found) == thing.amount:
            return Told(text=" ".join(found))
        {body}
@service.operation($.Reader.tell, timeout="1h")
async def tell(thing: Thing) -> None:
    for number in range(thing.amount):
        await publish($.Thing.made, Thing(id=str(number)))
@service.operation($.Reader.both, timeout="1h")
async def both(thing: Thing) -> Told:
    reading = asyncio.create_task(Reader.read(thing))
    await asyncio.sleep(0.1)
    await Reader.tell(Thing(id="", amount=thing.amount + 2))
    return await reading
"""


def reader(address: str = "$.Thing.made", body: str = "pass") -> str:
    return READER.format(address=address, body=body)


@pytest.mark.parametrize("address", ["$.Thing.made", '"$.Thing.*"', '"$.Thing.>"'])
def test_reader_gets_the_events_in_order(play: Any, address: str) -> None:
    played = play(reader(address))
    assert played.world.call(S.Reader.both, played.thing(amount=3)).text == "0 1 2"


def test_order_is_kept_though_some_take_longer(play: Any) -> None:
    played = play(reader(), faults=[latency(S.Thing.made, Uniform("0s", "5s"))])
    assert played.world.call(S.Reader.both, played.thing(amount=6)).text == "0 1 2 3 4 5"


def test_slow_reader_gets_what_waited(play: Any) -> None:
    played = play(reader(body="await asyncio.sleep(10)"))
    assert played.world.call(S.Reader.both, played.thing(amount=3)).text == "0 1 2"


def test_reader_that_is_too_slow_misses_events(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "QUEUE_MAX", 2)
    played = play(reader(body="await asyncio.sleep(10)"))
    with pytest.raises(Exception, match="STU410"):
        played.world.call(S.Reader.both, played.thing(amount=8), timeout="5m")
    reasons = played.world.sql("select reason from deliveries where outcome = 'lost'")["reason"].to_list()
    assert "slow reader" in reasons


def test_nothing_is_kept_for_who_does_not_read_yet(play: Any) -> None:
    played = play(reader())
    played.world.call(S.Reader.tell, played.thing(amount=3))
    with pytest.raises(Exception, match="STU410"):
        played.world.call(S.Reader.read, played.thing(), timeout="5s")
    assert played.lines() == []


def test_reader_that_crashed_reads_no_more(play: Any) -> None:
    played = play(reader(), faults=[crash("Reader", at="1s")])
    with pytest.raises(Exception, match="STU410"):
        played.world.call(S.Reader.read, played.thing(amount=9), timeout="2s")
    played.world.call(S.Reader.tell, played.thing(amount=3))
    played.world.settle()
    assert played.lines() == []
