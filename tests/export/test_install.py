"""A package installs into a fresh environment from its own folder, and its tests pass there."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

import pytest

from studio.export.package import export_package
from studio.export.project import notebook_template
from studio.graph.system import System
from studio.simulation.replay import replay_all
from studio.source.directory import read

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Export the order system."""
    folder = tmp_path_factory.mktemp("export") / "orders"
    system = System()
    system.define_all(read(notebook_template("orders")))
    export_package(system, folder, replays=replay_all)
    return folder


@pytest.fixture(scope="module")
def environment(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package and the runtime that travels along; what both need is lent by this environment."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")  # Studio itself is not lent: it is editable
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin/python"), "install", "--quiet", "--no-index"]
    pip += ["--no-deps", "--ignore-installed", "--no-build-isolation", "--find-links", "wheels", "service-studio", "."]
    subprocess.run(pip, cwd=project, check=True)
    return folder


def run(environment: Path, folder: Path, *command: str) -> str:
    clean: Mapping[str, str] = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHON"))
    }
    arguments = [str(environment / "bin" / command[0]), *command[1:]]
    done = subprocess.run(arguments, cwd=folder, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_runtime_is_the_one_that_travelled_along(environment: Path, tmp_path: Path) -> None:
    found = run(environment, tmp_path, "python", "-c", "import studio, orders; print(studio.__file__, orders.__file__)")
    assert [Path(each).is_relative_to(environment) for each in found.split()] == [True, True]


def test_its_tests_pass(environment: Path, project: Path) -> None:
    assert " passed" in run(environment, project, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_its_command_replays_from_anywhere(environment: Path, tmp_path: Path) -> None:
    assert run(environment, tmp_path, "orders", "simulate").splitlines() == [
        "scenario calm: as at export (one_charge_per_order held)",
        "scenario lost_reply: as at export (one_charge_per_order held)",
    ]
