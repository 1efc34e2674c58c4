"""Show text with links to other places of the dashboard, which do not load the page anew, and buttons that act."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import param
from panel.custom import JSComponent

from studio.errors import StudioError

if TYPE_CHECKING:
    from studio.dashboard.desk import Desk

__all__ = ["Markup", "act", "cell_link", "link", "missing", "png"]

_CHOICES: Final = frozenset(
    ("tab", "trace", "span", "message", "saga", "service", "address", "source", "status", "text", "from_ns", "until_ns")
)


class Markup(JSComponent):
    """HTML of ours, in which `link` and `act` work; all that others wrote must have been escaped.

    Args:
        desk: Where links lead.
        acts: What buttons do: name to a function of the button's value.
        params: Panel's own.
    """

    html = param.String(default="", doc="What is shown.")
    label = param.String(default="", doc="What it is, for screen readers.")
    picture = param.String(default="", doc="SVG that `png` takes away.")
    keys = param.Dict(default={}, doc="Key to the name of the act that it does, from all over the tab.")

    _esm: ClassVar[Any] = Path(__file__).with_name("markup.js")
    _stylesheets: ClassVar[Any] = [Path(__file__).with_name("markup.css").read_text(encoding="utf-8")]

    def __init__(self, desk: Desk, acts: dict[str, Callable[[str], None]] | None = None, **params: Any) -> None:
        self._desk, self._acts = desk, acts or {}
        params.setdefault("sizing_mode", "stretch_width")
        super().__init__(**params)  # type: ignore[no-untyped-call]  # Panel says nothing of it

    def _handle_msg(self, data: Any) -> None:
        self.receive(data)

    def receive(self, data: Any) -> None:
        """Do what was clicked; what goes wrong is told in the page.

        Args:
            data: `{"kind": "go", "changes": …}` of a link, `{"kind": "act", "name": …, "value": …}` of a button.
        """
        try:
            match data:
                case {"kind": "go", "changes": dict(changes)}:
                    self._desk.go(**{name: value for name, value in changes.items() if name in _CHOICES})
                case {"kind": "act", "name": str(name), "value": str(value)} if name in self._acts:
                    self._acts[name](value)
        except StudioError as error:
            self._desk.tell(str(error), "error")


def link(desk: Desk, shown: str, /, *, title: str = "", **changes: Any) -> str:
    """Return a link to another place of the dashboard; it can be opened in a tab of its own, too.

    Args:
        desk: Whose state it changes.
        shown: Its text.
        title: That is shown when the pointer rests on it.
        changes: Of the desk's parameters.
    """
    told = f' title="{escape(title)}"' if title else ""
    href, data = escape(desk.link(**changes)), escape(json.dumps(changes))
    return f'<a href="{href}" data-go="{data}"{told}>{escape(shown)}</a>'


def act(
    name: str, text: str, value: str = "", *, refused: str = "", kind: str = "", is_pressed: bool | None = None
) -> str:
    """Return a button that does something.

    Args:
        name: Of the act.
        text: On the button.
        value: For the act.
        refused: Why it cannot be done now; empty where it can.
        kind: `danger` for what cannot be taken back, `primary` for what is suggested.
        is_pressed: Whether it is the one in force, of several to choose from; None where there is no such thing.
    """
    state = "" if is_pressed is None else f' aria-pressed="{str(is_pressed).lower()}"'
    off = f' disabled title="{escape(refused)}"' if refused else ""
    data = f'data-act="{escape(name)}" data-value="{escape(value)}"'
    return f'<button type="button" class="{escape(kind)}" {data}{state}{off}>{escape(text)}</button>'


def png(name: str) -> str:
    """Return a button that takes the text's `picture` away as PNG; the browser draws it.

    Args:
        name: Of the file, without suffix.
    """
    return f'<button type="button" data-png="{escape(name)}" title="Take the picture away">PNG</button>'


def cell_link(cell: str, line: int) -> str:
    """Return a link to the cell that declared something: JupyterLab goes there when it shows the dashboard."""
    shown = f"{cell}, line {line}" if line else cell
    return (
        f'<button type="button" class="plain" data-cell="{escape(cell)}" data-line="{line}" '
        f'title="Show the cell in JupyterLab">{escape(shown)}</button>'
    )


def missing(error: StudioError) -> str:
    """Return an error's words with a button that closes what was opened; the act is called `close`."""
    problem, *rest = error.text.splitlines()
    advice = " ".join(line.strip() for line in rest)
    return (
        f'<div class="box asked" role="alert"><p class="mark is-error">✕ {escape(problem)}</p><p>{escape(advice)}</p>'
        f"{act('close', 'Close')}</div>"
    )
