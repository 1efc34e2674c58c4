"""The in-process transport: what DESIGN 5 promises of events and calls."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import pytest

from studio.errors import CallTimeout, PublishFailed, ServiceUnavailable, StorageUnavailable
from studio.ports import Document, Envelope, Reply, Verdict, Write
from studio.records import Delivery, Record
from studio.serve.bus import LocalBus
from studio.serve.courier import Consumer, Post
from studio.simulation.cluster.memory import MemoryStorage

if TYPE_CHECKING:
    from tests.serve.conftest import ManualClock

pytestmark = pytest.mark.anyio

SECOND_NS = 10**9
OK = Verdict("acknowledged")
REFUSED = Verdict("refused", "Oops")
Answer = Callable[[Envelope, int], Awaitable[Verdict]]


class Recording:
    """A recorder that keeps the outcomes of deliveries."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def write(self, record: Record) -> None:
        self.records.append(record)

    def outcomes(self) -> list[tuple[str, int, str]]:
        return [(each.outcome, each.attempt, each.reason) for each in self.records if isinstance(each, Delivery)]


class Setup:
    """A bus on one storage that can be stopped and started anew, with consumers that do as they are told."""

    def __init__(self, clock: ManualClock) -> None:
        self.clock, self.storage, self.recorder = clock, MemoryStorage(), Recording()
        self.seen: list[tuple[str, int, int]] = []  # consumer, message, attempt
        self.script: dict[str, Answer] = {}
        self.consumers = [Consumer("Shop", "sell", ("Order.created",))]
        self.answer: Callable[[Envelope], Awaitable[Reply]] = self.echo
        self.options: dict[str, Any] = {}

    async def deliver(self, owner: str, subscription: str, envelope: Envelope, attempt: int) -> Verdict:
        self.seen.append((f"{owner}.{subscription}", envelope.message, attempt))
        answer = self.script.get(f"{owner}.{subscription}")
        return await answer(envelope, attempt) if answer else OK

    async def handle(self, owner: str, envelope: Envelope) -> Reply:
        return await self.answer(envelope)

    async def echo(self, envelope: Envelope) -> Reply:
        return Reply("ok", envelope.body)

    def bus(self) -> LocalBus:
        post = Post(self.storage, self.clock, self.deliver, self.recorder)
        owners = {"Shop.sell": "Shop"}
        return LocalBus(post, self.handle, owners=owners, consumers=self.consumers, **self.options)

    async def started(self) -> LocalBus:
        bus = self.bus()
        await bus.start()
        await self.clock.settle()
        return bus

    async def undelivered(self, consumer: str = "Shop.sell") -> list[Document]:
        return await self.storage.find("$bus", consumer)

    async def dead_letters(self) -> list[Any]:
        return [json.loads(found.body) for found in await self.storage.find("Shop", "$dead-letters")]


@pytest.fixture
def setup(clock: ManualClock) -> Setup:
    return Setup(clock)


def event(message: int = 1, address: str = "Order.created", body: bytes = b"{}") -> Envelope:
    return Envelope(message, "event", address, body, "Orders")


def call(deadline_ns: int = 0) -> Envelope:
    return Envelope(1, "call", "Shop.sell", b"[1]", "Orders", deadline_ns=deadline_ns)


async def refuse(envelope: Envelope, attempt: int) -> Verdict:
    return REFUSED


async def hang(envelope: Envelope, attempt: int) -> Verdict:
    await asyncio.Event().wait()
    return OK


# -- events -----------------------------------------------------------------------------------------------------------


async def test_each_consumer_gets_the_events_it_subscribed_to(setup: Setup) -> None:
    setup.consumers += [Consumer("Mail", "all", ("Order.>", "*.created")), Consumer("Mail", "none", ("Order.*.late",))]
    bus = await setup.started()
    await bus.publish(event(1))
    await bus.publish(event(2, "Order.paid"))
    await setup.clock.settle()
    assert sorted(setup.seen) == [("Mail.all", 1, 1), ("Mail.all", 2, 1), ("Shop.sell", 1, 1)]
    assert await setup.undelivered() == await setup.undelivered("Mail.all") == []
    await bus.stop()


