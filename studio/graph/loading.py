"""Read a whole system from a path: what a folder, a file or a notebook declares."""

from __future__ import annotations

import sys
from pathlib import Path

from studio.errors import EmptySystem
from studio.graph.system import System
from studio.source.directory import read

__all__ = ["load"]


def load(path: Path | str) -> System:
    """Read the system of a folder of modules, a single module or a notebook, beside whatever else is declared.

    It is executed anew each time; what the notebook at hand declares is not touched. Give it as `system=` to what runs
    one, or call `build()` once and give that.

    Args:
        path: Such as `simulations/charged_twice/broken`.

    Raises:
        UnreadableFile: Nothing is there, or it cannot be read.
        EmptySystem: It declares nothing.
        StudioError: As a cell that is run.

    Example:
        shop = studio.load("simulations/orders")
        run = studio.simulate("calm", system=shop)
    """
    path = Path(path)
    beside = str(path.resolve().parent)
    if path.suffix == ".ipynb" and beside not in sys.path:
        sys.path.insert(0, beside)  # where cells look for the Python files beside their notebook, as in Jupyter
    system = System()
    system.define_all(read(path))
    if not system.definitions:
        raise EmptySystem
    return system
