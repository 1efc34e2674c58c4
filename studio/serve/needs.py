"""Say at the start which settings and secrets a system will miss, rather than when the first order needs them."""

from __future__ import annotations

from studio.errors import StudioError
from studio.graph.build import Graph
from studio.ports import Settings
from studio.source.variables import Variable, variables

__all__ = ["Needs"]

_ELSEWHERE = frozenset({"external", "scenario", "invariant"})
"""Kinds of sources that run in simulations only."""


class Needs:
    """What a system asks for by name and has no default for; what a program computes is not seen.

    Args:
        graph: Of the system.
        settings: Where values come from.
    """

    __slots__ = ("_settings", "_wanted")

    def __init__(self, graph: Graph, settings: Settings) -> None:
        sources = [definition.source for definition in graph.definitions.values()]
        asked = variables(source for source in sources if source.kind not in _ELSEWHERE)
        self._settings = settings
        self._wanted = tuple(each for each in asked if each.default is None)

    def missing(self) -> dict[str, str]:
        """Return what is not set now, by variable, with what to do."""
        found = {each.name: self._obstacle(each) for each in self._wanted}
        return {name: text for name, text in found.items() if text}

    def _obstacle(self, wanted: Variable) -> str:
        try:
            get = self._settings.secret if wanted.is_secret else self._settings.setting
            value = get(wanted.name)
        except StudioError as error:
            return error.text.splitlines()[0]
        if value is not None:
            return ""
        if wanted.is_secret:
            return f"secret of {wanted.used_by}: set {wanted.name}, or {wanted.name}_FILE to a file that holds it"
        return f"setting of {wanted.used_by}: set {wanted.name}"
