"""What every command shares: the application itself, the arguments that many take, and how a path is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

if TYPE_CHECKING:
    from studio.graph.system import System

__all__ = ["FileOption", "LogOption", "PathArgument", "app", "read_system"]

ORDER = ("new", "lab", "demo", "graph", "lint", "simulate", "hunt", "runs", "dashboard", "export", "serve")
"""Of the commands in the help: as one needs them."""


class _InOrder(TyperGroup):
    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands in the order in which one needs them."""
        return sorted(super().list_commands(ctx), key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))


app = typer.Typer(
    name="studio",
    cls=_InOrder,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Design services, break them in a deterministic simulation, ship the code that survived.\n\n"
    "Example: studio new shop --template orders && studio hunt shop/orders.ipynb",
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
