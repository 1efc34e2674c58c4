"""Scenarios: workloads, givens, jobs, what ends a run, and that its records are kept whatever does."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from studio import RunInterrupted, crash
from studio.errors import (
    CannotSample,
    HandlerStalledError,
    InvalidMessage,
    InvalidQuery,
    InvariantFailed,
    UnfitTarget,
    UnknownAddress,
    UnknownScenario,
    UnknownTarget,
)
from studio.simulation.cluster.cluster import Cluster
from studio.simulation.current import latest
from studio.simulation.run import Run
from studio.simulation.simulate import Progress, simulate
from studio.simulation.virtual import loop as loops
from studio.simulation.virtual.driving import RUNS_PER_SWEEP
from studio.store import Log

ROOT = Path(__file__).resolve().parents[2]
LISTENER = """
%%service Listener
import asyncio
stock = service.collection("stock", Thing, key="id")
@service.on($.Thing.made)
async def hear(thing: Thing) -> None:
    {body}
    log.info(thing.id + " " + str(thing.amount))
@service.operation($.Listener.ask)
async def ask(thing: Thing) -> Told:
    log.info("mode " + setting("MODE", "none"))
    return Told(text=thing.id)
"""


class Scene:
    """A scenario of one system, and what comes of it."""

    def __init__(self, system_from: Any, body: str, *cells: str, hear: str = "pass", line: str = "") -> None:
        cell = f"%%scenario calm{line}\n" + "\n".join(part.strip() for part in body.split("\n"))
        self.system = system_from(LISTENER.format(body=hear), cell, *cells)
        self.log = Log.memory()

    def run(self, **options: Any) -> Run:
        return simulate("calm", system=self.system, log=self.log, **options)

    @property
    def kept(self) -> Run:
        """The run that an error interrupted, as the log has it."""
        (row,) = self.log.runs()
        return Run(self.log.run(row.run), self.system.build(), ())


def heard(run: Run) -> list[str]:
    return list(run.logs["text"])


def seconds(run: Run) -> list[float]:
    """When events were sent."""
    return [round(at, 6) for at in run.events["at_s"]]


@pytest.fixture
def scene(system_from: Any) -> Any:
    return lambda body, *cells, **options: Scene(system_from, body, *cells, **options)


# -- workloads --------------------------------------------------------------------------------------------------------


def test_fixed_rate_has_even_gaps(scene: Any) -> None:
    run = scene("workload($.Thing.made, rate_per_s=2, arrivals='fixed')", line=" --duration 3s").run()
    assert seconds(run) == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]


def test_poisson_rate_has_about_the_mean(scene: Any) -> None:
    times = seconds(scene("workload($.Thing.made, rate_per_s=20)", line=" --duration 10s").run())
    assert 150 < len(times) < 250
    assert len({round(b - a, 6) for a, b in pairwise(times)}) > 100


def test_list_is_sent_at_its_interval_from_its_start(scene: Any) -> None:
    work = "workload($.Thing.made, [Thing(id='a'), Thing(id='b'), Thing(id='c')], at='1s', every='2s')"
    run = scene(work, line=" --duration 10s").run()
    assert seconds(run) == [1.0, 3.0, 5.0]
    assert heard(run) == ["a 1", "b 1", "c 1"]


def test_count_bounds_a_rate_and_until_bounds_a_list(scene: Any) -> None:
    assert len(seconds(scene("workload($.Thing.made, rate_per_s=5, count=4)").run())) == 4
    short = scene("workload($.Thing.made, count=9, every='1s', until='3s')", line=" --duration 1m").run()
    assert seconds(short) == [0.0, 1.0, 2.0, 3.0]


def test_like_and_changes_make_the_data(scene: Any) -> None:
    run = scene("workload($.Thing.made, count=3, like=Thing(id='x', amount=9))").run()
    assert {line.split()[1] for line in heard(run)} == {"9"}
    assert len({line.split()[0] for line in heard(run)}) == 3
    assert {line.split()[1] for line in heard(scene("workload($.Thing.made, count=3, amount=7)").run())} == {"7"}


def test_skew_prefers_some_values(scene: Any) -> None:
    run = scene("workload($.Thing.made, count=60, skew={'id': Zipf(1.5, values=5)})").run()
    ids = [line.split()[0] for line in heard(run)]
    assert len(set(ids)) <= 5
    assert max(map(ids.count, ids)) > 20


def test_commands_are_called(scene: Any) -> None:
    run = scene("workload($.Listener.ask, count=3)").run()
    assert len(run.sql("select 1 from messages where kind = 'call' and sender = 'world'")) == 3


def test_message_of_another_contract_is_an_error_and_not_a_quiet_run(scene: Any) -> None:
    scenario = scene("workload($.Thing.made, [Told(text='no')])")
    with pytest.raises(InvalidMessage, match="id"):
        scenario.run()
    assert scenario.kept.status == "aborted"


def test_data_that_cannot_be_made_is_an_error(scene: Any) -> None:
    with pytest.raises(CannotSample, match="amount"):
        scene("workload($.Thing.made, count=1, amount='many')").run()


DRAWN = (
    """
    %%contracts more
    import uuid
    class Drawn(Contract):
        id: str
        tag: str = Field(default_factory=lambda: str(uuid.uuid4()))
    event($.Drawn.made, Drawn, key="id")
    """,
    """
    %%service Reader
    kept = service.collection("kept", Drawn, key="id")
    @service.on($.Drawn.made)
    async def read(drawn: Drawn) -> None:
        await kept.put(drawn)
    """,
    """
    %%scenario made
    given("Reader.kept", [Drawn(id="x")])
    workload($.Drawn.made, [Drawn(id="a")])
    workload($.Drawn.made, count=2)
    """,
)


def test_data_made_by_default_factories_hangs_on_the_seed(system_from: Any) -> None:
    runs = [simulate("made", system=system_from(*DRAWN), seed=seed, log=Log.memory()) for seed in (1, 1, 2)]
    assert runs[0].sha256 == runs[1].sha256
    tags = [{each["tag"] for each in run.collection("Reader.kept") if "-" in each["tag"]} for run in runs]
    assert len(tags[0]) == 2
    assert not tags[0] & tags[2]


# -- givens and overrides ---------------------------------------------------------------------------------------------


def test_given_documents_and_settings_stand_before_the_run(scene: Any) -> None:
    body = "given('Listener.stock', [Thing(id='tea', amount=5), {'id': 'oil'}])\ngiven('MODE', 'fast')"
    run = scene(body + "\nworkload($.Listener.ask, count=1)").run()
    assert run.collection("Listener.stock") == [{"id": "oil", "amount": 1}, {"id": "tea", "amount": 5}]
    assert heard(run) == ["mode fast"]
    with pytest.raises(UnknownTarget, match=r"Listener\.stock"):
        run.collection("Listener.stok")


@pytest.mark.parametrize(
    ("line", "error", "nearest"),
    [
        ("given('Listener.stok', [])", UnknownTarget, "Listener.stock"),
        ("given('MODE', [])", UnknownTarget, "Listener.stock"),
        ("workload($.Thing.mad, count=1)", UnknownAddress, "Thing.made"),
        ("service_time('Listner', '1ms')", UnknownTarget, "Listener"),
        ("crash('Listner', at='1s')", UnknownTarget, "Listener"),
        ("crash('Listener', replica=2)", UnfitTarget, "replica 1 to 1"),
        ("lose('Listener.stock')", UnfitTarget, "Listener.ask"),
        ("lose('$.Thong.*')", UnknownTarget, "Thing.made"),
        ("duplicate($.Listener.ask)", UnfitTarget, "Thing.made"),
        ("down($.Listener.ask)", UnfitTarget, "Listener"),
    ],
)
def test_what_does_not_exist_is_refused_with_cell_line_and_nearest(
    scene: Any, line: str, error: type[Exception], nearest: str
) -> None:
    scenario = scene("workload($.Thing.made, count=1)\n" + line)
    with pytest.raises(error) as caught:
        scenario.run()
    assert nearest in str(caught.value)
    assert "in scenario calm, line 2" in str(caught.value)
    assert scenario.log.runs() == []


def test_given_document_that_is_none_of_the_contract_names_the_field(scene: Any) -> None:
    with pytest.raises(InvalidMessage, match="amount"):
        scene("given('Listener.stock', [{'id': 'tea', 'amount': 'many'}])").run()


def test_unknown_scenario_names_the_nearest(scene: Any) -> None:
    with pytest.raises(UnknownScenario, match="calm"):
        simulate("cal", system=scene("workload($.Thing.made, count=1)").system)


def test_seed_faults_and_duration_can_be_others(scene: Any) -> None:
    scenario = scene("workload($.Thing.made, rate_per_s=1, arrivals='fixed')\ncrash('Listener', at='1s')",
                     line=" --duration 3s --seed 5")  # fmt: skip
    assert scenario.run().seed == 5
    assert len(scenario.run(seed=6).faults) == 1
    other = scenario.run(faults=[crash("Listener", at="2s"), crash("Listener", at="4s")], duration="10s")
    assert len(other.faults) == 2
    assert len(other.events) == 10
    assert len(scenario.run(duration="2s").events) == 2


# -- regular work, ends -----------------------------------------------------------------------------------------------

REGULAR = """
%%service Clock --replicas 3
@service.job("*/5 * * * * *")
async def tick() -> None:
    log.info("tick")
