"""Stopping a run between two steps, for who acts on it and for invariants at every commit; it changes nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio import S, lose
from studio.graph.system import System
from studio.records import FaultStrike, Violation
from studio.simulation.cluster.cluster import Cluster
from studio.simulation.current import latest, set_latest
from studio.simulation.play import Intervention
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.store import Log

CELLS = (
    """
    %%service Keeper --replicas 2
    kept = service.collection("kept", Thing, key="id")
    @service.operation($.Keeper.keep)
    async def keep(thing: Thing) -> None:
        await kept.put(thing)
        await publish($.Thing.made, thing)
    @service.on($.Thing.made)
    async def undo(thing: Thing) -> None:
        await kept.put(Thing(id=thing.id, amount=0))
    """,
    "%%invariant small\nselect id, amount from Keeper.kept where amount > 5",
    """
    %%invariant never_nine --python
    @invariant
    def never_nine(run):
        return [row for row in run.collection("Keeper.kept") if row["amount"] == 9]
    """,
    """
    %%scenario busy --duration 10s
    workload($.Keeper.keep, [Thing(id=str(n), amount=n) for n in range(12)], every='700ms')
    network(Exponential("2ms"))
    """,
)


@pytest.fixture
def busy(system_from: Any) -> System:
    system: System = system_from(*CELLS)
    return system


def run(system: System, **options: Any) -> Run:
    return simulate("busy", system=system, log=Log.memory(), **options)


def happened(played: Run) -> list[Any]:
    """Every record but what checking found."""
    return [record for record in played.log.records() if not isinstance(record, Violation)]


def test_marks_miss_what_heals_between_them_and_commits_do_not(busy: System) -> None:
    assert not len(run(busy).violations)
    found = run(busy, check="commits").violations
    assert found.filter(found["invariant"] == "small").height == 6
    assert found.filter(found["invariant"] == "never_nine").height == 1


def test_checking_at_commits_changes_no_other_record(busy: System) -> None:
    assert happened(run(busy, check="commits")) == happened(run(busy))


def test_run_stops_at_its_first_violation_and_says_when(busy: System) -> None:
    stopped = run(busy, check="commits", stop_at_violation=True)
    assert stopped.status == "stopped"
    assert stopped.violations["row"].to_list() == ['{"amount": 6, "id": "6"}']
    assert stopped.violations["at_ns"][0] == stopped.end_ns < 5_000_000_000
    whole = happened(run(busy))
    before = [record for record in happened(stopped) if getattr(record, "status", "") != "unfinished"]
    assert before == whole[: len(before)]


@given(st.lists(st.integers(1, 300), max_size=3), st.lists(st.integers(0, 12_000_000_000), max_size=3))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_looking_between_steps_changes_nothing(busy: System, records: list[int], instants: list[int]) -> None:
    seen: list[int] = []
    looks = [Intervention(lambda cluster: seen.append(cluster.loop.now_ns), after_record=each) for each in records]
    looks += [Intervention(lambda cluster: seen.append(cluster.loop.now_ns), at_ns=each) for each in instants]
    assert run(busy, interventions=looks).sha256 == run(busy).sha256
    assert seen == sorted(seen)


def test_intervention_after_a_record_acts_right_after_its_step(busy: System) -> None:
    whole = list(run(busy).log.records())

    def strike(cluster: Cluster) -> None:
        cluster.inject(lose(S.Keeper.keep))

    changed = list(run(busy, interventions=[Intervention(strike, after_record=60)]).log.records())
    same = next(at for at, pair in enumerate(zip(whole, changed, strict=False)) if pair[0] != pair[1])
    assert same >= 60
    assert {record.kind for record in changed if isinstance(record, FaultStrike)} == {"lose"}


def test_intervention_while_the_run_comes_to_rest_happens_too(busy: System) -> None:
    late: list[int] = []
    run(busy, interventions=[Intervention(lambda cluster: late.append(cluster.loop.now_ns), at_ns=11_000_000_000)])
    assert late == [11_000_000_000]


def test_run_that_is_not_kept_leaves_the_latest(busy: System) -> None:
    set_latest(None)
    run(busy, keep=False)
    assert latest() is None
    assert run(busy) is latest()
