"""Running a changed cell holds the new code against what is kept: it says what is mended, and what is another now."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from jupyter_client.manager import start_new_kernel

from studio.notebook.revisiting import Revisits
from studio.simulation.counterexample.counterexample import Counterexample
from studio.simulation.simulate import simulate
from studio.store import Log
from tests.notebook.conftest import Notebook

THINGS = """%%contracts things
class Thing(Contract):
    id: str

class Tally(Contract):
    id: str
    count: int = 0

event($.Thing.made, Thing, key="id")
"""
COUNTER = """%%service Counter
tallies = service.collection("tallies", Tally, key="id")

@service.on($.Thing.made)
async def count(thing: Thing) -> None:
    seen = await tallies.get(thing.id)
    await tallies.put(Tally(id=thing.id, count=seen.count + 1 if seen else 1))
"""
MENDED = COUNTER.replace("seen.count + 1 if seen else 1", "1")
PROMISE = "%%invariant counted_once\nselect id, count from Counter_tallies where count > 1\n"
TWICE = """%%scenario twice --duration 1s
workload($.Thing.made, [Thing(id="a")])
duplicate($.Thing.made)
"""
CELLS = (THINGS, COUNTER, PROMISE, TWICE)
KEEP = """
from studio.simulation.counterexample.counterexample import Counterexample
run = studio.simulate("twice")
print(Counterexample.of(run.build, run.case, "counted_once", run).save())
"""


@pytest.fixture
def kept(notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """A notebook whose counterexample is kept beside it."""
    monkeypatch.chdir(tmp_path)
    for cell in CELLS:
        notebook.run(cell)
    run = simulate("twice", system=notebook.session.system, log=Log.memory())
    assert run.case is not None
    Counterexample.of(run.build, run.case, "counted_once", run).save()
    notebook.shown.readouterr()
    return notebook


def test_changed_cell_says_what_is_mended_and_what_is_another_now(kept: Notebook) -> None:
    kept.run(MENDED)
    shown = kept.shown.readouterr().out
    assert "✓ 1 mended" in shown
    assert "each event of Thing.made is delivered twice" in shown
    assert "Counter.tallies a: put id a, count 2" in shown


def test_changed_cell_says_what_still_fails(kept: Notebook) -> None:
    kept.run(COUNTER.replace("seen =", "seen  ="))
    assert "✗ 1 still fails" in kept.shown.readouterr().out


def test_unchanged_cell_and_first_run_of_a_cell_say_nothing(kept: Notebook) -> None:
    kept.run(COUNTER)
    kept.run("%%module helpers\nONE = 1")
    assert "mended" not in kept.shown.readouterr().out


def test_where_nothing_is_kept_nothing_is_said(notebook: Notebook, tmp_path: Path) -> None:
    for cell in (*CELLS, MENDED):
        notebook.run(cell)
    assert "mended" not in notebook.shown.readouterr().out


def test_time_bounds_the_replay(kept: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.notebook.revisiting.BUDGET_AT_ONCE_S", -1.0)
    text = Path("simulations/counted_once_duplicate_thing_made.json").read_text(encoding="utf-8")
    Path("simulations/other.json").write_text(text, encoding="utf-8")
    kept.run(MENDED)
    assert "1 counterexample not run: time is up" in kept.shown.readouterr().out


def test_old_builds_are_bounded(kept: Notebook) -> None:
    revisits = Revisits(kept.session.system)
    for number in range(6):
        kept.session.system.define(_cell(f"%%module helpers\nN = {number}"))
        revisits.changing()
    assert len(revisits._builds) <= 4  # noqa: SLF001 - that it is bounded cannot be seen otherwise


def _cell(text: str) -> Any:
    from studio.source.cell import cell_from_text

    return cell_from_text(text)


@pytest.fixture
def kernel(tmp_path: Path) -> Iterator[Any]:
    manager, client = start_new_kernel(kernel_name="studio", cwd=str(tmp_path))
    yield client
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_in_a_kernel_the_cell_answers_first(kernel: Any) -> None:
    for cell in (*CELLS, KEEP):
        kernel.execute_interactive(cell, timeout=60, output_hook=lambda _: None)
    kernel.execute(MENDED)
    seen: list[str] = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any("✓ 1 mended" in text for text in seen):
        try:
            message = kernel.get_iopub_msg(timeout=1)
        except Empty:
            continue
        data = message["content"].get("data", {})
        seen.append(message["content"].get("execution_state", "") + data.get("text/plain", ""))
    assert "✓ 1 mended" in seen[-1]
    answered = next(at for at, text in enumerate(seen) if text.startswith("service Counter"))
    assert seen.index("idle") > answered
    assert seen.index("idle") < len(seen) - 1
