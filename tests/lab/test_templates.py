"""The cells that JupyterLab's commands insert: each runs as it stands, and they make up a small system."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from studio.lab.inventory import inventory
from studio.source.cell import cell_from_text

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.conftest import Notebook

NEEDS = {
    "contracts": (), "service": (), "saga": ("contracts", "service"), "scenario": ("service",),
    "invariant": ("service",),
}  # fmt: skip
"""As `studio:insert-…` has them: what is inserted too where a notebook has no such cell."""


@pytest.fixture(scope="module")
def templates(root: Path) -> dict[str, str]:
    files = (root / "studio/lab/templates").glob("*.txt")
    return {file.stem: file.read_text(encoding="utf-8").rstrip("\n") for file in files}


def test_there_is_a_template_for_each_command(templates: dict[str, str]) -> None:
    assert templates.keys() == NEEDS.keys()


@pytest.mark.parametrize("kind", NEEDS)
def test_a_template_is_a_small_cell_of_its_kind(kind: str, templates: dict[str, str]) -> None:
    source = cell_from_text(templates[kind])
    assert source is not None
    assert source.kind == kind
    assert len(templates[kind].splitlines()) <= 25


@pytest.mark.parametrize("kind", NEEDS)
def test_a_template_runs_with_what_is_inserted_beside_it(
    kind: str, templates: dict[str, str], notebook: Notebook
) -> None:
    for each in (*NEEDS[kind], kind):
        notebook.run(templates[each])
    assert not notebook.session.system.graph.broken


def test_the_templates_make_up_a_system_that_holds(templates: dict[str, str], notebook: Notebook) -> None:
    for kind in NEEDS:
        notebook.run(templates[kind])
    run = notebook.run("%simulate busy_hour --duration 3m")
    assert run.status == "finished"
    assert run.violations.is_empty()
    assert inventory(notebook.session)["health"]["error"] == 0
