"""Run a command line to its exit code, and tell errors in the words of whom they concern."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from studio.cli.terminal import app
from studio.errors import StudioError

__all__ = ["main", "run"]


def main() -> None:
    """Run the command line."""
    run(app)


def run(application: typer.Typer, arguments: list[str] | None = None) -> NoReturn:
    """Run a command line and exit; an error of ours is told in its own words, with exit code 2.

    Args:
        application: What the commands are.
        arguments: Instead of the process's.
    """
    try:
        sys.exit(application(arguments, standalone_mode=False) or 0)
    except StudioError as error:
        typer.echo(str(error), err=True)
    except typer.Abort:
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - raised on, unless it is the author's or the parser's
        show = getattr(error, "show", None)  # a usage error of the parser shows itself
        if show is None:
            _show_authored(error)
        else:
            show()
    sys.exit(2)


def _show_authored(error: Exception) -> None:
    """Show what a declaration raised while it was read, from the author's line on; a bug of ours is raised on."""
    import traceback

    from studio.source.loader import author_frames, trim_traceback

    if not any(author_frames(error)):
        raise error
    typer.echo("".join(traceback.format_exception(trim_traceback(error))).rstrip(), err=True)
