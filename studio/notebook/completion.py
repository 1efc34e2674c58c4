"""Complete what is ours: addresses after `$.`, options and names in magic lines, and names in the bodies of cells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from studio.model.event import Event
from studio.model.handle import ServiceHandle, service_name
from studio.notebook.arguments import MAGICS, LineMagic
from studio.notebook.session import Session
from studio.source.options import KINDS, Kind, suggestions

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext, SimpleMatcherResult

__all__ = ["matchers"]

_ADDRESS: Final = re.compile(r"(?:(?<![\w.$])\$|(?<![\w.])S)\.(?P<path>(?:\w+\.)*)(?P<begun>\w*)$")
_CELL_LINE: Final = re.compile(r"%%(?P<kind>\w+) (?P<line>.*)$")
_LINE: Final = re.compile(r"(?:^|=)\s*%(?P<name>\w+) (?P<line>.*)$")
_MEMBER: Final = re.compile(r"(?<![\w.])(?P<name>[A-Za-z]\w*)\.(?P<begun>\w*)$")
_NAME: Final = re.compile(r"(?<![\w.$%\-'\"])(?P<begun>[A-Za-z]\w*)$")
_CELL: Final = re.compile(r"\s*%%(?P<kind>\w+)")

Matcher = Callable[["CompletionContext"], "SimpleMatcherResult"]


def matchers(session: Session) -> list[Matcher]:
    """Return the matchers of a session, for `IPCompleter.custom_matchers`."""
    completer = _Completer(session)
    return [
        _matcher("addresses", completer.addresses),
        _matcher("magics", completer.magic_line),
        _matcher("names", completer.names),
    ]


def _matcher(name: str, complete: Matcher) -> Matcher:
    from IPython.core import completer

    mark: Any = completer.context_matcher(identifier=f"studio.{name}")

    def match(context: CompletionContext) -> SimpleMatcherResult:
        return complete(context)

    marked: Matcher = mark(match)
    return marked


class _Completer:
    def __init__(self, session: Session) -> None:
        self._session = session

    def addresses(self, context: CompletionContext) -> SimpleMatcherResult:
        """Complete the part of an address that is begun."""
        found = _ADDRESS.search(context.text_until_cursor)
        if found is None:
            return _nothing()
        return _result(self._parts(found["path"]), found["begun"], "address", alone=True)

    def magic_line(self, context: CompletionContext) -> SimpleMatcherResult:
        """Complete options, their values and declared names in the line of one of our magics."""
        text = context.text_until_cursor
        cell = _CELL_LINE.match(text) if context.cursor_line == 0 else None
        kind = next((each for each in KINDS if cell and each == cell["kind"]), None)
        if cell is not None and kind is not None:
            return self._cell_line(kind, cell["line"])
        line = _LINE.search(text)
        if line is not None and line["name"] in MAGICS:
            return self._line(MAGICS[line["name"]], line["line"])
        return _nothing()

    def names(self, context: CompletionContext) -> SimpleMatcherResult:
        """Complete operations of services everywhere, and in the body of a studio cell what it sees."""
        text = context.text_until_cursor
        first = _CELL.match(context.full_text)
        kind = next((each for each in KINDS if first and each == first["kind"] and context.cursor_line > 0), None)
        member = _MEMBER.search(text)
        if member is not None:
            return _result(self._members(member["name"], kind), member["begun"], "function")
        begun = _NAME.search(text)
        if kind is None or begun is None:
            return _nothing()
        seen = [*self._session.system.visible(), *filter(None, (KINDS[kind].bound,))]
        return _result(seen, begun["begun"], "name")

    def _parts(self, path: str) -> set[str]:
        """Return what may follow a path of an address, `Order.` or nothing."""
        known = self._known_addresses()
        return {each[len(path) :].partition(".")[0] for each in known if each.startswith(path)} - {""}

    def _known_addresses(self) -> set[str]:
        graph = self._session.system.graph
        declared = {event.address for each in graph.definitions.values() for event in each.declarations.of(Event)}
        sagas = {
            str(end) for each in graph.sagas.values() for end in (each.on, each.completed, each.failed, each.stuck)
        }
        return {*graph.addresses(), *declared, *sagas} - {""}

    def _cell_line(self, kind: Kind, line: str) -> SimpleMatcherResult:
        begun = line.rpartition(" ")[2]
        before = line.split(" ")[:-1]
        if line.count(" ") == 0 and not begun.startswith("-"):
            declared = [each.name for each in self._session.system.definitions.values() if each.source.kind == kind]
            return _result(declared, begun, "name", alone=True)
        option = next((each for each in KINDS[kind].options if before and before[-1] == f"--{each.name}"), None)
        if option is not None and option.type == "address":
            return _result((f"$.{each}" for each in self._known_addresses()), begun, "address", alone=True)
        return _result(suggestions(kind, line), begun, "option", alone=True, is_ordered=True)

    def _line(self, magic: LineMagic, line: str) -> SimpleMatcherResult:
        words = line.split(" ")
        begun, before = words[-1], words[:-1]
        valued = {f"--{flag.name}" for flag in magic.flags if flag.of != "flag"}
        if before and before[-1] in valued:
            return _result((), begun, "value", alone=True)
        flags = [f"--{flag.name}" for flag in magic.flags if f"--{flag.name}" not in before]
        given = [
            word for index, word in enumerate(before)
            if word and not word.startswith("--") and (index == 0 or before[index - 1] not in valued)
        ]  # fmt: skip
        place = len(given)
        if begun.startswith("-") or place >= len(magic.arguments):
            return _result(flags, begun, "option", alone=True, is_ordered=True)
        argument = magic.arguments[place]
        if argument.names == "folder":
            return _nothing()
        if argument.names == "definition" and given[:1] != ["forget"]:
            return _result((), begun, "name", alone=True)
        return _result([*self._declared(argument.names), *argument.choices], begun, "name", alone=True)

    def _declared(self, names: str) -> list[str]:
        if names == "scenario":
            return list(self._session.system.graph.scenarios)
        return list(self._session.system.definitions) if names == "definition" else []

    def _members(self, name: str, kind: Kind | None) -> list[str]:
        """Return the operations of a service, or what the object that is bound for a cell's body has."""
        value = self._session.system.visible().get(name)
        if isinstance(value, ServiceHandle):
            owner = self._session.system.graph.services.get(service_name(value))
            return [each.name for each in owner.operations.values()] if owner is not None else []
        if kind is None:
            return []
        if name == KINDS[kind].bound:
            value = self._session.system.visible().get(KINDS[kind].declares)
        return [] if value is None else [each for each in dir(value) if not each.startswith("_")]


def _result(
    candidates: Iterable[str], begun: str, kind: str, *, alone: bool = False, is_ordered: bool = False
) -> SimpleMatcherResult:
    from IPython.core.completer import SimpleCompletion

    fitting = dict.fromkeys(each for each in candidates if each.startswith(begun))
    ordered = list(fitting) if is_ordered else sorted(fitting)
    completions = [SimpleCompletion(text=each, type=kind) for each in ordered]
    return {"completions": completions, "matched_fragment": begun, "suppress": alone, "ordered": is_ordered}


def _nothing() -> SimpleMatcherResult:
    return {"completions": [], "suppress": False}
