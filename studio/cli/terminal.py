"""What every command shares: the application itself, the arguments that many take, and how a path is read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.errors import EmptySystem, FileUnwritable

if TYPE_CHECKING:
    from studio.graph.system import System

__all__ = ["FileOption", "LogOption", "PathArgument", "app", "read_system", "write_file"]

app = typer.Typer(
    name="studio",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Design services, break them in a deterministic simulation, ship the code that survived.\n\n"
    "Example: studio new shop --template orders && studio simulate shop/orders.ipynb",
)

PathArgument = Annotated[Path, typer.Argument(help="A notebook, a folder of modules, or one module.")]
LogOption = Annotated[
    Path | None, typer.Option("--log", help="DuckDB file that keeps the runs; by default the project's.")
]
FileOption = Annotated[Path, typer.Option("--log", help="DuckDB file.")]


def read_system(path: Path) -> System:
    """Read a system from a path."""
    from studio.graph.system import System
    from studio.simulation.current import set_home
    from studio.source.directory import read

    set_home(path)
    beside = str(path.resolve().parent)
    if path.suffix == ".ipynb" and beside not in sys.path:
        sys.path.insert(0, beside)  # where cells look for the Python files beside their notebook, as in Jupyter
    system = System()
    system.define_all(read(path))
    if not system.definitions:
        raise EmptySystem
    return system


def write_file(file: Path, text: str) -> None:
    """Write a text that a command was asked for.

    Raises:
        FileUnwritable: It cannot be written there.
    """
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileUnwritable(file=str(file), reason=str(error.strerror).lower()) from error
