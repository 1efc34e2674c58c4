"""A call on its way through the caller's policies: in which order, what each refuses, what each records."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from studio.errors import BreakerOpen, BulkheadFull, DeadlinePassed, StudioError
from studio.model.policy_set import Resolved
from studio.ports import Envelope, Reply
from studio.records import PolicyChange
from studio.runtime.policies.pipeline import LAYERS, carrier
from studio.runtime.statuses import problem_of

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench

CONTRACTS = """
    %%contracts rates
    class Query(Contract):
        currency: str

    class Rate(Contract):
        value: float = 1

    class Broken(ServiceError):
        status = 503

    class Unknown(ServiceError):
        status = 404
    """
BACKUP = """
    %%service Backup --kind query
    @service.operation($.Backup.latest)
    async def latest(query: Query) -> Rate:
        return Rate(value=2)
    """
ASK = """
    %%service Front
    @service.operation($.Front.ask)
    async def ask(query: Query) -> str:
        try:
            rate = await Rates.latest(query)
        except Exception as error:
            return type(error).__name__
        return f"{rate.value:g}{' stale' if is_stale(rate) else ''}"
    """


def rates(policies: str, *, kind: str = "query") -> str:
    return f"""
    %%service Rates --kind {kind}
    @service.operation($.Rates.latest, raises=[Broken, Unknown], timeout="1s", {policies})
    async def latest(query: Query) -> Rate:
        return Rate(value=1)
    """


NOTHING = b'{"text": "", "fields": {}}'
CODES = {"down": "Broken", "none": "Unknown"}
Ask = Callable[..., list[str]]


@pytest.fixture
def front(bench: Callable[..., Bench]) -> Callable[[str], tuple[Bench, Ask]]:
    """Return what makes a bench of rates under policies, and what asks a front for them several times in one life."""

    def make(policies: str) -> tuple[Bench, Ask]:
        made = bench(CONTRACTS, BACKUP, rates(policies), ASK)
        made.replica("Backup")
        made.replica("Rates")
        replica = made.replica("Front")

        def ask(*waits_s: float, **fields: Any) -> list[str]:
            async def main() -> list[str]:
                found = []
                for at, wait_s in enumerate(waits_s, start=1):
                    await asyncio.sleep(wait_s)
                    envelope = Envelope(at, "call", "Front.ask", b'{"currency": "EUR"}', "Web", causal=at, **fields)
                    found.append((await replica.handle_call(envelope)).body.decode().strip('"'))
                return found

            return made.run(main())

        return made, ask

    return make


def told(bench: Bench) -> list[tuple[str, str]]:
    return [(record.policy, record.change) for record in bench.of(PolicyChange)]


def flaky(*answers: str, ill: Mapping[str, Any]) -> Callable[[Envelope], Any]:
    """Return a callee that behaves each time as named, and then answers."""
    left = list(answers)

    def answer(envelope: Envelope) -> Any:
        return ill[left.pop(0)](envelope) if left else Reply("ok", b'{"value": 1.0}')

    return answer


def test_policies_stand_in_one_order() -> None:
    order = [name for layer in LAYERS for name in (layer.name, layer.asks) if name]
    assert order == [
        "deadline", "fallback", "retry", "budget", "breaker", "bulkhead", "timeout", "balance", "discovery",
    ]  # fmt: skip


def test_a_call_goes_only_through_what_is_declared() -> None:
    bare = carrier(Resolved(), can_choose=True)
    deep = carrier(Resolved(attempts=3, deadline_ns=1), can_choose=True)
    assert [each.func.__name__ for each in unfolded(bare)] == ["_in_time"]
    assert [each.func.__name__ for each in unfolded(deep)] == ["_within_deadline", "_again", "_in_time"]


def unfolded(carry: Any) -> list[Any]:
    return [carry, *unfolded(carry.args[0])] if hasattr(carry, "args") else []


def test_every_retry_is_recorded(front: Any, ill: Mapping[str, Any]) -> None:
    bench, ask = front('retry=Retry(attempts=3, backoff="none")')
    bench.bus.script["Rates.latest"] = flaky("timeout", "broken", ill=ill)
    assert ask(0) == ["1"]
    changes = bench.of(PolicyChange)
    assert [(each.change, each.detail) for each in changes] == [
        ("retried", "attempt 2 of 3 after STU410"), ("retried", "attempt 3 of 3 after STU431"),
    ]  # fmt: skip
    handled = bench.spans("handle")[-1]
    assert {(each.service, each.span, each.message) for each in changes} == {("Front", handled.span, 1)}


def test_an_open_breaker_asks_nobody_and_is_told_apart(front: Any, ill: Mapping[str, Any]) -> None:
    bench, ask = front('breaker=Breaker(failures=2, open_for="10s")')
    bench.bus.script["Rates.latest"] = flaky("timeout", "unavailable", ill=ill)
    assert ask(0, 0, 0, 10) == ["CallTimeout", "ServiceUnavailable", "BreakerOpen", "1"]
    assert len(bench.called("Rates.latest")) == 3
    assert told(bench) == [
        ("breaker", "opened"), ("breaker", "refused"), ("breaker", "half-open"), ("breaker", "closed"),
    ]  # fmt: skip
    assert [span.error for span in bench.spans("call")] == ["STU410", "STU412", "STU461", ""]


def test_a_breaker_counts_server_errors_and_no_business_errors(front: Any, ill: Mapping[str, Any]) -> None:
    bench, ask = front("breaker=Breaker(failures=2)")
    how = {name: lambda _, code=code: Reply("error", NOTHING, code) for name, code in CODES.items()}
    bench.bus.script["Rates.latest"] = flaky("none", "none", "down", "none", "down", ill=how)
    assert ask(0, 0, 0, 0, 0, 0) == ["Unknown", "Unknown", "Broken", "Unknown", "Broken", "BreakerOpen"]


def test_what_the_breaker_refuses_is_not_tried_again(front: Any, ill: Mapping[str, Any]) -> None:
    bench, ask = front('breaker=Breaker(failures=2), retry=Retry(attempts=5, backoff="none")')
    bench.bus.script["Rates.latest"] = ill["unavailable"]
    assert ask(0) == ["BreakerOpen"]
    assert len(bench.called("Rates.latest")) == 2


def test_an_outcome_that_is_unknown_stays_so_when_the_breaker_opens(front: Any, ill: Mapping[str, Any]) -> None:
    bench, ask = front('breaker=Breaker(failures=1), retry=Retry(attempts=5, backoff="none")')
    bench.bus.script["Rates.latest"] = ill["timeout"]
    assert ask(0) == ["CallTimeout"]


def test_a_budget_ends_retries_early(front: Any, ill: Mapping[str, Any]) -> None:
    bench, ask = front('retry=Retry(attempts=10, backoff="none", budget=Budget(share=0.1, least=2))')
    bench.bus.script["Rates.latest"] = ill["unavailable"]
    ask(0, 0)
    assert len(bench.called("Rates.latest")) == 4
    assert told(bench)[2:] == [("budget", "exhausted"), ("budget", "exhausted")]


def test_a_deadline_bounds_all_attempts_and_travels(front: Any, ill: Mapping[str, Any]) -> None:
    bench, ask = front('deadline="2500ms", retry=Retry(attempts=9, backoff="fixed", first="1ms", jitter=0)')

    async def late(envelope: Envelope) -> Reply:
        await asyncio.sleep((envelope.deadline_ns / 1e9) - asyncio.get_running_loop().time())
        return ill["timeout"](envelope)  # type: ignore[no-any-return]

    bench.bus.script["Rates.latest"] = late
    assert ask(0) == ["DeadlinePassed"]
    deadlines = [round(call.deadline_ns / 1e6) for call in bench.called("Rates.latest")]
    assert deadlines == [2000, 3001, 3500]
    assert told(bench)[-1] == ("deadline", "exhausted")


def test_no_attempt_begins_when_there_is_no_time_for_it(front: Any, ill: Mapping[str, Any]) -> None:
    bench, ask = front('deadline="2s", retry=Retry(attempts=9, backoff="fixed", first="5s", jitter=0)')
    bench.bus.script["Rates.latest"] = ill["unavailable"]
    assert ask(0) == ["ServiceUnavailable"]
    assert told(bench) == [("deadline", "exhausted")]


def test_a_bulkhead_refuses_what_is_too_much(front: Any, bench: Callable[..., Bench], ill: Mapping[str, Any]) -> None:
    made, _ = front("bulkhead=Bulkhead(concurrent=1, queue=1), breaker=Breaker(failures=1)")
    replica = made.bus.replicas["Front"]

    async def slowly(_: Envelope) -> Reply:
        await asyncio.sleep(1)
        return Reply("ok", b'{"value": 1.0}')

    async def main() -> list[str]:
        asked = [Envelope(at, "call", "Front.ask", b'{"currency": "EUR"}', "Web", causal=at) for at in (1, 2, 3)]
        replies = await asyncio.gather(*(replica.handle_call(each) for each in asked))
        return [reply.body.decode() for reply in replies]

    made.bus.script["Rates.latest"] = slowly
    assert made.run(main()) == ['"1"', '"1"', '"BulkheadFull"']
    assert told(made) == [("bulkhead", "refused")]


@pytest.mark.parametrize(
    ("fallback", "answer"),
    [
        ("value=Rate(value=7)", "7"),
        ("function=lambda query: Rate(value=len(query.currency))", "3"),
        ('service="Backup"', "2"),
        ("address=$.Backup.latest", "2"),
        ("last_good=True, value=Rate(value=7)", "7"),
        ("last_good=True", "CallTimeout"),
    ],
)
def test_a_fallback_answers_in_the_callees_place(
    front: Any, ill: Mapping[str, Any], fallback: str, answer: str
) -> None:
    bench, ask = front(f"fallback=Fallback({fallback})")
    bench.bus.script["Rates.latest"] = ill["timeout"]
    assert ask(0) == [answer]
    assert told(bench) == ([("fallback", "used")] if answer != "CallTimeout" else [])


def test_the_last_good_answer_is_marked_stale_and_grows_too_old(front: Any, ill: Mapping[str, Any]) -> None:
    bench, ask = front('fallback=Fallback(last_good=True, most_age="1m")')
    answers = iter([None, "timeout", "timeout"])

    def answer(envelope: Envelope) -> Any:
        how = next(answers)
        return Reply("ok", b'{"value": 5.0}') if how is None else ill[how](envelope)

    bench.bus.script["Rates.latest"] = answer
    assert ask(0, 30, 31) == ["5", "5 stale", "CallTimeout"]
    (change,) = bench.of(PolicyChange)
    assert (change.policy, change.change, change.detail) == ("fallback", "stale", "30 s old, after STU410")


def test_a_business_error_needs_no_fallback(front: Any) -> None:
    bench, ask = front("fallback=Fallback(value=Rate(value=7))")
    bench.bus.script["Rates.latest"] = lambda _: Reply("error", NOTHING, "Unknown")
    assert ask(0) == ["Unknown"]


def test_a_fallback_answers_when_all_attempts_are_used_up(front: Any, ill: Mapping[str, Any]) -> None:
    bench, ask = front('fallback=Fallback(value=Rate(value=7)), retry=Retry(attempts=2, backoff="none")')
    bench.bus.script["Rates.latest"] = ill["timeout"]
    assert ask(0) == ["7"]
    assert told(bench) == [("retry", "retried"), ("retry", "exhausted"), ("fallback", "used")]


def test_state_is_lost_with_the_process(front: Any, ill: Mapping[str, Any]) -> None:
    bench, ask = front("breaker=Breaker(failures=1)")
    bench.bus.script["Rates.latest"] = flaky("timeout", ill=ill)
    assert ask(0, 0) == ["CallTimeout", "BreakerOpen"]
    reborn = bench.replica("Front")
    envelope = Envelope(9, "call", "Front.ask", b'{"currency": "EUR"}', "Web")
    assert bench.run(reborn.handle_call(envelope)).body == b'"1"'


def test_a_calls_own_policies_win(bench: Callable[..., Bench], ill: Mapping[str, Any]) -> None:
    own = ASK.replace(
        "Rates.latest(query)", "call($.Rates.latest, query, timeout='2s', fallback=Fallback(value=Rate()))"
    )
    made = bench(CONTRACTS, rates("fallback=Fallback(value=Rate(value=7))"), own)
    made.bus.script["Rates.latest"] = ill["timeout"]
    reply = made.run(made.replica("Front").handle_call(Envelope(1, "call", "Front.ask", b'{"currency": "EUR"}', "Web")))
    assert reply.body == b'"1"'
    assert made.called("Rates.latest")[0].deadline_ns == 3 * 10**9


def test_a_call_of_a_command_with_a_fallback_is_refused_before_it_is_sent(bench: Callable[..., Bench]) -> None:
    own = ASK.replace("Rates.latest(query)", "Rates.latest(query, fallback=Fallback(value=Rate()))")
    made = bench(CONTRACTS, rates("", kind="command"), own)
    reply = made.run(made.replica("Front").handle_call(Envelope(1, "call", "Front.ask", b'{"currency": "EUR"}', "Web")))
    assert reply.body == b'"FallbackChangesState"'
    assert not made.bus.calls


SAGA = """
    %%saga Buying --on $.Query.made --version 1.0.0
    @saga.step(kind="retriable", retry=Retry(attempts=9, backoff="none", budget=Budget(share=0.1, least=2)))
    async def ask(query: Query) -> Rate:
        return await Rates.latest(query)
    """


def test_sagas_have_policies_and_their_steps_budgets(bench: Callable[..., Bench], ill: Mapping[str, Any]) -> None:
    made = bench(CONTRACTS, rates("breaker=Breaker(failures=2)"), SAGA)
    made.bus.script["Rates.latest"] = ill["unavailable"]
    saga = made.saga("Buying")
    trigger = Envelope(1, "event", "Query.made", b'{"currency": "EUR"}', "Web", key="q", causal=1, trace=1)
    made.settle(saga, saga.handle_event(trigger, 1))
    assert {(each.service, each.target) for each in made.of(PolicyChange)} == {
        ("Buying", "Buying.ask"), ("Buying", "Rates.latest"),
    }  # fmt: skip
    assert told(made) == [
        ("retry", "retried"), ("breaker", "opened"), ("retry", "retried"), ("breaker", "refused"),
        ("budget", "exhausted"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BreakerOpen(address="a", service="s", target="a", reason="r", left="1s"), 503),
        (BulkheadFull(address="a", service="s", running=1, waiting=0), 503),
        (DeadlinePassed(address="a", timeout="1s", attempts=1), 504),
    ],
)
def test_clients_are_told_by_status(error: StudioError, status: int) -> None:
    assert problem_of(error).status == status