async def test_an_event_is_stored_when_publish_returns(setup: Setup) -> None:
    bus = setup.bus()
    await bus.publish(event(7, body='{"naïve": 1.10}'.encode()))
    assert len(await setup.undelivered()) == 1
    received: list[Envelope] = []

    async def keep(envelope: Envelope, attempt: int) -> Verdict:
        received.append(envelope)
        return OK

    setup.script["Shop.sell"] = keep
    other = await setup.started()
    assert received == [event(7, body='{"naïve": 1.10}'.encode())]
    await other.stop()


async def test_a_refused_event_comes_again_with_backoff(setup: Setup) -> None:
    setup.script["Shop.sell"] = refuse
    bus = await setup.started()
    await bus.publish(event())
    attempts = []
    for _ in range(16):
        await setup.clock.advance(0.999)
        attempts.append(len(setup.seen))
        await setup.clock.advance(0.001)
    assert attempts == [1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5]
    await bus.stop()


async def test_an_event_refused_too_often_is_a_dead_letter_with_its_cause(setup: Setup) -> None:
    setup.script["Shop.sell"] = refuse
    bus = await setup.started()
    await bus.publish(event(3, body=b'{"id": 9}'))
    await setup.clock.advance(60)
    letter = {"address": "Order.created", "consumer": "sell", "attempts": 5, "reason": "Oops", "body": '{"id": 9}'}
    assert await setup.dead_letters() == [letter]
    assert await setup.undelivered() == []
    assert setup.recorder.outcomes()[-1] == ("dead-lettered", 5, "Oops")
    await bus.stop()


async def test_a_consumer_may_ask_for_a_delay_or_give_up(setup: Setup) -> None:
    async def answer(envelope: Envelope, attempt: int) -> Verdict:
        return Verdict("refused", "busy", 50 * SECOND_NS) if attempt == 1 else Verdict("dead-lettered", "poison")

    setup.script["Shop.sell"] = answer
    bus = await setup.started()
    await bus.publish(event())
    await setup.clock.advance(49)
    assert len(setup.seen) == 1
    await setup.clock.advance(1)
    assert [(letter["attempts"], letter["reason"]) for letter in await setup.dead_letters()] == [(2, "poison")]
    await bus.stop()


async def test_an_exception_of_the_consumer_is_a_refusal(setup: Setup) -> None:
    async def fail(envelope: Envelope, attempt: int) -> Verdict:
        raise ZeroDivisionError if attempt == 1 else StorageUnavailable(space="Shop", reason="gone")

    setup.script["Shop.sell"] = fail
    bus = await setup.started()
    await bus.publish(event())
    await setup.clock.advance(1)
    assert [reason for outcome, _, reason in setup.recorder.outcomes() if outcome == "refused"] == [
        "ZeroDivisionError",
        "STU422",
    ]
    await bus.stop()


async def test_silence_for_ack_wait_brings_the_event_again_beside_the_first(setup: Setup) -> None:
    setup.script["Shop.sell"] = hang
    bus = await setup.started()
    await bus.publish(event())
    await setup.clock.advance(29)
    assert len(setup.seen) == 1
    await setup.clock.advance(31)
    assert [attempt for _, _, attempt in setup.seen] == [1, 2, 3]
    await setup.clock.advance(90)
    assert [letter["reason"] for letter in await setup.dead_letters()] == ["not acknowledged"]
    await bus.stop()


async def test_a_late_acknowledgement_settles_an_event_that_was_delivered_again(setup: Setup) -> None:
    first_goes_on = asyncio.Event()

    async def answer(envelope: Envelope, attempt: int) -> Verdict:
        if attempt == 1:
            await first_goes_on.wait()
            return OK
        return REFUSED

    setup.script["Shop.sell"] = answer
    bus = await setup.started()
    await bus.publish(event())
    await setup.clock.advance(30.5)
    first_goes_on.set()
    await setup.clock.advance(60)
    assert [attempt for _, _, attempt in setup.seen] == [1, 2]
    assert await setup.undelivered() == []
    await bus.stop()


