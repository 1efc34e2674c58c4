"""The gallery's bugs: each is found within its budget, kept as a counterexample, and gone from the twin."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import studio
from studio.graph.system import Build
from studio.simulation.counterexample.kept import Kept, load, retry

RUNS_MAX = 200
FAULTS_MAX = 2


@pytest.fixture(scope="module")
def kept(exhibit: Path) -> tuple[Kept, ...]:
    """What is pinned of a system."""
    return tuple(load(file) for file in sorted((exhibit / "counterexamples").glob("*.json")))


def test_the_bug_is_found_within_its_budget(broken: Build) -> None:
    found = studio.hunt("calm", system=broken, runs=RUNS_MAX)
    assert found.counterexample is not None, str(found)
    assert found.runs <= RUNS_MAX
    assert found.counterexample.invariant in broken.graph.invariants  # a promise of the author's
    assert len(found.counterexample.plan) <= FAULTS_MAX


def test_what_is_pinned_breaks_its_promise_on_the_bug(broken: Build, kept: tuple[Kept, ...]) -> None:
    assert kept
    assert [str(each) for each in (retry(one, broken) for one in kept) if not each.rows] == []


def test_what_is_pinned_holds_on_the_twin(mended: Build, kept: tuple[Kept, ...]) -> None:
    assert [str(each) for each in (retry(one, mended) for one in kept) if not each.is_mended] == []


def test_what_is_pinned_names_the_system_that_it_was_found_in(exhibit: Path, kept: tuple[Kept, ...]) -> None:
    systems = [one.system.resolve() for one in kept if one.system is not None]
    assert systems == [exhibit / "broken"] * len(kept)


def test_the_twin_promises_and_declares_the_same(broken: Build, mended: Build) -> None:
    for part in ("services", "sagas", "externals", "scenarios", "invariants"):
        assert list(getattr(broken.graph, part)) == list(getattr(mended.graph, part))


def test_the_story_is_told(exhibit: Path) -> None:
    story = ast.get_docstring(ast.parse((exhibit / "__init__.py").read_text(encoding="utf-8"))) or ""
    title, _, rest = story.partition("\n\n")
    assert title.lower().replace(" ", "_").startswith(exhibit.name)
    assert "cure" in rest
