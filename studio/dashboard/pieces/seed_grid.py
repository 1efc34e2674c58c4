"""Show thousands of seeds as a grid of cells, drawn on one canvas: shape and colour say what came of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import param
from panel.custom import JSComponent

__all__ = ["STATES", "SeedGrid"]

STATES: Final[Mapping[str, tuple[str, str]]] = {
    "held": ("h", "held"),
    "failed": ("f", "broke a promise"),
    "error": ("e", "does not tell: an error"),
    "aborted": ("a", "was aborted"),
    "missing": ("m", "was not run"),
}
"""What came of a seed, to the letter that the browser gets, and to words."""


class SeedGrid(JSComponent):
    """A cell for each seed; arrow keys move, `n` goes to the next that did not hold, Enter or a click opens.

    Args:
        choose: Called with the seed that was opened.
        params: Panel's own.
    """

    seeds = param.List(default=[], doc="Numbers, in order.")
    states = param.String(default="", doc="A letter for each seed.")
    notes = param.Dict(default={}, doc="Seed, as text, to what else is to be said of it.")
    chosen = param.Integer(default=None, allow_None=True, doc="The seed that is marked.")
    theme = param.String(default="light", doc="Colours are taken again when it changes.")

    _esm: ClassVar[Any] = Path(__file__).with_name("seed_grid.js")
    _stylesheets: ClassVar[Any] = [Path(__file__).with_name("seed_grid.css").read_text(encoding="utf-8")]

    def __init__(self, choose: Callable[[int], None], **params: Any) -> None:
        self._choose = choose
        params.setdefault("sizing_mode", "stretch_width")
        super().__init__(**params)  # type: ignore[no-untyped-call]  # Panel says nothing of it

    def fill(self, cells: Sequence[tuple[int, str]], notes: Mapping[int, str]) -> None:
        """Show other seeds.

        Args:
            cells: Each seed with its state, one of `STATES`.
            notes: What else is to be said of some of them.
        """
        letters = "".join(STATES[state][0] for _, state in cells)
        told = {str(seed): note for seed, note in notes.items()}
        self.param.update(seeds=[seed for seed, _ in cells], states=letters, notes=told)

    def _handle_msg(self, data: Any) -> None:
        match data:
            case {"kind": "choose", "seed": int(seed)}:
                self._choose(seed)