async def test_a_late_refusal_changes_nothing(setup: Setup) -> None:
    async def answer(envelope: Envelope, attempt: int) -> Verdict:
        if attempt == 1:
            await setup.clock.sleep_ns(35 * SECOND_NS)
            return REFUSED
        await setup.clock.sleep_ns(10 * SECOND_NS)
        return OK

    setup.script["Shop.sell"] = answer
    bus = await setup.started()
    await bus.publish(event())
    await setup.clock.advance(100)
    assert [attempt for _, _, attempt in setup.seen] == [1, 2]
    assert await setup.dead_letters() == []
    await bus.stop()


async def test_in_flight_bounds_the_events_under_way(setup: Setup) -> None:
    goes_on = asyncio.Event()

    async def answer(envelope: Envelope, attempt: int) -> Verdict:
        await goes_on.wait()
        return OK

    setup.consumers = [Consumer("Shop", "sell", ("Order.created",), in_flight=2)]
    setup.script["Shop.sell"] = answer
    bus = await setup.started()
    for message in range(1, 6):
        await bus.publish(event(message))
    await setup.clock.settle()
    assert [message for _, message, _ in setup.seen] == [1, 2]
    goes_on.set()
    await setup.clock.settle()
    assert [message for _, message, _ in setup.seen] == [1, 2, 3, 4, 5]
    await bus.stop()


async def test_one_in_flight_keeps_the_order_through_refusals(setup: Setup) -> None:
    async def answer(envelope: Envelope, attempt: int) -> Verdict:
        return REFUSED if attempt < envelope.message else OK

    setup.consumers = [Consumer("Shop", "sell", ("Order.created",), in_flight=1)]
    setup.script["Shop.sell"] = answer
    bus = await setup.started()
    for message in (1, 2, 3):
        await bus.publish(event(message))
    await setup.clock.advance(10)
    assert [(message, attempt) for _, message, attempt in setup.seen] == [
        (1, 1),
        (2, 1),
        (2, 2),
        (3, 1),
        (3, 2),
        (3, 3),
    ]
    await bus.stop()


async def test_one_message_id_is_stored_once_within_the_window(setup: Setup) -> None:
    bus = await setup.started()
    await asyncio.gather(bus.publish(event()), bus.publish(event()))
    await setup.clock.advance(119)
    await bus.publish(event())
    await bus.stop()
    bus = await setup.started()
    await bus.publish(event())
    await setup.clock.settle()
    assert len(setup.seen) == 1
    await setup.clock.advance(2)
    await bus.publish(event())
    await setup.clock.settle()
    assert len(setup.seen) == 2
    await bus.stop()


async def test_old_message_ids_are_forgotten(setup: Setup) -> None:
    setup.options["marks"] = 3
    bus = await setup.started()
    for message in range(1, 20):
        await bus.publish(event(message))
    assert len(await setup.storage.find("$bus", "$published")) <= 4
    await setup.clock.advance(121)
    for message in (100, 101):
        await bus.publish(event(message))
    assert len(await setup.storage.find("$bus", "$published")) <= 3
    await bus.stop()


async def test_forgetting_an_id_spares_its_second_use(setup: Setup) -> None:
    bus = await setup.started()
    for message in range(1, 7):
        await bus.publish(event(message))
    await setup.clock.advance(121)
    for message in (6, 7, 8):
        await bus.publish(event(message))
    await bus.stop()
    bus = await setup.started()
    await bus.publish(event(6))
    await setup.clock.settle()
    assert [message for _, message, _ in setup.seen].count(6) == 2
    await bus.stop()


async def test_what_was_not_acknowledged_is_delivered_after_a_restart(setup: Setup) -> None:
    setup.script["Shop.sell"] = hang
    bus = await setup.started()
    for message in (1, 2):
        await bus.publish(event(message))
    await setup.clock.settle()
    await asyncio.gather(bus.stop(SECOND_NS), setup.clock.advance(2))
    setup.script.clear()
    bus = await setup.started()
    assert [(message, attempt) for _, message, attempt in setup.seen] == [(1, 1), (2, 1), (1, 2), (2, 2)]
    await bus.stop()


async def test_a_delivery_that_kills_the_process_counts(setup: Setup) -> None:
    setup.script["Shop.sell"] = hang
    for _ in range(5):
        bus = await setup.started()
        await bus.publish(event())
        await setup.clock.settle()
        await bus.stop(0)
    bus = await setup.started()
    assert len(setup.seen) == 5
    assert [letter["attempts"] for letter in await setup.dead_letters()] == [5]
    await bus.stop()


