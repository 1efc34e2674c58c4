"""Make the magics: a cell magic for each kind of declaration, and the line magics, their help from tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.notebook import acts
from studio.notebook.arguments import MAGICS, LineMagic, Values, help_text, parse_arguments
from studio.notebook.session import Session
from studio.source.options import KINDS, Kind
from studio.source.options import help_text as cell_help

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["register_magics", "unregister_magics"]

_ACTS: dict[str, Callable[[Session, Values], Any]] = {
    "simulate": acts.simulate,
    "hunt": acts.hunt,
    "graph": acts.graph,
    "trace": acts.trace,
    "lint": acts.lint,
    "export": acts.export,
    "dashboard": acts.dashboard,
    "studio": acts.studio,
}

assert _ACTS.keys() == MAGICS.keys()


def register_magics(shell: InteractiveShell, session: Session) -> None:
    """Give a shell all our magics."""
    register: Any = shell.register_magic_function  # IPython leaves it untyped
    for kind in KINDS:
        register(_cell_magic(session, kind), magic_kind="cell", magic_name=kind)
    for magic in MAGICS.values():
        register(_line_magic(session, magic), magic_kind="line", magic_name=magic.name)


def unregister_magics(shell: InteractiveShell) -> None:
    """Take our magics away again."""
    for kind in KINDS:
        shell.magics_manager.magics["cell"].pop(kind, None)
    for name in MAGICS:
        shell.magics_manager.magics["line"].pop(name, None)


def _cell_magic(session: Session, kind: Kind) -> Callable[[str, str], Any]:
    def define(line: str, cell: str) -> Any:
        __tracebackhide__ = True
        return session.define(kind, line, cell)

    return _named(define, kind, cell_help(kind))


def _line_magic(session: Session, magic: LineMagic) -> Callable[[str], Any]:
    def act(line: str) -> Any:
        __tracebackhide__ = True
        value = _ACTS[magic.name](session, parse_arguments(magic, line))
        session.answered.append(value)
        return value

    return _named(act, magic.name, help_text(magic))


def _named(function: Callable[..., Any], name: str, text: str) -> Callable[..., Any]:
    from IPython.core.magic import MAGIC_NO_VAR_EXPAND_ATTR

    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    setattr(function, MAGIC_NO_VAR_EXPAND_ATTR, True)  # else IPython expands `$.Order` and `{…}` in the line
    return function