@service.health(interval="4s")
async def check() -> Health:
    return Health()
"""


def test_jobs_run_once_a_tick_whatever_the_replicas_and_checks_at_each(scene: Any) -> None:
    run = scene("workload($.Thing.made, count=1)", REGULAR, line=" --duration 20s").run()
    ticks = run.logs.filter(run.logs["text"] == "tick")
    assert ticks["at_s"].to_list() == [5.0, 10.0, 15.0, 20.0]
    checks = run.sql("select start_s, count(*) as n from spans where kind = 'health' group by start_s order by start_s")
    assert checks.rows() == [(4.0, 3), (8.0, 3), (12.0, 3), (16.0, 3), (20.0, 3)]


def test_progress_is_told_in_virtual_time(scene: Any) -> None:
    told: list[Progress] = []
    scene("workload($.Thing.made, rate_per_s=5)", line=" --duration 10s").run(progress=told.append)
    assert len(told) == 100
    assert told[-1].now_ns == told[-1].end_ns == 10_000_000_000
    assert 0 < told[50].records < told[-1].records


def test_run_that_does_not_come_to_rest_says_what_is_under_way(scene: Any) -> None:
    body = "workload($.Thing.made, count=2)\nscenario.settle = '5s'"
    run = scene(body, hear="await asyncio.sleep(100)", line=" --duration 1s").run()
    assert run.status == "finished"
    told = str(run.summary())
    assert "still busy after settle=5s: 2 undelivered Listener.hear, 2 running Listener handle Thing.made" in told
    assert "under way at the end: 2 × handle Thing.made" in told


def test_run_that_rests_does_not_complain(scene: Any) -> None:
    summary = scene("workload($.Thing.made, count=2)").run().summary()
    assert summary.warnings == summary.unfinished == ()
    assert summary.idle == ("Listener.ask",)


def test_handler_that_never_yields_aborts_the_run_and_keeps_its_records(
    scene: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = scene("workload($.Thing.made, count=3, every='1s')", hear="if thing.amount:\n        while True: pass")
    defaults: Any = loops.VirtualLoop.__init__.__kwdefaults__
    monkeypatch.setitem(defaults, "stall_s", 0.3)
    with pytest.raises(HandlerStalledError, match="service Listener"):
        scenario.run()
    assert scenario.kept.status == "aborted"
    assert len(scenario.kept.events) == 1


# -- invariants that fail ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "error", "told"),
    [
        ("%%invariant broken\nselect nothing from nowhere", InvalidQuery, "invariant broken"),
        (
            "%%invariant broken --python\n@invariant\ndef broken(run):\n    return [1 / 0]",
            InvariantFailed,
            "ZeroDivision",
        ),
    ],
)
def test_run_whose_invariant_cannot_be_evaluated_is_finished_and_kept(
    scene: Any, cell: str, error: type[Exception], told: str
) -> None:
    scenario = scene("workload($.Thing.made, count=3, every='1s')", cell, line=" --duration 5s")
    with pytest.raises(error, match=told):
        scenario.run()
    assert scenario.kept.status == "finished"
    assert len(heard(scenario.kept)) == 3
    assert isinstance(latest(), Run)
    assert "broken: not checked" in str(latest().summary())  # type: ignore[union-attr]


# -- interrupts -------------------------------------------------------------------------------------------------------

INTERRUPTED = """
import os, signal
from studio import RunInterrupted
from studio.graph.system import System
from studio.simulation.simulate import simulate
from studio.source.cell import cell_from_text
from studio.store import Log

