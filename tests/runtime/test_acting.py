"""What travels on with a call or an event, and how calls are retried."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from studio.ports import Envelope, Reply

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench

CELLS = (
    """
    %%contracts relay
    class Note(Contract):
        id: str

    class Refused(ServiceError): ...

    event($.Note.sent, Note, key="id")
    """,
    """
    %%service Back
    @service.operation($.Back.once, raises=[Refused], timeout="2s")
    async def once(note: Note) -> Note:
        return note

    @service.operation($.Back.again, idempotent=True, raises=[Refused], timeout="2s",
                       retry=Retry(attempts=3, backoff="fixed", first="1s", jitter=0))
    async def again(note: Note) -> Note:
        return note
    """,
    """
    %%service Front
    @service.operation($.Front.once)
    async def once(note: Note) -> Note:
        return await Back.once(note)

    @service.operation($.Front.again)
    async def again(note: Note) -> str:
        try:
            return (await Back.again(note)).id
        except Exception as error:
            return type(error).__name__

    @service.operation($.Front.both)
    async def both(note: Note) -> None:
        await Back.once(note)
        await publish($.Note.sent, note)
        await Back.once(note)

    @service.operation($.Front.wrong)
    async def wrong(note: Note) -> None:
        await call($.Back.once, 7)
    """,
)


@pytest.fixture
def relay(bench: Callable[..., Bench]) -> Bench:
    relay = bench(*CELLS)
    relay.replica("Back")
    return relay


def ask(relay: Bench, operation: str, **fields: Any) -> Reply:
    envelope = Envelope(1, "call", f"Front.{operation}", b'{"id": "n"}', "Web", trace=7, idempotency="key")
    for name, value in fields.items():
        setattr(envelope, name, value)
    return relay.run(relay.replica("Front").handle_call(envelope))


def test_trace_saga_epoch_principal_and_key_travel_on(relay: Bench) -> None:
    assert ask(relay, "once", saga="S/1", epoch=3, principal="ada").status == "ok"
    (sent,) = relay.bus.calls
    assert (sent.trace, sent.saga, sent.epoch, sent.principal, sent.cause) == (7, "S/1", 3, "ada", 1)
    assert sent.idempotency == "key/Back.once/1"
    assert sent.span == relay.spans("call")[0].span


def test_every_send_of_a_handling_has_a_key_of_its_own(relay: Bench) -> None:
    ask(relay, "both")
    assert [call.idempotency for call in relay.bus.calls] == ["key/Back.once/1", "key/Back.once/3"]
    assert relay.bus.events[0].idempotency == "key/Note.sent/2"
    assert (relay.bus.events[0].key, relay.bus.events[0].saga) == ("n", "")
    assert len({each.causal for each in relay.bus.calls + relay.bus.events}) == 3


def test_a_callee_gets_no_more_time_than_the_caller_has(relay: Bench) -> None:
    ask(relay, "once", deadline_ns=1_500_000_000)  # the clock stands at 1 s, and the callee has 2 s
    assert relay.bus.calls[0].deadline_ns == 1_500_000_000


@pytest.mark.parametrize(
    ("how", "answer"),
    [("timeout", "CallTimeout"), ("unavailable", "ServiceUnavailable"), ("broken", "UndeclaredError")],
)
def test_an_idempotent_call_is_tried_again_under_one_key(
    relay: Bench, ill: Mapping[str, Any], how: str, answer: str
) -> None:
    relay.bus.script["Back.again"] = ill[how]
    assert ask(relay, "again").body.decode() == f'"{answer}"'
    assert [call.attempt for call in relay.bus.calls] == [1, 2, 3]
    assert len({call.idempotency for call in relay.bus.calls}) == 1
    deadlines = [call.deadline_ns for call in relay.bus.calls]
    assert deadlines == [3_000_000_000, 4_000_000_000, 5_000_000_000]


@pytest.mark.parametrize(("how", "answer"), [("invalid", "CallRefused"), ("fenced", "Fenced")])
def test_a_refusal_is_not_tried_again(relay: Bench, ill: Mapping[str, Any], how: str, answer: str) -> None:
    relay.bus.script["Back.again"] = ill[how]
    assert ask(relay, "again").body.decode() == f'"{answer}"'
    assert len(relay.bus.calls) == 1


def test_an_overloaded_callee_is_asked_again(relay: Bench) -> None:
    answers = [Reply("refused", b"full", "STU414"), Reply("ok", b'{"id": "n"}')]
    relay.bus.script["Back.again"] = lambda _: answers.pop(0)
    assert ask(relay, "again").body == b'"n"'


def test_a_business_error_is_not_tried_again(relay: Bench) -> None:
    relay.bus.script["Back.again"] = lambda _: Reply("error", b'{"text": "", "fields": {}}', "Refused")
    assert ask(relay, "again").body == b'"Refused"'
    assert len(relay.bus.calls) == 1


def test_one_unknown_outcome_makes_the_call_unknown(relay: Bench, ill: Mapping[str, Any]) -> None:
    callees = [ill["unavailable"], ill["timeout"], ill["unavailable"]]

    def answer(envelope: Envelope) -> Any:
        return callees.pop(0)(envelope)

    relay.bus.script["Back.again"] = answer
    assert ask(relay, "again").body == b'"CallTimeout"'


def test_a_call_of_no_idempotent_operation_is_made_once(relay: Bench, ill: Mapping[str, Any]) -> None:
    relay.bus.script["Back.once"] = ill["timeout"]
    assert ask(relay, "once").code == "STU410"
    assert len(relay.bus.calls) == 1


def test_a_message_of_another_type_is_refused_before_it_is_sent(relay: Bench) -> None:
    assert ask(relay, "wrong").code == "STU150"
    assert relay.bus.calls == []


# -- fences -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("epochs", "statuses"),
    [
        ([1, 1, 2, 2], ["ok", "ok", "ok", "ok"]),
        ([2, 1], ["ok", "refused"]),
        ([3, 2, 4, 3], ["ok", "refused", "ok", "refused"]),
    ],
)
def test_a_callee_refuses_a_lower_epoch_than_it_has_seen(relay: Bench, epochs: list[int], statuses: list[str]) -> None:
    found = [ask(relay, "once", saga="S/1", epoch=epoch).status for epoch in epochs]
    assert found == statuses


def test_a_fence_is_of_one_instance(relay: Bench) -> None:
    ask(relay, "once", saga="S/1", epoch=2)
    assert ask(relay, "once", saga="S/2", epoch=1).status == "ok"


def test_epochs_that_arrive_at_once_leave_the_highest(relay: Bench) -> None:
    replica = relay.replica("Back")

    async def main() -> None:
        for epochs in ([2, 3], [4, 3]):
            calls = [Envelope(1, "call", "Back.once", b'{"id": "n"}', "W", saga="S/1", epoch=each) for each in epochs]
            await asyncio.gather(*(replica.handle_call(each) for each in calls))

    relay.run(main())
    found = relay.run(relay.storage.get("Back", "$fences", "S/1"))
    assert found is not None
    assert found.body == b"4"
