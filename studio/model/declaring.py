"""Gather what a module declares while it executes, so that no registry is global and executing twice declares twice."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from studio.errors import InvalidDeclaration

__all__ = ["Declarations", "declare", "declared", "gather", "scenario_at_hand", "scenario_demanded"]

Declared = TypeVar("Declared")


@dataclass(slots=True)
class Declarations:
    """All that one execution of one module declared, in order.

    Attributes:
        items: Services, sagas, externals, events, compositions, scenarios, invariants.
        scenario: The scenario being declared, to which `crash(...)` and the like are added; None outside one.
    """

    items: list[Any] = field(default_factory=list)
    scenario: Any = None

    def of(self, kind: type[Declared]) -> list[Declared]:
        """Return the declared items of one type, in order."""
        return [item for item in self.items if isinstance(item, kind)]


_GATHERING: ContextVar[Declarations | None] = ContextVar("studio_declaring", default=None)


@contextmanager
def gather() -> Iterator[Declarations]:
    """Collect what is declared inside the block, in this context only."""
    declarations = Declarations()
    token = _GATHERING.set(declarations)
    try:
        yield declarations
    finally:
        _GATHERING.reset(token)


def declare(item: Declared) -> Declared:
    """Hand an item to the module that is executing, if one is, and return it."""
    gathering = _GATHERING.get()
    if gathering is not None:
        gathering.items.append(item)
    return item


def declared() -> Declarations | None:
    """Return what the executing module has declared so far; None outside `gather`."""
    return _GATHERING.get()


def scenario_at_hand(*, depth: int) -> Any:
    """Return the scenario to which `given(...)`, `crash(...)` and the like add; None where there is none.

    Inside `gather` it is the last one declared. A module that is imported plainly has no such block: there it is what
    the module has bound to the name `scenario`, as in a cell.

    Args:
        depth: Frames between this function and the module's own code.
    """
    gathering = declared()
    if gathering is not None:
        return gathering.scenario
    from studio.model.scenario import Scenario

    frame = sys._getframe(depth)  # noqa: SLF001 - asks who calls; a registry would outlive the module
    found = frame.f_globals.get("scenario") if frame.f_code.co_name == "<module>" else None
    return found if isinstance(found, Scenario) else None


def scenario_demanded(verb: str) -> Any:
    """Return the scenario to which a verb that a module calls adds.

    Args:
        verb: Such as `given`, for the error.

    Raises:
        InvalidDeclaration: There is none.
    """
    scenario = scenario_at_hand(depth=3)
    if scenario is None:
        raise InvalidDeclaration(
            what=f"{verb}(...)",
            reason="no scenario is being declared",
            remedy_text=f"Use {verb}(...) in a %%scenario cell, or after `scenario = Scenario(...)`.",
        )
    return scenario