async def test_a_backoff_outlasts_a_restart(setup: Setup) -> None:
    setup.script["Shop.sell"] = refuse
    bus = await setup.started()
    await bus.publish(event())
    await setup.clock.settle()
    await bus.stop()
    bus = await setup.started()
    await setup.clock.advance(0.5)
    assert len(setup.seen) == 1
    await setup.clock.advance(0.5)
    assert len(setup.seen) == 2
    await bus.stop()


@pytest.mark.parametrize("at_hand", [1, 2, 7])
async def test_a_backlog_greater_than_memory_loses_nothing(setup: Setup, at_hand: int) -> None:
    setup.options["at_hand"] = at_hand
    setup.consumers = [Consumer("Shop", "sell", ("Order.created",), in_flight=2)]
    bus = setup.bus()
    for message in range(10):
        await bus.publish(event(message))
    await bus.start()
    await asyncio.gather(*(bus.publish(event(message)) for message in range(10, 30)))
    for _ in range(10):
        await setup.clock.settle()
    assert [message for _, message, _ in setup.seen] == list(range(30))
    await bus.stop()


class Failing(MemoryStorage):
    """A storage that can be switched off."""

    is_off = False

    async def commit(self, writes: Any) -> tuple[int, ...]:
        if self.is_off:
            raise StorageUnavailable(space="$bus", reason="off")
        return await super().commit(writes)

    async def find(self, *arguments: Any, **options: Any) -> list[Document]:
        if self.is_off:
            raise StorageUnavailable(space="$bus", reason="off")
        return await super().find(*arguments, **options)


async def test_an_event_that_cannot_be_stored_is_not_published(setup: Setup) -> None:
    storage = setup.storage = Failing()
    bus = await setup.started()
    storage.is_off = True
    with pytest.raises(PublishFailed):
        await bus.publish(event())
    storage.is_off = False
    await bus.publish(event())
    await setup.clock.settle()
    assert len(setup.seen) == 1
    await bus.stop()


async def test_a_storage_that_comes_back_ends_what_had_begun(setup: Setup) -> None:
    storage = setup.storage = Failing()

    async def off(envelope: Envelope, attempt: int) -> Verdict:
        storage.is_off = True
        return OK

    setup.script["Shop.sell"] = off
    bus = await setup.started()
    await bus.publish(event())
    await setup.clock.advance(3)
    storage.is_off = False
    await setup.clock.advance(40)
    assert len(setup.seen) == 1
    assert await setup.undelivered() == []
    await bus.stop()


async def test_a_cancelled_publish_is_delivered_if_it_was_stored(setup: Setup) -> None:
    bus = await setup.started()
    task = asyncio.create_task(bus.publish(event()))
    await asyncio.sleep(0)
    task.cancel()
    await setup.clock.settle()
    assert task.cancelled()
    assert len(setup.seen) == 1
    await bus.stop()


async def test_stopping_lets_handlers_finish_and_takes_nothing_more(setup: Setup) -> None:
    async def answer(envelope: Envelope, attempt: int) -> Verdict:
        await setup.clock.sleep_ns(5 * SECOND_NS)
        await bus.publish(event(envelope.message + 1, "Order.created"))
        return OK

    setup.script["Shop.sell"] = answer
    bus = await setup.started()
    await bus.publish(event())
    await setup.clock.settle()
    await asyncio.gather(bus.stop(), setup.clock.advance(6))
    assert len(setup.seen) == 1
    assert len(await setup.undelivered()) == 1
    with pytest.raises(PublishFailed):
        await bus.publish(event(9))
    with pytest.raises(ServiceUnavailable):
        await bus.request(call())


# -- streams ----------------------------------------------------------------------------------------------------------


async def test_a_stream_shows_events_from_now_on_until_the_bus_stops(setup: Setup) -> None:
    bus = await setup.started()
    await bus.publish(event(1))
    stream = bus.stream("Order.*")
    await bus.publish(event(2))
    await bus.publish(event(3, "Cart.created"))
    await bus.publish(event(4, "Order.paid"))
    await bus.stop()
    assert [envelope.message async for envelope in stream] == [2, 4]
    assert [envelope async for envelope in bus.stream("Order.*")] == []


