"""Third parties that throttle, call back too early, or that a process has no connection to."""

from __future__ import annotations

from typing import Any

import pytest

from studio import CallTimeout, S, call_back, crash, exhaust, throttle
from studio.errors import InvalidFault, NotActing, UnfitTarget
from studio.model.third_party import External
from studio.records import Delivery

PAY = S.Payment.pay

PAYMENT = """
%%service Payment
import asyncio
cards = service.client("cards", base_url="https://cards.example", timeout="20s")
@service.operation($.Payment.pay, timeout="60s")
async def pay(thing: Thing) -> Told:
    return Told(text=" ".join(await asyncio.gather(*[one(thing) for _ in range(thing.amount)])))
async def one(thing: Thing) -> str:
    try:
        answer = await cards.post("/charges", json={"id": thing.id})
    except Exception as error:
        return type(error).__name__
    log.info("paid")
    return f"{answer.status_code}/{answer.headers.get('retry-after', '')}"
@service.post("/webhooks/cards")
async def settled(told: Told) -> None:
    log.info("settled " + told.text)
"""
CARDS = """
%%external cards
import asyncio
ledger = external.ledger(Thing)
@external.post("/charges")
async def create(request):
    thing = Thing(**request.json())
    ledger.append(thing)
    external.callback("/webhooks/cards", json=Told(text=thing.id), after="{after}")
    await asyncio.sleep(1)
    return Response(201)
"""


def pay(played: Any, times: int = 1) -> list[str]:
    return str(played.world.call(PAY, played.thing(amount=times)).text).split()


def cards(after: str = "0s") -> str:
    return CARDS.format(after=after)


def test_requests_beyond_the_connections_wait_and_give_up(play: Any) -> None:
    played = play(PAYMENT, cards(), faults=[exhaust("cards", connections=2, wait="1500ms")])
    assert pay(played, 6) == ["201/", "201/", "201/", "201/", "PoolTimeout", "PoolTimeout"]
    assert len(played.world.run.external) == 4


def test_connections_of_a_service_are_given_back(play: Any) -> None:
    played = play(PAYMENT, cards(), faults=[exhaust("Payment", wait="0s")])
    assert pay(played, 2) == ["201/", "PoolTimeout"]
    assert pay(played, 2) == ["201/", "PoolTimeout"]


def test_process_that_starts_anew_has_connections_of_its_own(play: Any) -> None:
    played = play(PAYMENT, cards("1h"), faults=[exhaust("cards", wait="0s"), crash("Payment", at="500ms")])
    with pytest.raises(CallTimeout):
        played.world.call(PAY, played.thing(), timeout="700ms")
    played.world.advance("1s")
    assert pay(played, 1) == ["201/"]


def test_third_party_takes_its_rate_and_refuses_the_rest(play: Any) -> None:
    played = play(PAYMENT, cards(), faults=[throttle("cards", rate_per_s=2, retry_after="1500ms")])
    assert sorted(pay(played, 5)) == ["201/", "201/", "429/2", "429/2", "429/2"]
    assert len(played.world.run.external) == 2
    played.world.advance("2s")
    assert pay(played, 1) == ["201/"]


def test_throttling_by_occurrence_needs_no_rate(play: Any) -> None:
    played = play(PAYMENT, cards(), faults=[throttle("cards", occurrence=2)])
    assert [pay(played), pay(played), pay(played)] == [["201/"], ["429/1"], ["201/"]]


def test_webhook_comes_after_the_response(play: Any) -> None:
    played = play(PAYMENT, cards("2s"))
    pay(played)
    played.world.settle()
    assert played.lines() == ["paid", "settled a"]
    asked = [each for each in played.records(Delivery) if each.consumer == "Payment"][-1]
    assert (asked.outcome, asked.at_ns) == ("delivered", 3_003_000_000)


def test_third_party_may_call_back_before_it_replies(play: Any) -> None:
    played = play(PAYMENT, cards("2s"), faults=[call_back("cards", occurrence=1)])
    pay(played)
    pay(played)
    played.world.settle()
    assert played.lines() == ["settled a", "paid", "paid", "settled a"]


def test_webhook_that_nobody_takes_harms_nobody(play: Any) -> None:
    played = play(PAYMENT, cards("1s"))
    pay(played)
    played.world.crash("Payment", down_for="5s").settle()
    assert played.outcomes("Payment")[-1] == "refused"


def test_webhook_is_in_the_trace_of_the_request_that_caused_it(play: Any) -> None:
    played = play(PAYMENT, cards())
    pay(played)
    played.world.settle()
    rows = played.world.sql("select distinct trace from spans where name like '%webhooks%'")["trace"].to_list()
    assert rows == played.world.sql("select distinct trace from spans where name = 'Payment.pay'")["trace"].to_list()


def test_callbacks_are_for_stubs_that_answer() -> None:
    with pytest.raises(NotActing, match="callback"):
        External("cards").callback("/webhooks/cards")


@pytest.mark.parametrize("fault", [call_back("Payment"), throttle("Payment"), exhaust(S.Payment.pay)])
def test_targets_are_checked(play: Any, fault: Any) -> None:
    with pytest.raises(UnfitTarget, match="Payment"):
        play(PAYMENT, cards(), faults=[fault])


@pytest.mark.parametrize("make", [lambda: exhaust("cards", connections=-1), lambda: throttle("cards", rate_per_s=-1)])
def test_numbers_are_checked(make: Any) -> None:
    with pytest.raises(InvalidFault, match="negative"):
        make()
