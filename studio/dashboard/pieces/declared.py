"""Look up what is declared: the line that a record names, the contract of a message; nothing where it is not known."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from studio.contract import codec, type_name
from studio.dashboard.pieces.markup import cell_link
from studio.errors import StudioError
from studio.simulation.live.message_body import contract_at

if TYPE_CHECKING:
    from studio.graph.system import Build

__all__ = ["contract_fields", "contract_of", "place", "verdict"]

_AROUND = 2  # lines before and after


def place(build: Build | None, cell: str, line: int) -> str:
    """Return, as HTML, where something was declared, and the lines there where the build knows them.

    Args:
        build: What is declared now.
        cell: As records name it.
        line: In its body, from 1; 0 where it is not known.
    """
    if not cell:
        return ""
    return cell_link(cell, line) + _lines(build, cell, line)


def _lines(build: Build | None, cell: str, line: int) -> str:
    definitions = () if build is None else build.graph.definitions.values()
    source = next((each.source for each in definitions if cell in (each.source.origin, each.source.label)), None)
    lines = [] if source is None else source.body.splitlines()
    if not 1 <= line <= len(lines):
        return ""
    first, last = max(1, line - _AROUND), min(len(lines), line + _AROUND)
    shown = [
        f"<b>{at:>4} ▸ {escape(text)}</b>" if at == line else f'<span class="soft">{at:>4}</span>   {escape(text)}'
        for at, text in enumerate(lines[first - 1 : last], first)
    ]
    return f"<pre>{chr(10).join(shown)}</pre>"


def contract_of(build: Build | None, address: str) -> Any:
    """Return the contract of an address; None where it is not known."""
    if build is None:
        return None
    try:
        found = contract_at(build, address)
    except StudioError:
        return None
    return None if found is Any else found


def contract_fields(contract: Any) -> tuple[str, ...]:
    """Return the fields of a contract, as they stand on the wire and in their order."""
    fields = getattr(contract, "model_fields", {})
    return tuple(field.serialization_alias or field.alias or name for name, field in fields.items())


def verdict(contract: Any, body: str) -> tuple[bool, str]:
    """Say whether a message is one of its contract, and if not, what is wrong with it."""
    name = type_name(contract)
    try:
        codec(contract).decode(body.encode())
    except ValidationError as error:
        return False, f"not a valid {name}: {_reasons(error)}"
    return True, f"valid {name}"


def _reasons(error: ValidationError) -> str:
    found = [
        f"{'.'.join(map(str, each['loc'])) or 'the whole'}: {each['msg']}" for each in error.errors(include_url=False)
    ]
    return "; ".join(found[:5])
