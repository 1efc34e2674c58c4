"""Endless loops in handlers: stopped by a step limit, with the author's lines that lead there."""

from __future__ import annotations

from typing import Any

import pytest

from studio.errors import TimeStandsStillError
from studio.simulation.simulate import simulate
from studio.simulation.virtual import loop as loops
from studio.store import Log

CELLS = (
    """
    %%service Poller
    import asyncio
    async def poll(thing: Thing) -> None:
        while True:
            await call($.Poller.ready, thing)
    @service.operation($.Poller.work)
    async def work(thing: Thing) -> None:
        await poll(thing)
    @service.operation($.Poller.ready)
    async def ready(thing: Thing) -> None:
        pass
    """,
    """
    %%scenario endless --duration 10s
    network("0s")
    workload($.Poller.work, [Thing(id='a')])
    """,
)


def run(system_from: Any, monkeypatch: pytest.MonkeyPatch) -> TimeStandsStillError:
    defaults: Any = loops.VirtualLoop.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "instant_steps_max", 5_000)
    with pytest.raises(TimeStandsStillError) as raised:
        simulate("endless", system=system_from(*CELLS), log=Log.memory())
    return raised.value


def test_loop_at_one_instant_is_stopped_with_the_author_s_lines(
    system_from: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = run(system_from, monkeypatch)
    assert error.code == "STU503"
    assert error.where is not None
    assert error.where.line == 4
    assert "in work" in str(error)
    assert "in poll" in str(error)


def test_it_is_stopped_at_the_same_step_each_time(system_from: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(run(system_from, monkeypatch)) == str(run(system_from, monkeypatch))
