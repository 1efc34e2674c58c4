"""Compositions at work: in sequence, at once, by route."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from studio.ports import Envelope, Reply

if TYPE_CHECKING:
    from tests.runtime.conftest import Bench

CELLS = (
    """
    %%contracts shapes
    class Number(Contract):
        value: int

    class Wrapped(Contract):
        value: int
        note: str = ""

    class Odd(ServiceError): ...
    """,
    """
    %%service Adder
    @service.operation($.Adder.add)
    async def add(number: Number) -> Wrapped:
        return Wrapped(value=number.value + 1, note="added")
    """,
    """
    %%service Halver
    @service.operation($.Halver.halve, raises=[Odd])
    async def halve(number: Number) -> Number:
        if number.value % 2:
            raise Odd("odd")
        return Number(value=number.value // 2)
    """,
    """
    %%compose flows
    def doubled(number: Number) -> Number:
        return Number(value=number.value * 2)

    def unwrap(wrapped: Wrapped) -> Number:
        return Number(value=wrapped.value)

    InTurn = sequence(doubled, Adder, unwrap)
    Strict = parallel(added=Adder, halved=Halver)
    Lenient = parallel(added=Adder, halved=Halver, on_error="collect")
    Way = route(when(lambda number: number.value > 10, Halver, label="big"), input=Number)
    """,
    """
    %%service Flow
    service.operation($.Flow.in_turn)(InTurn)

    @service.operation($.Flow.strict)
    async def strict(number: Number) -> list[int]:
        result = await Strict(number)
        return [result.added.value, result.halved.value]

    @service.operation($.Flow.lenient)
    async def lenient(number: Number) -> str:
        return (await Lenient(number)).halved.code

    @service.operation($.Flow.way)
    async def way(number: Number) -> Number:
        return await Way(number)

    @service.operation($.Flow.twice)
    async def twice(number: Number) -> None:
        await Strict(number)
        await Strict(number)
    """,
)


@pytest.fixture
def flows(bench: Callable[..., Bench]) -> Bench:
    flows = bench(*CELLS)
    for service in ("Adder", "Halver"):
        flows.replica(service)
    return flows


def ask(flows: Bench, operation: str, value: int) -> Reply:
    envelope = Envelope(1, "call", f"Flow.{operation}", b'{"value": %d}' % value, "Web", idempotency="k")
    return flows.run(flows.replica("Flow").handle_call(envelope))


def test_a_sequence_hands_each_result_on(flows: Bench) -> None:
    assert ask(flows, "in_turn", 4).body == b'{"value":9}'
    assert [call.address for call in flows.bus.calls] == ["Adder.add"]


def test_a_parallel_gives_results_by_name(flows: Bench) -> None:
    assert ask(flows, "strict", 4).body == b"[5,2]"


def test_branches_have_keys_of_their_own_in_every_run(flows: Bench) -> None:
    ask(flows, "twice", 4)
    assert len(flows.bus.calls) == len({call.idempotency for call in flows.bus.calls}) == 4


def test_the_first_error_of_a_parallel_is_raised(flows: Bench) -> None:
    assert ask(flows, "strict", 3).code == "Odd"


def test_the_other_branches_end_with_the_first_error(flows: Bench, ill: Mapping[str, Any]) -> None:
    flows.bus.script["Adder.add"] = ill["hang"]
    assert ask(flows, "strict", 3).code == "Odd"
    hung = next(span for span in flows.spans("call") if span.name == "Adder.add")
    assert (hung.status, hung.error) == ("error", "CancelledError")


def test_collected_errors_stand_as_results(flows: Bench) -> None:
    assert ask(flows, "lenient", 3).body == b'"Odd"'


def test_that_the_saga_was_taken_over_is_never_collected(flows: Bench, ill: Mapping[str, Any]) -> None:
    flows.bus.script["Halver.halve"] = ill["fenced"]
    assert ask(flows, "lenient", 4).code == "STU423"


def test_a_route_takes_the_branch_that_holds(flows: Bench) -> None:
    assert ask(flows, "way", 12).body == b'{"value":6}'


def test_a_route_without_a_way_is_an_error(flows: Bench) -> None:
    assert ask(flows, "way", 2).code == "STU434"
