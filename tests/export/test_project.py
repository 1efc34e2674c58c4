"""New projects."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from studio.errors import FolderNotEmpty, UnknownTemplate
from studio.export.project import notebook_template, start_project, templates
from studio.graph.system import System
from studio.simulation.replay import replay_all
from studio.source.directory import read


def system_of(path: Path) -> System:
    system = System()
    system.define_all(read(path))
    return system


def studio_cells(path: Path) -> list[str]:
    cells = ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"]]
    return [text for text in cells if text.startswith("%%")]


@pytest.mark.parametrize("template", ["orders", "blank"])
def test_a_project_has_all_it_needs(template: str, tmp_path: Path) -> None:
    lines = start_project(tmp_path / "tea-shop", template)
    files = sorted(path.relative_to(tmp_path / "tea-shop").as_posix() for path in tmp_path.rglob("*") if path.is_file())
    notebook = "orders.ipynb" if template == "orders" else "tea-shop.ipynb"
    assert files == sorted([".github/workflows/simulate.yml", ".gitignore", "README.md", notebook, "pyproject.toml"])
    project = tomllib.loads((tmp_path / "tea-shop" / "pyproject.toml").read_text())["project"]
    assert project["name"] == "tea-shop"
    assert project["dependencies"][0].startswith("service-studio[lab,serve]>=")
    assert notebook in lines[1]


@pytest.mark.parametrize("template", templates())
def test_a_templates_notebook_is_stored_without_output(template: str) -> None:
    content = json.loads(notebook_template(template).read_text())
    code = [cell for cell in content["cells"] if cell["cell_type"] == "code"]
    assert content["metadata"]["kernelspec"]["name"] == "studio"
    assert [cell["id"] for cell in code if cell["outputs"] or cell["execution_count"] is not None] == []
    assert [cell["id"] for cell in code if len(cell["source"]) > 26] == []


def test_every_scenario_of_every_template_holds() -> None:
    for template in templates():
        for name, result in replay_all(system_of(notebook_template(template))).items():
            assert (name, set(result["invariants"].values()) - {"held"}) == (name, set())


def test_no_order_of_the_calm_scenario_is_left_behind() -> None:
    results = replay_all(system_of(notebook_template("orders")))
    assert [*results["calm"]["sagas"]] == ["OrderProcessing completed"]
    assert results["lost_reply"]["sagas"] == {"OrderProcessing completed": 1}


def test_the_order_notebook_says_what_the_lessons_say(root: Path) -> None:
    lessons = {text for path in (root / "notebooks").glob("*.ipynb") for text in studio_cells(path)}
    others = [text.partition("\n")[0] for text in studio_cells(notebook_template("orders")) if text not in lessons]
    assert others == ["%%external cards", "%%scenario lost_reply --duration 10s", "%%service Payment --version 1.0.1"]


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("42")
    for folder in (tmp_path, tmp_path / "thesis.tex"):
        with pytest.raises(FolderNotEmpty, match="STU708"):
            start_project(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_unknown_template_is_told_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnknownTemplate, match="blank, orders"):
        start_project(tmp_path / "new", "shop")
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
@pytest.mark.parametrize("template", templates())
def test_a_templates_notebook_runs_from_top_to_bottom(template: str, tmp_path: Path) -> None:
    from nbclient import NotebookClient
    from nbformat import read as read_cells

    content = read_cells(notebook_template(template), as_version=4)  # type: ignore[no-untyped-call]  # it has no types
    NotebookClient(content, kernel_name="studio", timeout=60, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert list(tmp_path.iterdir()) == []
