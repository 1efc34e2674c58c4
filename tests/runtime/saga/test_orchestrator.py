"""Many instances at once: triggers that start or join one, and what a crash leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from studio.errors import StorageUnavailable
from studio.ports import Envelope, Reply
from studio.records import SagaChange

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench

Run = Callable[..., Any]


def test_a_repeated_trigger_joins_and_is_acknowledged(
    shop: Bench, buy: Run, triggered: Callable[..., Envelope]
) -> None:
    saga = buy("o1")
    verdict = shop.run(saga.handle_event(triggered("o1"), 2))
    assert verdict.outcome == "acknowledged"
    assert shop.states == ["running", "completed"]


def test_triggers_at_once_start_one_instance(shop: Bench, triggered: Callable[..., Envelope]) -> None:
    saga = shop.saga("Buying")

    async def main() -> None:
        await asyncio.gather(*(saga.handle_event(triggered("o1"), 1) for _ in range(3)))
        await saga.settled()

    shop.run(main())
    assert [change.epoch for change in shop.of(SagaChange)] == [1, 1]
    assert len(shop.called("Bank.pay")) == 1


def test_a_trigger_is_acknowledged_once_it_is_journalled_and_before_its_steps_end(
    shop: Bench, triggered: Callable[..., Envelope], ill: Mapping[str, Any]
) -> None:
    saga = shop.saga("Buying")
    shop.bus.script["Stock.reserve"] = ill["hang"]
    assert shop.run(saga.handle_event(triggered("o1"), 1)).outcome == "acknowledged"
    assert shop.states == ["running"]


def test_a_trigger_that_cannot_be_read_is_refused(shop: Bench, triggered: Callable[..., Envelope]) -> None:
    saga, bad = shop.saga("Buying"), triggered("o1")
    bad.body = b'{"identity": 1}'
    assert shop.run(saga.handle_event(bad, 1)) == ("refused", "STU150", 0)
    assert shop.states == []


def test_a_trigger_is_refused_while_the_storage_is_away(shop: Bench, triggered: Callable[..., Envelope]) -> None:
    shop.storage_fails = [StorageUnavailable(space="Buying", reason="down")]
    verdict = shop.run(shop.saga("Buying").handle_event(triggered("o1"), 1))
    assert (verdict.outcome, verdict.reason) == ("refused", "STU422")


def test_the_journal_waits_for_a_storage_that_comes_back(shop: Bench, triggered: Callable[..., Envelope]) -> None:
    saga = shop.saga("Buying")

    async def main() -> None:
        await saga.handle_event(triggered("o1"), 1)
        shop.storage_fails = [StorageUnavailable(space="Buying", reason="down")] * 5
        await saga.settled()

    shop.run(main())
    assert shop.states == ["running", "completed"]


def test_only_so_many_instances_run_at_once(shop: Bench, buy: Run) -> None:
    at_once = [0, 0]

    async def answer(_: Envelope) -> Reply:
        at_once[0] += 1
        at_once[1] = max(at_once)
        await asyncio.sleep(1)
        at_once[0] -= 1
        return Reply("ok", b'{"by": "x"}')

    shop.bus.script["Stock.reserve"] = answer
    saga = shop.saga("Buying", running_max=2)
    shop.run(_deliver_all(saga, [f"o{at}" for at in range(5)]))
    assert at_once == [0, 2]
    assert shop.states.count("completed") == 5


@pytest.mark.parametrize(
    ("point", "attempts"), [("before-handler", 1), ("before-journal", 2)], ids=["not run yet", "outcome not written"]
)
def test_a_step_without_an_outcome_is_asked_again_under_its_key(
    shop: Bench, buy: Run, crash: type[BaseException], point: str, attempts: int
) -> None:
    shop.crash_at = (point, "Buying.check")
    buy("o1")
    buy("o2")
    calls = [call for call in shop.called("Bank.check") if call.saga == "Buying/o1"]
    assert [call.idempotency for call in calls] == ["Buying/o1/check/Bank.check/1"] * attempts
    assert calls[-1].epoch == 2
    assert len([call for call in shop.called("Stock.reserve") if call.saga == "Buying/o1"]) == 1
    assert shop.states.count("completed") == 2


def test_a_crash_before_the_acknowledgement_starts_it_once(
    shop: Bench, buy: Run, crash: type[BaseException], triggered: Callable[..., Envelope]
) -> None:
    shop.crash_at = ("before-acknowledge", "Order.created")
    with pytest.raises(crash):
        buy("o1")
    buy("o1")
    assert [change.state for change in shop.of(SagaChange)] == ["running", "running", "completed"]
    assert len(shop.called("Bank.pay")) == 1


def test_a_pivot_that_a_crash_left_open_is_not_known_never_to_have_run(
    shop: Bench, buy: Run, ill: Mapping[str, Any]
) -> None:
    shop.crash_at = ("before-journal", "Buying.pay")
    buy("o1")
    shop.bus.script["Bank.pay"] = ill["unavailable"]
    buy("o1")
    assert shop.states[-1] == "stuck"


def test_a_crash_while_undoing_goes_on_undoing(
    shop: Bench, buy: Run, crash: type[BaseException], ill: Mapping[str, Any]
) -> None:
    shop.bus.script["Bank.pay"] = ill["declined"]
    shop.crash_at = ("during-compensation", "Buying.reserve")
    buy("o1")
    buy("o1")
    assert len(shop.called("Bank.uncheck")) == len(shop.called("Stock.release")) == 1
    assert shop.called("Stock.release")[0].epoch == 3
    assert shop.states[-1] == "compensated"


def test_a_crash_between_the_end_and_its_event_does_not_lose_the_event(
    shop: Bench, buy: Run, crash: type[BaseException]
) -> None:
    shop.crash_at = ("before-publish", "Order.completed")
    buy("o1")
    assert shop.published("Order.completed") == []
    shop.restart()
    assert len(shop.published("Order.completed")) == 1
    assert shop.keys("Buying", "$outbox") == []


def test_a_bus_that_does_not_confirm_gets_the_event_later(shop: Bench, triggered: Callable[..., Envelope]) -> None:
    saga = shop.saga("Buying")
    shop.bus.refusals = 3

    async def main() -> None:
        await saga.handle_event(triggered("o1"), 1)
        await saga.settled()
        await asyncio.sleep(60)

    shop.run(main())
    assert len(shop.published("Order.completed")) == 1
    assert shop.keys("Buying", "$outbox") == []


def test_an_orchestrator_that_was_replaced_stops_without_acting(
    shop: Bench, triggered: Callable[..., Envelope]
) -> None:
    async def main() -> None:
        paused, gate = shop.saga("Buying"), asyncio.Event()

        async def answer(envelope: Envelope) -> Reply:
            if envelope.epoch == 1:
                await gate.wait()
            return Reply("ok", b'{"by": "x"}')

        shop.bus.script["Bank.check"] = answer
        await paused.handle_event(triggered("o1"), 1)
        await asyncio.sleep(1)
        other = shop.saga("Buying")
        await other.start()
        await other.settled()
        gate.set()
        await paused.settled()

    shop.run(main())
    assert {call.epoch for call in shop.called("Bank.pay")} == {2}
    assert shop.states == ["running", "running", "completed"]
    assert [span.error for span in shop.spans("saga")] == ["", "STU423"]


def test_a_callee_that_has_seen_a_newer_orchestrator_stops_this_one(
    shop: Bench, buy: Run, ill: Mapping[str, Any]
) -> None:
    shop.bus.script["Bank.check"] = ill["fenced"]
    buy("o1")
    assert shop.marks[-1] == "check intent"
    assert shop.states == ["running"]


def test_a_replica_takes_over_its_own_instances_and_those_of_replicas_that_are_gone(
    shop: Bench, triggered: Callable[..., Envelope]
) -> None:
    for number in (1, 2):
        shop.crash_at = ("before-handler", "Buying.reserve")
        shop.run(_deliver_all(shop.saga("Buying", number=number), [f"o{number}"]))
    saga = shop.saga("Buying")
    saga.saga.replicas = 2
    shop.restart(saga)
    assert shop.states.count("completed") == 1
    shop.restart()
    assert shop.states.count("completed") == 2


def test_stopping_waits_for_its_grace_then_leaves_the_rest_to_the_next_start(
    shop: Bench, triggered: Callable[..., Envelope], ill: Mapping[str, Any]
) -> None:
    async def main() -> None:
        saga = shop.saga("Buying")
        shop.bus.script["Bank.check"] = ill["hang"]
        await saga.handle_event(triggered("o1"), 1)
        await saga.stop(grace_ns=1_000_000_000)

    shop.run(main())
    del shop.bus.script["Bank.check"]
    assert shop.marks[-1] == "check intent"
    shop.restart()
    assert shop.states[-1] == "completed"


async def _deliver_all(saga: Any, keys: list[str]) -> None:
    for at, key in enumerate(keys):
        body = f'{{"id": "{key}"}}'.encode()
        await saga.handle_event(Envelope(at + 1, "event", "Order.created", body, "Web", key=key), 1)
    await saga.settled()