system = System()
system.define(cell_from_text('''%%service Busy
import asyncio
@service.operation($.Busy.work)
async def work() -> None:
    await asyncio.sleep(0.001)
'''))
system.define(cell_from_text('''%%scenario long --duration 10000h
workload($.Busy.work, rate_per_s=1000, arrivals="fixed")
'''))
began = []
def stop(progress):
    if progress.records > 1000 and not began:
        began.append(progress.records)
        os.kill(os.getpid(), signal.SIGINT)
log = Log.memory()
try:
    simulate("long", system=system, log=log, progress=stop)
except RunInterrupted as stopped:
    after = log.runs()[0].records - began[0]
    print(stopped.run.status, len(stopped.run.messages) > 100, stopped.run.number == log.runs()[0].run, after < 1000)
"""


def test_interrupted_run_ends_at_once_and_keeps_its_records() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", dedent(INTERRUPTED)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["interrupted", "True", "True", "True"], done.stderr
    assert not done.stderr


def test_progress_of_a_busy_run_is_told_long_before_a_hundredth_of_it(scene: Any) -> None:
    told: list[Progress] = []

    def listen(progress: Progress) -> None:
        told.append(progress)
        if len(told) > 2:
            raise KeyboardInterrupt

    with pytest.raises(RunInterrupted, match="stopped at"):
        scene("workload($.Thing.made, rate_per_s=1000)", line=" --duration 10h").run(progress=listen)
    assert 0 < told[0].now_ns < told[1].now_ns < told[1].end_ns / 100


def test_interrupt_between_two_drives_is_one_too(scene: Any) -> None:
    def press(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(RunInterrupted) as stopped:
        scene("workload($.Thing.made, rate_per_s=1)").run(progress=press)
    assert stopped.value.run.status == "interrupted"


def test_ended_runs_are_let_go(scene: Any) -> None:
    scenario = scene("workload($.Thing.made, count=1)")
    gc.collect()
    for seed in range(3 * RUNS_PER_SWEEP):
        scenario.run(seed=seed)
    assert sum(isinstance(each, Cluster) for each in gc.get_objects()) <= RUNS_PER_SWEEP + 1
