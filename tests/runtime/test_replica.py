"""The corridor: from a delivery to an answer or a verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from studio.ports import Envelope, Reply
from studio.records import DocumentChange, Span

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench

CONTRACTS = """
    %%contracts till
    class Coin(Contract):
        id: str
        value: int = 1

    class Broke(ServiceError):
        status = 402
        missing: int = 0

    class Secretly(ServiceError): ...

    event($.Coin.dropped, Coin, key="id")
"""
TILL = """
    %%service Till --concurrency 2 --queue 1
    import asyncio
    coins = service.collection("coins", Coin, key="id")
    seen = []

    @service.operation($.Till.take, raises=[Broke])
    async def take(coin: Coin) -> Coin:
        seen.append(coin.id)
        if coin.value < 0:
            raise Broke("no money", missing=-coin.value)
        if coin.value == 0:
            raise Secretly("undeclared")
        return coin

    @service.operation($.Till.lose)
    async def lose(coin: Coin) -> Coin:
        if coin.value == 1:
            raise KeyError("under the table")
        return "a button"

    @service.operation($.Till.count)
    async def count(coin: Coin) -> int:
        return len(seen)

    @service.operation($.Till.wait)
    async def wait(coin: Coin) -> None:
        await asyncio.sleep(1)

    @service.operation($.Till.keep)
    async def keep(coin: Coin) -> int:
        return await coins.put(coin)

    @service.on($.Coin.dropped)
    async def drop(coin: Coin) -> None:
        seen.append(coin.id)
        if coin.value < 0:
            raise Broke("a hole")

    @service.on($.Coin.dropped, idempotent=True)
    async def drop_once(coin: Coin) -> None:
        seen.append(coin.id)

    @service.job("0 0 * * *")
    async def nightly() -> None:
        await publish($.Coin.dropped, Coin(id="night"))

    @service.job("0 1 * * *")
    async def breaks() -> None:
        raise KeyError

    @service.health(interval="30s")
    async def check() -> Health:
        return Health(ok=not seen, detail="seen some" if seen else "")
