"""Keep a notebook's namespace in step with its system, and know which ordinary cell defines which name."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from studio.errors import StudioError
from studio.source.cell import Source
from studio.source.names import names_of

__all__ = ["NotebookNames"]

_ABSENT = object()


class NotebookNames:
    """The names of ordinary cells: those the author defines, and those that studio cells give.

    Args:
        namespace: Of the ordinary cells; changed in place.
        hidden: Names that the front end put there for its own use.
        always: Given from the start, such as `S`; a name that the author has defined is left alone.
    """

    def __init__(
        self, namespace: MutableMapping[str, Any], hidden: MutableMapping[str, Any], always: Mapping[str, Any]
    ) -> None:
        self._namespace, self._hidden = namespace, hidden
        self._always = dict(always)
        self._given: dict[str, Any] = {}
        self._cells: dict[str, str] = {}
        for name, value in self._always.items():
            if name not in namespace:
                self._put_hidden(name, value)

    def record(self, cell: str, text: str) -> None:
        """Remember what an ordinary cell defines.

        Args:
            cell: How it is shown: `In[3]`.
            text: Its Python, with magics already translated; what cannot be read defines nothing.
        """
        try:
            bound = names_of(Source("module", "cell", text)).bound
        except StudioError:
            return
        self._cells.update(dict.fromkeys(bound, cell))

    def elsewhere(self) -> dict[str, str]:
        """Return the names that only ordinary cells define, each with its cell."""
        return {
            name: self._cells.get(name, "run earlier")
            for name in list(self._namespace)
            if name not in self._hidden and name not in self._given
        }

    def give(self, wanted: Mapping[str, Any]) -> None:
        """Make names of studio cells those of ordinary cells too, and take away those given before and not wanted now.

        A name that the author has since given another meaning keeps it, until its declaration changes.
        """
        for name in [name for name in self._given if name not in wanted]:
            self._take(name)
        for name, value in wanted.items():
            if self._given.get(name, _ABSENT) is not value:
                self._hidden.pop(name, None)
                self._namespace[name] = self._given[name] = value

    def withdraw(self) -> None:
        """Take away everything that was given."""
        self.give({})
        for name, value in self._always.items():
            if self._namespace.get(name, _ABSENT) is value:
                del self._namespace[name]
                self._hidden.pop(name, None)

    def _take(self, name: str) -> None:
        if self._namespace.get(name, _ABSENT) is self._given.pop(name):
            del self._namespace[name]
            if name in self._always:
                self._put_hidden(name, self._always[name])

    def _put_hidden(self, name: str, value: Any) -> None:
        self._namespace[name] = self._hidden[name] = value
