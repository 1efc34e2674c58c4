"""The contract of the port Transport, held by both engines."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from studio.errors import CallTimeout, ServiceUnavailable
from studio.ports import Envelope, Reply, Verdict

if TYPE_CHECKING:
    from tests.ports.conftest import Engine, Shop

MS_NS = 1_000_000
REFUSED = Verdict("refused", "Oops", MS_NS)


def on(*buses: str) -> pytest.MarkDecorator:
    """Hold a promise about events against the real engine and the simulated brokers that make it."""
    return pytest.mark.parametrize("engine", [*buses, "real"], indirect=True)


on_all = on("jetstream", "rabbitmq", "kafka")


def call(message: int = 1, deadline_ns: int = 0) -> Envelope:
    return Envelope(message, "call", "Shop.sell", b'{"id":"a"}', "world", deadline_ns=deadline_ns)


def event(message: int = 1, address: str = "Thing.made") -> Envelope:
    return Envelope(message, "event", address, b'{"id":"a"}', "world", key=str(message), causal=message)


def sold(message: int = 1) -> Envelope:
    return event(message, "Thing.sold")


async def letters(shop: Shop, service: str) -> list[dict[str, Any]]:
    found = await shop.ports.storage.find(service, "$dead-letters")
    return [json.loads(document.body) for document in found]


# -- calls ------------------------------------------------------------------------------------------------------------


def test_a_call_gets_the_callees_answer(engine: Engine) -> None:
    async def work(shop: Shop) -> Reply:
        reply: Reply = await shop.ports.transport.request(call())
        return reply

    assert engine(work) == Reply("ok", b'{"id":"a"}')


@pytest.mark.parametrize("status", ["error", "refused", "failed"])
def test_a_call_that_is_no_success_comes_back_with_its_code(engine: Engine, status: str) -> None:
    async def answer(envelope: Envelope) -> Reply:
        return Reply(status, b"{}", "SoldOut")

    async def work(shop: Shop) -> Reply:
        shop.answer = answer
        reply: Reply = await shop.ports.transport.request(call())
        return reply

    assert engine(work) == Reply(status, b"{}", "SoldOut")


def test_a_call_arrives_as_it_was_sent_at_one_replica(engine: Engine) -> None:
    seen: list[Envelope] = []

    async def answer(envelope: Envelope) -> Reply:
        seen.append(envelope)
        return Reply("ok", b"")

    sent = Envelope(
        7, "call", "Shop.sell", '{"id":"ü"}'.encode(), "world", 2, "k", 3, 4, 5, 6, 0, "key", "Saga/a", 9, "ada", 2
    )

    async def work(shop: Shop) -> None:
        shop.answer = answer
        await shop.ports.transport.request(sent)

    engine(work)
    assert seen == [sent]


def test_calls_are_shared_out_among_replicas(engine: Engine) -> None:
    async def work(shop: Shop) -> set[int]:
        for message in range(1, 9):
            await shop.ports.transport.request(call(message))
        return {replica for _, replica, _, _ in shop.seen}

    assert engine(work) == {1, 2}


@pytest.mark.parametrize("wait_ns", [30 * MS_NS, 0, -MS_NS])
def test_a_call_without_an_answer_by_its_deadline_times_out(engine: Engine, wait_ns: int) -> None:
    async def hang(envelope: Envelope) -> Reply:
        await asyncio.Event().wait()
        raise AssertionError

    async def work(shop: Shop) -> int:
        shop.answer = hang
        before_ns = shop.ports.clock.now_ns()
        deadline_ns = max(1, before_ns + wait_ns)
        with pytest.raises(CallTimeout, match=r"Shop\.sell"):
            await shop.ports.transport.request(call(deadline_ns=deadline_ns))
        return int(shop.ports.clock.now_ns() - before_ns)

    assert engine(work) >= wait_ns


def test_a_call_that_was_given_up_is_not_recalled(engine: Engine) -> None:
    ended = []

    async def slow(envelope: Envelope) -> Reply:
        await asyncio.sleep(0.05)
        ended.append(envelope.message)
        return Reply("ok", b"")

    async def work(shop: Shop) -> None:
        shop.answer = slow
        with pytest.raises(CallTimeout):
            await shop.ports.transport.request(call(1, shop.ports.clock.now_ns() + 20 * MS_NS))
        given_up = asyncio.ensure_future(_request(shop, call(2)))
        await shop.until(lambda: len(shop.seen) == 2)
        given_up.cancel()
        await shop.until(lambda: len(ended) == 2)

    engine(work)
    assert ended == [1, 2]


async def _request(shop: Shop, envelope: Envelope) -> Reply:
    reply: Reply = await shop.ports.transport.request(envelope)
    return reply


def test_a_call_that_no_replica_takes_has_not_run(engine: Engine) -> None:
    async def work(shop: Shop) -> None:
        shop.stop("Shop")
        with pytest.raises(ServiceUnavailable, match="Shop"):
            await shop.ports.transport.request(call())
        assert shop.seen == []

    engine(work)


# -- events -----------------------------------------------------------------------------------------------------------


@on_all
def test_an_event_comes_to_one_replica_of_each_subscribing_service(engine: Engine) -> None:
    async def work(shop: Shop) -> None:
        for message in range(1, 7):
            await shop.ports.transport.publish(event(message))
        await shop.until(lambda: len(shop.seen) >= 12)
        assert sorted(shop.of("Shop")) == sorted(shop.of("Mail")) == [(message, 1) for message in range(1, 7)]
        assert {replica for service, replica, _, _ in shop.seen if service == "Shop"} == {1, 2}

    engine(work)


@on_all
def test_a_refused_event_comes_again_no_earlier_than_asked(engine: Engine) -> None:
    times: list[int] = []

    async def work(shop: Shop) -> None:
        async def take(envelope: Envelope, attempt: int) -> Verdict:
            times.append(shop.ports.clock.now_ns())
            return Verdict("refused", "Oops", 30 * MS_NS) if attempt == 1 else Verdict("acknowledged")

        shop.takes["Shop"] = take
        await shop.ports.transport.publish(event())
        await shop.until(lambda: len(times) == 2)
        assert shop.of("Shop") == [(1, 1), (1, 2)]

    engine(work)
    assert times[1] - times[0] >= 30 * MS_NS


@on_all
def test_an_event_that_is_not_acknowledged_in_time_comes_again(engine: Engine) -> None:
    async def silent(envelope: Envelope, attempt: int) -> Verdict:
        if attempt == 1:
            await asyncio.Event().wait()
        return Verdict("acknowledged")

    async def work(shop: Shop) -> None:
        shop.takes["Hasty"] = silent
        await shop.ports.transport.publish(sold())
        await shop.until(lambda: len(shop.of("Hasty")) == 2)
        assert shop.of("Hasty") == [(1, 1), (1, 2)]

    engine(work)


@on_all
def test_an_event_that_is_refused_too_often_is_a_dead_letter_with_its_cause(engine: Engine) -> None:
    async def refuse(envelope: Envelope, attempt: int) -> Verdict:
        return REFUSED

    async def work(shop: Shop) -> list[dict[str, Any]]:
        shop.takes["Hasty"] = refuse
        await shop.ports.transport.publish(sold())
        while not (found := await letters(shop, "Hasty")):
            await shop.ports.clock.sleep_ns(MS_NS)
        assert shop.of("Hasty") == [(1, 1), (1, 2), (1, 3)]
        return found

    expected = {"address": "Thing.sold", "consumer": "sold", "attempts": 3, "reason": "Oops", "body": '{"id":"a"}'}
    assert engine(work) == [expected]


@on("jetstream", "kafka")  # RabbitMQ counts failures, and takes a time-out for none
def test_an_event_that_is_never_acknowledged_is_a_dead_letter(engine: Engine) -> None:
    async def hang(envelope: Envelope, attempt: int) -> Verdict:
        await asyncio.Event().wait()
        raise AssertionError

    async def work(shop: Shop) -> str:
        shop.takes["Hasty"] = hang
        await shop.ports.transport.publish(sold())
        while not (found := await letters(shop, "Hasty")):
            await shop.ports.clock.sleep_ns(MS_NS)
        return str(found[0]["reason"])

    assert engine(work) == "not acknowledged"


@on_all
def test_a_consumer_can_have_an_event_never_again(engine: Engine) -> None:
    async def bury(envelope: Envelope, attempt: int) -> Verdict:
        return Verdict("dead-lettered", "poison")

    async def work(shop: Shop) -> list[tuple[int, int]]:
        shop.takes["Hasty"] = bury
        await shop.ports.transport.publish(sold())
        while not await letters(shop, "Hasty"):
            await shop.ports.clock.sleep_ns(MS_NS)
        return shop.of("Hasty")

    assert engine(work) == [(1, 1)]


@on("jetstream")  # the others know nothing of ids
def test_an_event_published_again_under_its_id_is_stored_once(engine: Engine) -> None:
    async def work(shop: Shop) -> None:
        for message in (1, 1, 2):
            await shop.ports.transport.publish(event(message))
        await shop.until(lambda: (2, 1) in shop.of("Shop"))
        assert sorted(shop.of("Shop")) == [(1, 1), (2, 1)]

    engine(work)


@on_all
def test_deliveries_under_way_are_bounded(engine: Engine) -> None:
    running: list[int] = []
    most: list[int] = []

    async def take(envelope: Envelope, attempt: int) -> Verdict:
        running.append(envelope.message)
        most.append(len(running))
        await asyncio.sleep(0.005)
        running.remove(envelope.message)
        return Verdict("acknowledged")

    async def work(shop: Shop) -> None:
        shop.takes["Shop"] = take
        await asyncio.gather(*(_publish(shop, event(message)) for message in range(1, 9)))
        await shop.until(lambda: len(most) == 8 and not running)

    engine(work)
    assert max(most) == 2


async def _publish(shop: Shop, envelope: Envelope) -> None:
    await shop.ports.transport.publish(envelope)


@on_all
def test_what_a_consumer_publishes_while_it_handles_is_delivered_too(engine: Engine) -> None:
    async def work(shop: Shop) -> None:
        async def take(envelope: Envelope, attempt: int) -> Verdict:
            await _publish(shop, sold(envelope.message + 100))
            return Verdict("acknowledged")

        shop.takes["Shop"] = take
        await shop.ports.transport.publish(event(1))
        await shop.until(lambda: shop.of("Hasty"))
        assert shop.of("Hasty")[0] == (101, 1)

    engine(work)


# -- streams ----------------------------------------------------------------------------------------------------------


@on_all
@pytest.mark.parametrize("wanted", ["Thing.made", "Thing.*", ">"])
def test_a_stream_shows_events_from_its_first_step_on(engine: Engine, wanted: str) -> None:
    async def work(shop: Shop) -> list[int]:
        await shop.ports.transport.publish(event(1))
        passing = shop.ports.transport.stream(wanted)
        first = asyncio.ensure_future(anext(passing))
        await shop.ports.clock.sleep_ns(MS_NS)
        for message in (2, 3):
            await shop.ports.transport.publish(event(message))
        return [(await first).message, (await anext(passing)).message]

    assert engine(work) == [2, 3]


@on_all
def test_a_stream_shows_nothing_of_other_addresses(engine: Engine) -> None:
    async def work(shop: Shop) -> int:
        first = asyncio.ensure_future(anext(shop.ports.transport.stream("Thing.sold")))
        await shop.ports.clock.sleep_ns(MS_NS)
        await shop.ports.transport.publish(event(1))
        await shop.ports.transport.publish(sold(2))
        shown: Envelope = await first
        return shown.message

    assert engine(work) == 2
