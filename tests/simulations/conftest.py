"""The gallery: every system in simulations/ that has a broken and a mended twin."""

from __future__ import annotations

from pathlib import Path

import pytest

import studio
from studio.graph.system import Build

GALLERY = sorted(path.parent for path in (Path(__file__).parents[2] / "simulations").glob("*/broken"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask every test that takes an `exhibit` of each system."""
    if "exhibit" in metafunc.fixturenames:
        metafunc.parametrize("exhibit", GALLERY, ids=lambda path: path.name, scope="module")


@pytest.fixture(scope="module")
def broken(exhibit: Path) -> Build:
    """The system with its bug, ready to run."""
    return studio.load(exhibit / "broken").build()


@pytest.fixture(scope="module")
def mended(exhibit: Path) -> Build:
    """Its correct twin."""
    return studio.load(exhibit / "mended").build()
