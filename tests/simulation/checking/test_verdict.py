"""Invariants and what a summary says of them: held, violated, not checked, never saw data."""

from __future__ import annotations

from typing import Any

import pytest

from studio import S, lose
from studio.errors import InvalidQuery
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.store import Log

CELLS = (
    """
    %%service Keeper
    kept = service.collection("kept", Thing, key="id")
    unused = service.collection("unused", Thing, key="id")
    @service.operation($.Keeper.keep)
    async def keep(thing: Thing) -> None:
        await kept.put(thing)
    @service.operation($.Keeper.other)
    async def other(thing: Thing) -> None:
        pass
    """,
    "%%invariant small\nselect id, amount from Keeper.kept where amount > 5",
    "%%invariant unused_is_small\nselect id from Keeper.unused where amount > 5",
    "%%invariant few --eventually\nselect count(*) as n from Keeper.kept having count(*) > 2",
)
KEEP = S.Keeper.keep


def keep(played: Any, *amounts: int) -> None:
    for number, amount in enumerate(amounts):
        played.world.call(KEEP, played.thing(str(number), amount))


def test_world_says_that_nothing_was_checked(play: Any) -> None:
    played = play(*CELLS)
    keep(played, 1, 9)
    summary = played.world.run.summary()
    assert "? small: not checked" in str(summary)
    assert "4 ms of virtual time" in str(summary)
    assert summary.unchecked == ("few", "small", "unused_is_small")


def test_world_checks_its_invariants_when_asked(play: Any) -> None:
    played = play(*CELLS)
    keep(played, 1, 9)
    assert played.world.check()["invariant"].to_list() == ["small"]
    told = str(played.world.run.summary())
    assert "✗ small: 1 violation" in told
    assert "✓ few: held" in told
    assert "✓ unused_is_small: held, but never saw data" in told


def test_violation_is_written_down_once_with_when_it_was_found(play: Any) -> None:
    played = play(*CELLS)
    keep(played, 9)
    played.world.check()
    keep(played, 9, 7)
    found = played.world.check()
    assert found["row"].to_list() == ['{"amount": 9, "id": "0"}', '{"amount": 7, "id": "1"}']
    assert found["at_ns"].to_list() == [2_000_000, 6_000_000]
    assert "✗ small: 2 violations" in str(played.world.close().summary())


def test_wrong_invariant_is_told_and_the_others_are_checked(play: Any) -> None:
    played = play(*CELLS, "%%invariant broken\nselect nothing from nowhere")
    keep(played, 9)
    with pytest.raises(InvalidQuery, match="invariant broken"):
        played.world.check()
    told = str(played.world.run.summary())
    assert "? broken: not checked" in told
    assert "✗ small: 1 violation" in told


def test_violations_are_in_an_order_of_their_own(play: Any) -> None:
    shuffled = (
        "%%invariant all_of_them --python\n@invariant\ndef all_of_them(run):\n    return [{'s': {'b', 'a', 'c'}}]"
    )
    played = play(*CELLS, shuffled)
    keep(played, *range(10, 20))
    found = played.world.check()
    rows = found.filter(found["invariant"] == "small")["row"].to_list()
    assert rows == sorted(rows)
    assert found.filter(found["invariant"] == "all_of_them")["row"].to_list() == ['{"s": ["a", "b", "c"]}']


def test_summary_says_what_never_ran_and_what_never_struck(play: Any) -> None:
    played = play(*CELLS, faults=[lose(S.Keeper.other), lose(KEEP, occurrence=9)])
    keep(played, 1)
    told = str(played.world.run.summary())
    assert "never ran: Keeper.other" in told
    assert told.count("never struck") == 2


def scenario(system_from: Any, *cells: str) -> Run:
    work = (
        "%%scenario short --duration 10s\nworkload($.Keeper.keep, [Thing(id='a', amount=9), Thing(id='a', amount=1)],"
    )
    return simulate("short", system=system_from(*CELLS, *cells, work + " every='5s')"), log=Log.memory())


def test_always_is_checked_while_the_run_goes_on_and_eventually_in_the_end(system_from: Any) -> None:
    eventually = "%%invariant in_the_end --eventually\nselect id from Keeper.kept where amount > 5"
    run = scenario(system_from, eventually)
    assert run.violations["invariant"].to_list() == ["small"]
    assert "✓ in_the_end: held" in str(run.summary())
    assert not run.summary().is_fine


def test_finished_scenario_that_is_read_again_was_checked(system_from: Any) -> None:
    run = scenario(system_from)
    again = Run(run.log, run.build, run.plan)
    assert str(again.summary()) == str(run.summary())
    assert again.checked == run.checked == {"small", "few", "unused_is_small"}
