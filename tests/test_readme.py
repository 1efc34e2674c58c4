"""The README's snippets run as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import studio
from studio.cli.terminal import ORDER
from studio.graph.system import System
from studio.model.fault import KINDS
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


def test_gallery_of_the_readme_is_whole(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    systems = {file.parent.name for file in (root / "simulations").glob("*/__init__.py")}
    assert systems == set(re.findall(r"^\| `(\w+)` \| .* \|$", text, re.MULTILINE)) & systems
    assert all(f"`{name}`" in text for name in systems)


def test_faults_of_the_readme_exist(root: Path) -> None:
    table = (root / "README.md").read_text(encoding="utf-8").partition("| what | faults |")[2].partition("\n\n")[0]
    named = re.findall(r"`(\w+)`", table)
    assert [name for name in named if not hasattr(studio, name)] == []
    made = {kind.replace("-", "_") for kind in KINDS} - {"crash_point"}
    assert made - set(named) == set()


def test_commands_of_the_readme_are_those_there_are(root: Path) -> None:
    text = (root / "README.md").read_text(encoding="utf-8")
    listed = re.search(r"`studio (new [|\w ]+)`", text)
    assert listed is not None
    assert tuple(listed[1].split(" | ")) == ORDER


def test_pictures_that_texts_show_are_there_and_small(root: Path) -> None:
    for file in (root / "README.md", *(root / "docs").glob("*.md")):
        for shown in re.findall(r"!\[[^\]]*\]\(([^)\s]+)\)", file.read_text(encoding="utf-8")):
            picture = file.parent / shown
            assert picture.is_file(), f"{shown} in {file.name}"
            assert picture.suffix != ".png" or picture.stat().st_size < 150_000, shown
