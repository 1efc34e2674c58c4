"""Third parties: what a client gets from its stub, and from the way there and back."""

from __future__ import annotations

from typing import Any

import pytest

from studio import S, crash_at, down, latency, lose, timeout

PAY = S.Payment.pay

PAYMENT = """
%%service Payment
cards = service.client("cards", base_url="{base}", auth=Secret("KEY"), timeout="2s")
@service.operation($.Payment.pay, timeout="30s")
async def pay(thing: Thing) -> Told:
    try:
        answer = await cards.post("{path}", json=thing.model_dump())
    except Exception as error:
        log.info(type(error).__name__)
        return Told(text=type(error).__name__)
    return Told(text=str(answer.status_code) + " " + answer.text)
"""
CARDS = """
%%external cards
ledger = external.ledger(Thing)
kept = external.collection("kept", Thing, key="id")
@external.post("/charges")
async def create(request):
    {body}
    thing = Thing(**request.json())
    ledger.append(thing)
    await kept.put(thing)
    return Response(201, json=Told(text=request.headers["authorization"]))
@external.post("/charges/{{id}}.json")
def other(request):
    return {{"id": request.parameters["id"], "query": request.query}}
"""


def payment(base: str = "https://cards.example", path: str = "/charges") -> str:
    return PAYMENT.format(base=base, path=path)


def cards(body: str = "pass") -> str:
    return CARDS.format(body=body)


def pay(played: Any) -> str:
    return str(played.world.call(PAY, played.thing()).text)


def charges(played: Any) -> int:
    return len(played.world.run.external)


def test_stub_answers_and_keeps_its_books(play: Any) -> None:
    played = play(payment(), cards())
    assert pay(played) == '201 {"text":"Bearer simulated-KEY"}'
    assert charges(played) == 1
    assert played.world.collection("cards.kept") == [{"id": "a", "amount": 1}]


def test_given_secret_is_used_and_never_recorded(system_from: Any) -> None:
    from studio.model.scenario import Given, Scenario
    from studio.simulation.world import World
    from studio.store import Log

    scenario = Scenario("keyed", givens=[Given("KEY", ("hush-hush",))])
    with World(system_from(payment(), cards()).build(), scenario, 0, (), Log.memory()) as world:
        assert "hush-hush" in world.call(PAY, {"id": "a"}).text
        kept = [record for record in world.run.log.records() if "hush-hush" in str(record)]
    assert all(type(record).__name__ in ("Message", "Delivery") and "text" in str(record) for record in kept)


def test_route_is_found_below_the_base_url(play: Any) -> None:
    played = play(payment("https://cards.example/v1/", "/charges"), cards())
    assert pay(played).startswith("201")


def test_path_parameters_are_parts_and_the_rest_is_literal(play: Any) -> None:
    played = play(payment(path="/charges/c-1.json?deep=&x=1"), cards())
    assert pay(played) == '200 {"id":"c-1","query":{"deep":"","x":"1"}}'
    assert pay(play(payment(path="/charges/c-1xjson"), cards())).startswith("404")


def test_missing_route_is_404(play: Any) -> None:
    assert pay(play(payment(path="/refunds"), cards())).startswith("404")


def test_missing_stub_is_told_to_the_author(play: Any) -> None:
    played = play(payment())
    assert pay(played) == "MissingStub"
    assert "STU520" in played.world.sql("select error from spans")["error"].to_list()


def test_stub_that_raises_is_told_to_the_author(play: Any) -> None:
    played = play(payment(), cards("raise KeyError('bug')"))
    assert pay(played) == "StubFailed"


def test_lost_request_is_a_read_timeout_and_nothing_was_done(play: Any) -> None:
    played = play(payment(), cards(), faults=[lose("cards")])
    assert pay(played) == "ReadTimeout"
    assert charges(played) == 0
    assert played.world.now == "2.002 s"


@pytest.mark.parametrize("fault", [lose("cards", leg="reply"), timeout("cards"), latency("cards", "3s", leg="reply")])
def test_lost_or_late_reply_is_a_read_timeout_though_it_was_done(play: Any, fault: Any) -> None:
    played = play(payment(), cards(), faults=[fault])
    assert pay(played) == "ReadTimeout"
    assert charges(played) == 1


def test_third_party_that_is_down_refuses_connections(play: Any) -> None:
    played = play(payment(), cards(), faults=[down("cards")])
    assert pay(played) == "ConnectError"
    assert charges(played) == 0


def test_slow_stub_is_waited_for_as_long_as_the_client_says(play: Any) -> None:
    patient = payment().replace("json=thing", "timeout=None, json=thing")
    slow = cards("import asyncio; await asyncio.sleep(10)")
    assert pay(play(payment(), slow)) == "ReadTimeout"
    assert pay(play(patient, slow)).startswith("201")


def test_plain_function_of_a_stub_may_sleep(play: Any) -> None:
    sleeping = cards().replace("def other(request):", "def other(request):\n    import time\n    time.sleep(1)")
    played = play(payment(path="/charges/c.json"), sleeping)
    assert pay(played).startswith("200")
    assert played.world.now_ns > 1_000_000_000


def test_crash_after_the_effect_strikes_the_client_and_not_the_third_party(play: Any) -> None:
    played = play(payment(), cards(), faults=[crash_at("after-effect", "cards"), crash_at("before-handler", "cards")])
    with pytest.raises(Exception, match="STU410"):
        pay(played)
    assert charges(played) == 1
    lives = played.world.run.lives
    assert lives.filter(lives["change"] == "crashed")["service"].to_list() == ["Payment"]
    played.world.advance("2s")
    assert pay(played).startswith("201")


def test_request_and_its_handling_are_in_the_callers_trace(play: Any) -> None:
    played = play(payment(), cards())
    pay(played)
    rows = played.world.sql("select kind, service from spans where name like 'cards POST%' and trace = 1 order by kind")
    assert rows.rows() == [("external", "Payment"), ("handle", "cards")]
