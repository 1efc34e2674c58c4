"""What a run may not depend on is caught by a second run in another process, and named with its line and cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from studio.errors import NotDeterministic
from studio.graph.system import System
from studio.simulation.case import Case
from studio.simulation.determinism.checking import check_with
from studio.simulation.determinism.twin import Twin

SERVICE = """
%%service Tally
{imports}
notes = service.collection("notes", Told, key="text")

@service.on($.Thing.made)
async def note(thing: Thing) -> None:
{body}
    await notes.put(Told(text=text))
"""
SCENARIO = """
%%scenario one --duration 1s
workload($.Thing.made, [Thing(id="a")])
"""
BY_SET = 'names = {each * 3 for each in "abcdefghijklmnop"}\nfor text in names:\n    await notes.put(Told(text=text))'

Check = Callable[..., NotDeterministic | None]


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    """The other process, which takes seconds to start."""
    with Twin() as started:
        yield started


@pytest.fixture
def check(system_from: Callable[..., System], twin: Twin) -> Check:
    """Return what checks a service whose handler makes `text` by some lines."""

    def run(body: str, imports: str = "") -> NotDeterministic | None:
        lines = "\n".join(f"    {line}" for line in body.splitlines())
        build = system_from(SERVICE.format(imports=imports, body=lines), SCENARIO).build()
        return check_with(build, Case("one", 3), [twin])

    return run


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give this process a variable and a file of its own."""
    (tmp_path / "rates.txt").write_text("1.17")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STUDIO_TESTED", "here")


@pytest.mark.parametrize(
    ("body", "imports", "line", "cause"),
    [
        (BY_SET, "", 7, "order of a set"),
        ("text = hex(id(thing))", "", 6, "address or hash"),
        ('text = str(hash("tea"))', "", 6, "address or hash"),
        ('text = os.environ.get("STUDIO_TESTED", "none")', "import os", 6, "environment"),
        ('with open("rates.txt") as file:\n    text = file.read()', "", 6, "a file"),
    ],
)
@pytest.mark.usefixtures("surroundings")
def test_what_differs_is_named_with_its_line_and_cause(
    check: Check, body: str, imports: str, line: int, cause: str
) -> None:
    found = check(body, imports)
    assert found is not None
    assert found.where is not None
    assert (found.where.cell, found.where.line) == ("service Tally", line)
    assert cause in found.attributes["cause"]


def test_runs_that_lean_on_the_world_alone_repeat(check: Check) -> None:
    assert check("text = f'{random.random()} {datetime.now()}'", "import random\nfrom datetime import datetime") is None


def test_sorted_sets_repeat(check: Check) -> None:
    assert check("text = ','.join(sorted(set('a quick brown fox'.split())))") is None
