"""One instance: forward through its steps, back through its compensations, or stuck."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from studio.ports import Envelope, Reply
from studio.records import SagaChange, SagaStep

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench

FORWARD = [f"{step} {phase}" for step in ("reserve", "check", "pay", "ship") for phase in ("intent", "done")]


def test_all_steps_done_completes_and_publishes_the_trigger(shop: Bench, buy: Callable[..., Any]) -> None:
    buy("o1")
    assert shop.states == ["running", "completed"]
    assert shop.marks == FORWARD
    (event,) = shop.published("Order.completed")
    assert (event.body, event.key, event.trace, event.sender) == (b'{"id": "o1"}', "o1", 77, "Buying")


def test_results_reach_later_steps_by_name(shop: Bench, buy: Callable[..., Any]) -> None:
    shop.bus.script["Stock.reserve"] = _answering(b'{"by": "shelf"}')
    buy("o1")
    assert shop.called("Bank.check")[0].body == b'{"id":"shelf"}'


def test_results_are_journalled_encoded(shop: Bench, buy: Callable[..., Any]) -> None:
    buy("o1")
    done = {record.step: record.body for record in shop.of(SagaStep) if record.phase == "done"}
    assert done == {"reserve": '{"by":"o1"}', "check": '{"by":"o1"}', "pay": '{"by":"o1"}', "ship": "null"}


def test_calls_carry_instance_epoch_and_a_key_of_instance_and_step(shop: Bench, buy: Callable[..., Any]) -> None:
    buy("o1")
    call = shop.called("Bank.pay")[0]
    assert (call.saga, call.epoch, call.trace) == ("Buying/o1", 1, 77)
    assert call.idempotency == "Buying/o1/pay/Bank.pay/1"


def test_repeated_attempts_keep_the_key(shop: Bench, buy: Callable[..., Any], ill: Mapping[str, Any]) -> None:
    shop.bus.script["Bank.pay"] = _in_turn(ill["timeout"], _answering(b'{"by": "x"}'))
    buy("o1")
    keys = [call.idempotency for call in shop.called("Bank.pay")]
    assert keys == ["Buying/o1/pay/Bank.pay/1"] * 2
    assert shop.states[-1] == "completed"


def test_a_declared_error_is_not_tried_again_and_undoes_in_reverse(
    shop: Bench, buy: Callable[..., Any], ill: Mapping[str, Any]
) -> None:
    shop.bus.script["Bank.check"] = ill["declined"]
    buy("o1")
    assert len(shop.called("Bank.check")) == 1
    assert shop.marks[2:] == [
        "check intent", "check failed",
        "check compensating", "check compensated", "reserve compensating", "reserve compensated",
    ]  # fmt: skip
    assert shop.states == ["running", "compensating", "compensated"]
    assert len(shop.published("Order.failed")) == 1


@pytest.mark.parametrize("how", ["timeout", "broken", "hang"])
def test_an_unknown_outcome_is_retried_then_undone_without_a_result(
    shop: Bench, buy: Callable[..., Any], ill: Mapping[str, Any], how: str
) -> None:
    shop.bus.script["Stock.reserve"] = ill[how]
    buy("o1")
    assert len(shop.called("Stock.reserve")) == 2
    assert "reserve unknown" in shop.marks
    assert shop.called("Stock.release")[0].body == b'{"by":"nobody knows"}'
    assert shop.states[-1] == "compensated"


def test_a_compensation_gets_what_the_step_returned(
    shop: Bench, buy: Callable[..., Any], ill: Mapping[str, Any]
) -> None:
    shop.bus.script["Bank.pay"] = ill["declined"]
    buy("o1")
    assert shop.called("Stock.release")[0].body == b'{"by":"o1"}'
    assert shop.called("Stock.release")[0].idempotency == "Buying/o1/reserve/undo/Stock.release/1"


def test_undoing_raises_the_epoch_before_anything_is_undone(
    shop: Bench, buy: Callable[..., Any], ill: Mapping[str, Any]
) -> None:
    shop.bus.script["Bank.pay"] = ill["declined"]
    buy("o1")
    assert {call.epoch for call in shop.called("Stock.release") + shop.called("Bank.uncheck")} == {2}
    assert [(change.state, change.epoch) for change in shop.of(SagaChange)] == [
        ("running", 1), ("compensating", 2), ("compensated", 2),
    ]  # fmt: skip


def test_callees_refuse_the_late_action_of_a_step_that_was_undone(
    shop: Bench, buy: Callable[..., Any], ill: Mapping[str, Any]
) -> None:
    shop.bus.script["Stock.reserve"] = ill["timeout"]
    buy("o1")
    late = shop.called("Stock.reserve")[0]
    late.deadline_ns = 0
    reply = shop.run(shop.bus.replicas["Stock"].handle_call(late))
    assert (reply.status, reply.code) == ("refused", "STU423")


def test_a_pivot_of_unknown_outcome_is_stuck_neither_undone_nor_passed(
    shop: Bench, buy: Callable[..., Any], ill: Mapping[str, Any]
) -> None:
    shop.bus.script["Bank.pay"] = ill["timeout"]
    buy("o1")
    assert shop.states == ["running", "stuck"]
    assert shop.of(SagaChange)[-1].reason == "STU410"
    assert shop.called("Stock.release") == shop.called("Parcel.ship") == []


def test_a_pivot_that_nobody_took_has_not_happened_and_is_undone(
    shop: Bench, buy: Callable[..., Any], ill: Mapping[str, Any]
) -> None:
    shop.bus.script["Bank.pay"] = ill["unavailable"]
    buy("o1")
    assert shop.states[-1] == "compensated"


def test_a_pivot_that_timed_out_before_nobody_took_it_stays_unknown(
    shop: Bench, buy: Callable[..., Any], ill: Mapping[str, Any]
) -> None:
    shop.bus.script["Bank.pay"] = _in_turn(ill["timeout"], ill["unavailable"])
    buy("o1")
    assert shop.states[-1] == "stuck"


def test_a_retriable_step_is_tried_again_after_declared_errors_too(
    shop: Bench, buy: Callable[..., Any], ill: Mapping[str, Any]
) -> None:
    shop.bus.script["Parcel.ship"] = _in_turn(ill["declined"], _answering(b"null"))
    buy("o1")
    assert shop.states[-1] == "completed"


def test_a_retriable_step_out_of_attempts_is_stuck(
    shop: Bench, buy: Callable[..., Any], ill: Mapping[str, Any]
) -> None:
    shop.bus.script["Parcel.ship"] = ill["broken"]
    buy("o1")
    assert shop.states == ["running", "stuck"]
    assert shop.called("Stock.release") == []


def test_a_compensation_out_of_attempts_is_stuck_published_and_dead_lettered(
    shop: Bench, buy: Callable[..., Any], ill: Mapping[str, Any]
) -> None:
    shop.bus.script.update({"Bank.pay": ill["declined"], "Stock.release": ill["broken"]})
    buy("o1")
    assert len(shop.called("Stock.release")) == 2
    assert shop.marks[-1] == "reserve compensation-failed"
    assert shop.states == ["running", "compensating", "stuck"]
    assert len(shop.published("Order.stuck")) == 1
    assert shop.keys("Buying", "$dead-letters") == ["Buying/o1"]


def test_an_attempt_has_a_timeout_of_its_own(shop: Bench, buy: Callable[..., Any], ill: Mapping[str, Any]) -> None:
    shop.bus.script["Stock.reserve"] = ill["hang"]
    buy("o1")
    first, second = shop.called("Stock.reserve")
    assert second.deadline_ns - first.deadline_ns == 6_000_000_000  # 5 s of waiting, 1 s until the next attempt
    assert [span.status for span in shop.spans("step")] == ["timeout", "timeout"]


def test_an_instance_has_one_span_and_each_attempt_one_below_it(
    shop: Bench, buy: Callable[..., Any], ill: Mapping[str, Any]
) -> None:
    shop.bus.script["Bank.pay"] = ill["declined"]
    buy("o1")
    (saga,) = shop.spans("saga")
    assert (saga.parent, saga.trace, saga.saga, saga.status) == (5, 77, "Buying/o1", "error")
    steps, undoings = shop.spans("step"), shop.spans("compensation")
    assert [span.name for span in steps] == ["Buying.reserve", "Buying.check", "Buying.pay"]
    assert [span.name for span in undoings] == ["Buying.uncheck", "Buying.release"]
    assert {span.parent for span in steps + undoings} == {saga.span}
    assert steps[0].cell == "saga Buying"
    assert steps[0].line > 0
    assert {call.parent for call in shop.spans("call")} == {span.span for span in steps + undoings}


def test_a_step_without_a_compensation_is_skipped_when_undoing(
    with_saga: Callable[[str], Bench], delivered: Callable[..., Any], ill: Mapping[str, Any]
) -> None:
    shop = with_saga("""
        %%saga Buying --on $.Order.created
        @saga.step
        async def check(order: Order) -> Held:
            return await send($.Bank.check, order)

        @saga.step
        async def pay(order: Order) -> Held:
            return await send($.Bank.pay, order)
    """)
    shop.bus.script["Bank.pay"] = ill["declined"]
    shop.run(delivered(shop.saga("Buying")))
    assert shop.states == ["running", "compensating", "compensated"]


def test_the_wrong_type_of_result_fails_the_step(
    with_saga: Callable[[str], Bench], delivered: Callable[..., Any]
) -> None:
    shop = with_saga("""
        %%saga Buying --on $.Order.created
        @saga.step(retry=Retry(attempts=1))
        async def check(order: Order) -> Held:
            return 7
    """)
    shop.run(delivered(shop.saga("Buying")))
    assert shop.states[-1] == "compensated"
    assert shop.of(SagaChange)[-1].reason == "STU416"


def test_points_are_named_by_saga_and_step(shop: Bench, buy: Callable[..., Any], ill: Mapping[str, Any]) -> None:
    shop.bus.script["Bank.check"] = ill["declined"]
    buy("o1")
    reached = [point for point in shop.process.reached if point[1].startswith("Buying.")]
    assert reached == [
        ("before-handler", "Buying.reserve"), ("before-journal", "Buying.reserve"),
        ("before-handler", "Buying.check"), ("before-journal", "Buying.check"),
        ("during-compensation", "Buying.check"), ("before-journal", "Buying.check"),
        ("during-compensation", "Buying.reserve"), ("before-journal", "Buying.reserve"),
    ]  # fmt: skip


def _answering(body: bytes) -> Any:
    return lambda _: Reply("ok", body)


def _in_turn(*callees: Any) -> Any:
    """Return a callee that is another one at each call."""
    remaining = list(callees)

    def answer(envelope: Envelope) -> Any:
        return remaining.pop(0)(envelope)

    return answer
