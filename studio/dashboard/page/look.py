"""Give the page and everything that Panel draws in it one look: our palette as CSS variables, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from panel.theme import Design
from panel.theme.base import Inherit
from panel.viewable import Viewable

from studio.observe.palette import CATEGORICAL, CODE_FONT, COLOURS, FONT

__all__ = ["StudioDesign", "page_css"]

_HERE = Path(__file__).parent


def variables() -> str:
    """Return the palette as CSS variables, chosen by the attribute `data-theme` of the page."""
    light, dark = ("".join(f"--s-{name}: {pair[at]}; " for name, pair in COLOURS.items()) for at in (0, 1))
    series = "".join(f"--s-series-{number}: {value}; " for number, value in enumerate(CATEGORICAL))
    return (
        f":root {{ --s-font: {FONT}; --s-code: {CODE_FONT}; {series}{light}color-scheme: light; }}\n"
        f':root[data-theme="dark"] {{ {dark}color-scheme: dark; }}\n'
    )


def page_css() -> str:
    """Return the page's whole style sheet."""
    return variables() + (_HERE / "page.css").read_text(encoding="utf-8")


class StudioDesign(Design):
    """Panel's own pieces in our look; a sheet for each, since each stands in a shadow tree of its own."""

    modifiers: ClassVar[dict[type, dict[str, Any]]] = {
        Viewable: {"stylesheets": [Inherit, (_HERE / "piece.css").read_text(encoding="utf-8")]}
    }
