"""What every command shares: the application itself, the arguments that many take, and how a path is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from studio.errors import FileUnwritable

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
    """Read a system from a path, which is then where what is kept belongs to."""
    from studio.graph.loading import load
    from studio.simulation.current import set_home

    set_home(path)
    return load(path)


def write_file(file: Path, text: str) -> None:
    """Write a text that a command was asked for.

    Raises:
        FileUnwritable: It cannot be written there.
    """
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FileUnwritable(file=str(file), reason=str(error.strerror).lower()) from error
