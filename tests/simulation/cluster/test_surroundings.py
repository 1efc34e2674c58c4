"""Ordinary Python in a world: its clock, its chance, plain functions that sleep, what goes wrong beside messages."""

from __future__ import annotations

from typing import Any

import pytest

from studio import S, crash

RUN = S.Odd.run
ODD = """
%%service Odd
import asyncio, datetime, random, secrets, time, uuid
import anyio
from anyio import to_thread
hits = service.counter("hits_total", labels=["kind"])
depth = service.gauge("depth")
def sleeper(seconds: float) -> str:
    try:
        time.sleep(seconds)
        return "slept"
    finally:
        log.info("left")
async def fail() -> None:
    raise KeyError("beside")
@service.operation($.Odd.run, timeout="1m")
async def run(thing: Thing) -> Told:
    {body}
    return Told(text="done")
"""


def odd(*lines: str) -> str:
    return ODD.format(body="\n    ".join(lines))


@pytest.mark.parametrize(
    "line",
    [
        "log.info(await asyncio.get_running_loop().run_in_executor(None, sleeper, 2))",
        "log.info(await asyncio.to_thread(sleeper, 2))",
        "log.info(await to_thread.run_sync(sleeper, 2))",
    ],
)
def test_plain_function_sleeps_in_virtual_time(play: Any, line: str) -> None:
    played = play(odd(line))
    played.world.call(RUN, played.thing())
    assert played.world.now == "2.002 s"
    assert played.lines() == ["left", "slept"]


def test_plain_functions_sleep_at_once(play: Any) -> None:
    played = play(odd("await asyncio.gather(*[asyncio.to_thread(sleeper, 2) for _ in range(5)])"))
    played.world.call(RUN, played.thing())
    assert played.world.now == "2.002 s"


def test_plain_function_goes_on_though_nobody_waits(play: Any) -> None:
    played = play(odd("try:", "    await asyncio.wait_for(asyncio.to_thread(sleeper, 2), 1)",
                      "except TimeoutError:", "    log.info('gone')"))  # fmt: skip
    played.world.call(RUN, played.thing())
    played.world.settle()
    assert played.lines() == ["gone", "left"]


def test_plain_function_does_not_act_after_a_crash(play: Any) -> None:
    played = play(odd("await asyncio.to_thread(sleeper, 20)"), faults=[crash("Odd", at="1s")])
    with pytest.raises(Exception, match="STU410"):
        played.world.call(RUN, played.thing())
    assert played.world.close().logs["text"].to_list() == []


def test_clock_and_chance_are_the_worlds(play: Any) -> None:
    lines = (
        "log.info(datetime.datetime.now(datetime.UTC).isoformat())",
        "await asyncio.sleep(1)",
        "log.info(str(round(time.time())))",
        "log.info(str(uuid.uuid4()) + secrets.token_hex(4) + str(random.random()))",
    )

    def said(seed: int) -> list[str]:
        played = play(odd(*lines), seed=seed)
        played.world.call(RUN, played.thing())
        return list(played.lines())

    assert said(1)[:2] == ["2026-01-01T00:00:00.001000+00:00", "1767225601"]
    assert said(1) == said(1) != said(2)


def test_one_more_draw_does_not_shift_another_functions(play: Any) -> None:
    def drawn(*more: str) -> str:
        played = play(odd(*more, "log.info(str(uuid.uuid4()))"))
        played.world.call(RUN, played.thing())
        return str(played.lines()[-1])

    assert drawn() == drawn("random.random()") == drawn("secrets.token_hex(8)")


def test_log_and_metrics_are_recorded_with_who_and_where(play: Any) -> None:
    played = play(odd("log.warning('careful', id=thing.id)", "hits.inc(kind='a')", "depth.set(3)"))
    played.world.call(RUN, played.thing())
    (line,) = played.world.log().iter_rows(named=True)
    assert (line["service"], line["replica"], line["level"], line["trace"]) == ("Odd", 1, "warning", 1)
    assert line["fields"] == '{"id": "a"}'
    metrics = played.world.sql("select name, kind, labels, value from metrics order by name").rows()
    assert [(row[0], row[3]) for row in metrics] == [("depth", 3.0), ("hits_total", 1.0)]


def test_background_task_that_fails_is_told_at_the_end(play: Any) -> None:
    played = play(odd("kept = asyncio.create_task(fail())", "await asyncio.sleep(1)"))
    played.world.call(RUN, played.thing())
    logs = played.world.close().logs
    assert logs["text"].to_list() == ["task fail raised KeyError, and nobody asked for its result"]
    assert logs["service"].to_list() == ["Odd"]


def test_callback_that_fails_is_told(play: Any) -> None:
    played = play(odd("asyncio.get_running_loop().call_later(1, lambda: 1 / 0)", "await asyncio.sleep(2)"))
    played.world.call(RUN, played.thing())
    assert played.lines() == ["a callback raised ZeroDivisionError"]
    assert played.world.log()["at_s"].to_list() == [1.001]


def test_error_of_the_engine_is_not_swallowed(play: Any) -> None:
    played = play(odd("pass"))
    loop = played.world._cluster.loop  # noqa: SLF001 - a bug of ours has to come from somewhere

    def bug(_: object = None) -> None:
        raise AssertionError("a bug of ours")

    loop.at(1_000, 0, bug, None)
    with pytest.raises(AssertionError, match="a bug of ours"):
        played.world.advance("1s")
    loop.call_soon(bug)
    with pytest.raises(AssertionError, match="a bug of ours"):
        played.world.advance("1s")


def test_exit_of_a_handler_leaves_the_log_whole(system_from: Any) -> None:
    from studio.simulation.simulate import simulate
    from studio.store import Log

    log = Log.memory()
    scenario = "%%scenario short\nworkload($.Odd.run, [Thing(id='a')])"
    system = system_from(odd("import sys", "sys.exit(3)"), scenario)
    with pytest.raises(SystemExit):
        simulate("short", system=system, log=log)
    assert [row.status for row in log.runs()] == ["aborted"]
