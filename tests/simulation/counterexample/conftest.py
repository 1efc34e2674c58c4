"""The order system with its hidden bug, and the counterexample that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.graph.system import Build, System
from studio.simulation.counterexample.counterexample import Counterexample
from studio.simulation.current import home, set_home
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.source.directory import read
from studio.store import Log


@pytest.fixture(autouse=True)
def homeless() -> Iterator[None]:
    """Nothing is read from a notebook or folder, whatever a command of another test read."""
    before = home()
    set_home(None)
    yield
    set_home(before)


@pytest.fixture(scope="session")
def orders(root: Path) -> Build:
    system = System()
    system.define_all(read(root / "simulations" / "orders"))
    return system.build()


@pytest.fixture(scope="session")
def charged_twice(orders: Build) -> Run:
    """A run in which Ada is charged twice."""
    return simulate("lost_reply", seed=7, system=orders, log=Log.memory())


@pytest.fixture(scope="session")
def found(orders: Build, charged_twice: Run) -> Counterexample:
    """What was found in it."""
    assert charged_twice.case is not None
    return Counterexample.of(orders, charged_twice.case, "one_charge_per_order", charged_twice)
