"""What travels in the wheel, and what the locked requirements promise."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel and list its files."""
    target = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(target)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    (built,) = target.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def lock(root: Path) -> str:
    """The locked requirements."""
    return (root / "requirements-dev.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, object]:
    """The `[project]` table."""
    table: dict[str, object] = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def requirements(project: dict[str, object], *only: str) -> list[str]:
    """List core requirements and those of every extra, or of some."""
    core, extras = project["dependencies"], project["optional-dependencies"]
    assert isinstance(core, list)
    assert isinstance(extras, dict)
    return [*core, *(line for name, lines in extras.items() if not only or name in only for line in lines)]


def test_everything_in_the_package_travels_in_the_wheel(root: Path, wheel: set[str]) -> None:
    lab = root / "studio" / "lab"  # how its two folders travel is held by tests/lab/test_lab_packaging.py
    left_out = {lab / "frontend", lab / "labextension"}
    files = {path for path in (root / "studio").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    files = {path for path in files if not left_out & {*path.parents}}
    assert {path.relative_to(root).as_posix() for path in files} - wheel == set()


def test_the_kernel_spec_travels_in_the_wheel(wheel: set[str]) -> None:
    shipped = {Path(name).name for name in wheel if "/share/jupyter/kernels/studio/" in name}
    assert shipped == {"kernel.json", "logo-svg.svg", "logo-32x32.png", "logo-64x64.png"}


def test_the_kernel_loads_studio_beside_the_authors_own_extensions(root: Path) -> None:
    spec = json.loads((root / "kernels/studio/kernel.json").read_text(encoding="utf-8"))
    assert spec["argv"][0] == "python"
    assert spec["argv"][-1] == "--ext=studio"


def test_every_requirement_has_an_upper_bound(project: dict[str, object]) -> None:
    assert [line for line in requirements(project) if "<" not in line] == []


def test_the_lock_names_no_registry(lock: str) -> None:
    assert "://" not in lock
    assert [line for line in lock.splitlines() if line.startswith("-")] == []


def test_the_lock_hashes_every_part(lock: str) -> None:
    parts = re.split(r"\n(?=\S)", lock.strip())
    assert [part.split()[0] for part in parts if "--hash=sha256:" not in part] == []


def test_the_lock_covers_every_requirement(lock: str, project: dict[str, object], root: Path) -> None:
    extras = re.findall(r"--extra (\w+)", (root / "Makefile").read_text(encoding="utf-8"))
    locked = set(re.findall(r"^([a-z0-9.-]+)==", lock, re.MULTILINE))
    asked = {re.split(r"[<>=~\[; ]", line)[0].lower() for line in requirements(project, *extras)}
    assert asked - locked == set()


def test_the_lock_leaves_learning_frameworks_out(lock: str) -> None:
    assert re.findall(r"^(?:torch|tensorflow|nvidia)[a-z0-9-]*==", lock, re.MULTILINE) == []
