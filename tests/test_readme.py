"""The README's snippets run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

from studio.graph.system import System
from studio.simulation.simulate import simulate
from studio.source.cell import cell_from_text


def snippets(root: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (root / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_notation_of_the_readme_runs(root: Path) -> None:
    system = System()
    for snippet in snippets(root):
        source = cell_from_text(snippet) if snippet.startswith("%%") else None
        if source is not None:
            system.define(source)
    run = simulate("lost_reply", system=system, seed=7)
    assert run.trace().text()
    assert len(run.sql("select * from faults")) == 1
    assert set(run.sagas["state"]) == {"completed"}


def test_commands_of_the_readme_exist(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    makefile = (root / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"make (\w+)", text)
    assert named
    assert all(f"\n{target}:" in makefile for target in named)
    for path in re.findall(r"`((?:studio|notebooks|simulations|benchmarks)/[\w./-]*)`", text):
        assert (root / path).exists(), path
