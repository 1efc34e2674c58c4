"""Idempotent and transactional handlers: kept answers, one commit, events that leave with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from studio.errors import StorageConflict
from studio.ports import Envelope, Reply, Write

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench

CELLS = (
    """
    %%contracts bank
    class Payment(Contract):
        id: str
        value: int = 1

    class Poor(ServiceError): ...

    event($.Payment.made, Payment, key="id")
    event($.Payment.asked, Payment, key="id")
    """,
    """
    %%service Bank
    import asyncio
    accounts = service.collection("accounts", Payment, key="id")
    runs = []

    @service.operation($.Bank.plain, idempotent=True, window="1h", raises=[Poor])
    async def plain(payment: Payment) -> int:
        runs.append(payment.id)
        await asyncio.sleep(1)
        if payment.value < 0:
            raise Poor
        return len(runs)

    @service.operation($.Bank.pay, transactional=True, idempotent=True, raises=[Poor])
    async def pay(payment: Payment) -> int:
        runs.append(payment.id)
        before = await accounts.get("all")
        await asyncio.sleep(1)
        await accounts.put(Payment(id="all", value=payment.value + (before.value if before else 0)))
        await publish($.Payment.made, payment)
        if payment.value < 0:
            raise Poor
        return (await accounts.get("all")).value

    @service.operation($.Bank.ask, transactional=True)
    async def ask(payment: Payment) -> int:
        return await Bank.plain(payment)

    @service.operation($.Bank.find, transactional=True)
    async def find(payment: Payment) -> list[str]:
        await accounts.put(Payment(id="new", value=7))
        await accounts.put(Payment(id="changed", value=8))
        await accounts.delete("gone")
        return [found.id for found in await accounts.query(value=7)]

    @service.on($.Payment.asked, transactional=True)
    async def asked(payment: Payment) -> None:
        await accounts.insert(payment)
        await publish($.Payment.made, payment)
    """,
)


@pytest.fixture
def bank(bench: Callable[..., Bench]) -> Bench:
    return bench(*CELLS)


def call(operation: str, key: str, value: int = 1, message: int = 1) -> Envelope:
    body = f'{{"id": "a", "value": {value}}}'.encode()
    return Envelope(message, "call", f"Bank.{operation}", body, "Web", idempotency=key)


def ask(bank: Bench, *envelopes: Envelope, replicas: Any = None) -> list[Reply]:
    """Send calls at once, to one replica or to several in turn."""
    at = replicas or [bank.replica("Bank")]

    async def main() -> list[Reply]:
        sent = (at[place % len(at)].handle_call(each) for place, each in enumerate(envelopes))
        return list(await asyncio.gather(*(asyncio.ensure_future(each) for each in sent)))

    return bank.run(main())


def test_a_repeated_key_gets_the_kept_answer(bank: Bench) -> None:
    replica = bank.replica("Bank")
    for message in (1, 2):
        assert ask(bank, call("plain", "k", message=message), replicas=[replica])[0].body == b"1"


def test_calls_at_once_under_one_key_share_one_run(bank: Bench) -> None:
    assert {reply.body for reply in ask(bank, *[call("plain", "k")] * 4)} == {b"1"}


def test_a_declared_error_is_not_kept_and_waiting_calls_run_one_after_the_other(bank: Bench) -> None:
    replies = ask(bank, *[call("plain", "k", -1)] * 3)
    assert [reply.code for reply in replies] == ["Poor"] * 3
    assert sorted(span.end_ns - span.start_ns for span in bank.spans("handle")) == [10**9, 2 * 10**9, 3 * 10**9]


def test_another_payload_under_a_key_is_refused(bank: Bench) -> None:
    replica = bank.replica("Bank")
    ask(bank, call("plain", "k", 1), replicas=[replica])
    assert ask(bank, call("plain", "k", 2), replicas=[replica])[0].code == "STU417"


def test_a_kept_answer_expires_with_its_window(bank: Bench) -> None:
    replica = bank.replica("Bank")

    async def main() -> list[bytes]:
        first = await replica.handle_call(call("plain", "k"))
        await asyncio.sleep(3601)
        return [first.body, (await replica.handle_call(call("plain", "k"))).body]

    assert bank.run(main()) == [b"1", b"2"]


def test_two_replicas_under_one_key_give_one_answer(bank: Bench) -> None:
    replicas = [bank.replica("Bank", 1), bank.replica("Bank", 2)]
    assert {reply.body for reply in ask(bank, call("pay", "k"), call("pay", "k"), replicas=replicas)} == {b"1"}
    assert len(bank.published("Payment.made")) == 1
    assert bank.run(bank.storage.get("Bank", "accounts", "all")) == ("all", 1, b'{"id":"all","value":1}')


def test_transactions_that_meet_run_again(bank: Bench) -> None:
    replies = ask(bank, call("pay", "k"), call("pay", "l"), call("pay", "m"))
    assert sorted(reply.body for reply in replies) == [b"1", b"2", b"3"]


@pytest.mark.parametrize("replicas", [1, 3])
def test_however_many_transactions_want_one_document_each_has_its_turn(bank: Bench, replicas: int) -> None:
    several = [bank.replica("Bank", number) for number in range(1, replicas + 1)] * (60 // replicas)
    replies = ask(bank, *(call("pay", f"k{number}") for number in range(60)), replicas=several)
    assert sorted(int(reply.body) for reply in replies) == list(range(1, 61))
    assert [len(replica.turns) for replica in several] == [0] * 60


def test_a_transaction_whose_caller_has_gone_is_not_run_again(bank: Bench) -> None:
    late = call("pay", "l")
    late.deadline_ns = 1_500_000_000
    first, second = ask(bank, call("pay", "k"), late)
    assert (first.body, second.code) == (b"1", "STU411")


def test_a_transaction_that_raises_leaves_nothing(bank: Bench) -> None:
    assert ask(bank, call("pay", "k", -1))[0].code == "Poor"
    assert bank.bus.events == []
    assert bank.keys("Bank", "accounts") == bank.keys("Bank", "$outbox") == bank.keys("Bank", "$answers") == []


def test_a_transaction_gives_up_after_some_conflicts(bank: Bench) -> None:
    replica = bank.replica("Bank")
    conflict = StorageConflict(space="Bank", collection="accounts", key="all", expected=0, found=1)
    bank.storage_fails = [conflict] * 30
    assert ask(bank, call("pay", "k"), replicas=[replica])[0].code == "STU420"


def test_a_call_that_awaits_an_answer_is_refused_in_a_transaction(bank: Bench) -> None:
    assert ask(bank, call("ask", "k"))[0] == ("failed", b"", "STU424")


def test_a_query_sees_the_transactions_own_writes(bank: Bench) -> None:
    bodies = {"gone": 7, "changed": 7, "kept": 7, "other": 1}
    writes = [
        Write("Bank", "accounts", key, f'{{"id":"{key}","value":{value}}}'.encode()) for key, value in bodies.items()
    ]
    bank.run(bank.storage.commit(writes))
    assert ask(bank, call("find", "k"))[0].body == b'["kept","new"]'


def test_an_events_writes_inbox_and_events_stand_together(bank: Bench, crash: type[BaseException]) -> None:
    replica = bank.replica("Bank")
    envelope = Envelope(5, "event", "Payment.asked", b'{"id": "a"}', "Web")
    bank.crash_at = ("after-effect", "Payment.asked")
    with pytest.raises(crash):
        bank.run(replica.handle_event("asked", envelope, 1))
    assert bank.published("Payment.made") == []

    async def again() -> str:
        other = bank.replica("Bank")
        await other.start()
        await asyncio.sleep(1)
        return (await other.handle_event("asked", envelope, 2)).outcome

    assert bank.run(again()) == "acknowledged"
    assert len(bank.published("Payment.made")) == 1
    assert bank.keys("Bank", "$outbox") == []


def test_an_unconfirmed_event_does_not_fail_what_was_committed(bank: Bench) -> None:
    replica = bank.replica("Bank")
    bank.bus.refusals = 4

    async def main() -> Reply:
        reply = await replica.handle_call(call("pay", "k"))
        await asyncio.sleep(60)
        return reply

    assert bank.run(main()).status == "ok"
    assert len(bank.published("Payment.made")) == 1
    assert bank.keys("Bank", "$outbox") == []