async def test_a_slow_reader_misses_the_oldest(setup: Setup) -> None:
    bus = await setup.started()
    stream = bus.stream("Order.created")
    for message in range(1003):
        await bus.publish(event(message))
    assert (await anext(stream)).message == 3
    await bus.stop()


# -- calls ------------------------------------------------------------------------------------------------------------


async def test_a_call_is_answered(setup: Setup) -> None:
    bus = await setup.started()
    assert await bus.request(call()) == Reply("ok", b"[1]")
    assert [outcome for outcome, _, _ in setup.recorder.outcomes()] == ["delivered", "replied"]
    await bus.stop()


async def test_a_call_without_an_owner_or_a_replica_has_not_run(setup: Setup) -> None:
    async def nobody(envelope: Envelope) -> Reply:
        raise ServiceUnavailable(address=envelope.address, service="Shop")

    setup.answer = nobody
    bus = await setup.started()
    for address in ("Shop.sell", "Shop.unknown"):
        with pytest.raises(ServiceUnavailable):
            await bus.request(Envelope(1, "call", address, b"", "Orders"))
    await bus.stop()


async def test_a_call_that_takes_too_long_goes_on_without_its_caller(setup: Setup) -> None:
    ended = []

    async def slow(envelope: Envelope) -> Reply:
        await setup.clock.sleep_ns(10 * SECOND_NS)
        ended.append(envelope.message)
        return Reply("ok", b"")

    setup.answer = slow
    bus = await setup.started()
    task = asyncio.create_task(bus.request(call(setup.clock.now_ns() + 5 * SECOND_NS)))
    await setup.clock.advance(5)
    with pytest.raises(CallTimeout, match="5 s"):
        await task
    await setup.clock.advance(5)
    assert ended == [1]
    with pytest.raises(CallTimeout):
        await bus.request(call(setup.clock.now_ns()))
    await bus.stop()


async def test_cancelling_does_not_recall_a_call(setup: Setup) -> None:
    ended = []

    async def slow(envelope: Envelope) -> Reply:
        await setup.clock.sleep_ns(SECOND_NS)
        ended.append(envelope.message)
        raise ServiceUnavailable(address=envelope.address, service="Shop")

    setup.answer = slow
    bus = await setup.started()
    task = asyncio.create_task(bus.request(call()))
    await setup.clock.settle()
    task.cancel()
    await setup.clock.advance(2)
    assert task.cancelled()
    assert ended == [1]
    await bus.stop()


async def test_a_callee_that_breaks_is_a_failed_reply(setup: Setup) -> None:
    async def broken(envelope: Envelope) -> Reply:
        raise KeyError(envelope.message)

    setup.answer = broken
    bus = await setup.started()
    assert await bus.request(call()) == Reply("failed", b"", "KeyError")
    await bus.stop()


async def test_handlers_see_nothing_of_their_caller_but_the_message(setup: Setup) -> None:
    variable: ContextVar[str] = ContextVar("variable", default="")
    seen = []

    async def look(envelope: Envelope, attempt: int = 0) -> Any:
        seen.append(variable.get())
        return OK if attempt else Reply("ok", b"")

    setup.answer, setup.script["Shop.sell"] = look, look
    bus = await setup.started()
    variable.set("the caller's")
    await bus.request(call())
    await bus.publish(event())
    await setup.clock.settle()
    assert seen == ["", ""]
    await bus.stop()


async def test_a_consumer_that_is_gone_keeps_its_events(setup: Setup) -> None:
    await setup.bus().publish(event())
    setup.consumers, kept = [], setup.consumers
    await (await setup.started()).stop()
    setup.consumers = kept
    bus = await setup.started()
    assert len(setup.seen) == 1
    await bus.stop()


async def test_stored_deliveries_carry_what_a_later_version_adds(setup: Setup) -> None:
    await setup.bus().publish(event())
    stored = (await setup.undelivered())[0]
    body = json.loads(stored.body)
    body["envelope"]["priority"] = 1
    await setup.storage.commit([Write("$bus", "Shop.sell", stored.key, json.dumps(body).encode())])
    bus = await setup.started()
    assert len(setup.seen) == 1
    await bus.stop()