"""


@pytest.fixture
def till(bench: Callable[..., Bench]) -> Bench:
    return bench(CONTRACTS, TILL)


def call(operation: str, body: str = '{"id": "a"}', **fields: object) -> Envelope:
    envelope = Envelope(1, "call", f"Till.{operation}", body.encode(), "Web", span=3, trace=7)
    for name, value in fields.items():
        setattr(envelope, name, value)
    return envelope


def test_a_call_is_answered_in_a_span_that_names_the_line(till: Bench) -> None:
    assert till.run(till.replica("Till").handle_call(call("take"))) == ("ok", b'{"id":"a","value":1}', "")
    (span,) = till.spans("handle")
    assert (span.parent, span.trace, span.status, span.cell, span.message) == (3, 7, "ok", "service Till", 1)
    assert span.line > 0


def test_a_declared_error_crosses_with_its_code_and_fields(till: Bench) -> None:
    reply = till.run(till.replica("Till").handle_call(call("take", '{"id": "a", "value": -3}')))
    assert reply == ("error", b'{"text": "no money", "fields": {"missing": 3}}', "Broke")


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("take", '{"id": "a", "value": 0}', "Secretly"),
        ("lose", '{"id": "a"}', "KeyError"),
        ("lose", '{"id": "a", "value": 2}', "STU416"),
    ],
    ids=["undeclared service error", "exception", "wrong type of answer"],
)
def test_anything_undeclared_fails_by_its_code_alone(till: Bench, operation: str, body: str, code: str) -> None:
    assert till.run(till.replica("Till").handle_call(call(operation, body))) == ("failed", b"", code)


@pytest.mark.parametrize(
    ("envelope", "code"),
    [
        (call("take", '{"value": 1}'), "STU150"),
        (call("take", "no json"), "STU150"),
        (call("take", deadline_ns=1), "STU411"),
        (call("sell"), "STU430"),
    ],
    ids=["missing field", "no JSON", "too late", "another version's operation"],
)
def test_what_must_not_run_is_refused(till: Bench, envelope: Envelope, code: str) -> None:
    replica = till.replica("Till")
    reply = till.run(replica.handle_call(envelope))
    assert (reply.status, reply.code) == ("refused", code)
    assert till.run(replica.handle_call(call("count"))).body == b"0"


def test_a_full_replica_refuses_and_keeps_the_rest_waiting(till: Bench) -> None:
    async def main() -> list[Reply]:
        return list(await asyncio.gather(*(replica.handle_call(call("wait", message=at)) for at in range(4))))

    replica = till.replica("Till")
    assert [reply.code for reply in till.run(main())] == ["", "", "", "STU414"]
    starts_ends = sorted((span.end_ns - span.start_ns) // 1_000_000_000 for span in till.spans("handle"))
    assert starts_ends == [0, 1, 1, 2]


def test_a_write_is_recorded_with_its_version(till: Bench) -> None:
    replica = till.replica("Till")
    for _ in range(2):
        till.run(replica.handle_call(call("keep")))
    changes = [(change.collection, change.version, change.change) for change in till.of(DocumentChange)]
    assert changes == [("coins", 1, "insert"), ("coins", 2, "put")]


# -- events -----------------------------------------------------------------------------------------------------------


def dropped(body: str = '{"id": "a"}') -> Envelope:
    return Envelope(11, "event", "Coin.dropped", body.encode(), "Web", key="a")


def test_an_event_is_acknowledged(till: Bench) -> None:
    replica = till.replica("Till")
    assert till.run(replica.handle_event("drop", dropped(), 1)).outcome == "acknowledged"
    assert ("before-acknowledge", "Coin.dropped") in till.process.reached


@pytest.mark.parametrize(
    ("body", "code"), [('{"id": "a", "value": -1}', "Broke"), ("{}", "STU150")], ids=["raised", "unreadable"]
)
def test_an_event_that_fails_is_refused_with_the_code(till: Bench, body: str, code: str) -> None:
    assert till.run(till.replica("Till").handle_event("drop", dropped(body), 1)) == ("refused", code, 0)
    assert till.spans("handle")[0].status == "error"


def test_an_idempotent_handler_runs_once_for_each_message(till: Bench) -> None:
    replica = till.replica("Till")
    for attempt in (1, 2):
        assert till.run(replica.handle_event("drop_once", dropped(), attempt)).outcome == "acknowledged"
    assert till.run(replica.handle_call(call("count"))).body == b"1"


# -- jobs and health --------------------------------------------------------------------------------------------------


def test_a_job_runs_in_a_trace_of_its_own_under_the_key_of_its_tick(till: Bench) -> None:
    assert till.run(till.replica("Till").run_job("nightly", 42)) is True
    (event,) = till.published("Coin.dropped")
    assert event.idempotency == "Till.nightly@42/Coin.dropped/1"
    (job,) = till.spans("job")
    assert (job.name, job.trace, job.parent) == ("Till.nightly", event.trace, 0)


def test_a_job_that_raises_is_told_by_its_span(till: Bench) -> None:
    assert till.run(till.replica("Till").run_job("breaks", 1)) is False
    assert till.spans("job")[0].error == "KeyError"


def test_health_is_what_the_first_unhappy_check_says(till: Bench) -> None:
    replica = till.replica("Till")
    assert till.run(replica.check_health()).ok
    till.run(replica.handle_call(call("take")))
    assert till.run(replica.check_health()).detail == "seen some"


def test_spans_that_a_crash_leaves_open_are_told_as_crashed(till: Bench) -> None:
    replica = till.replica("Till")

    async def main() -> None:
        waiting = asyncio.ensure_future(replica.handle_call(call("wait")))
        await asyncio.sleep(0.5)
        replica.spans.abandon("crashed")
        await waiting

    till.run(main())
    assert [span.status for span in till.of(Span)] == ["crashed"]
