"""Declare invariants: what must hold, always or in the end; in SQL over the log, or in Python over the run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, overload

from studio.errors import InvalidDeclaration
from studio.model.declaring import declare

__all__ = ["Invariant", "Mode", "invariant"]

Mode = Literal["always", "eventually"]


@dataclass(frozen=True, slots=True, eq=False)
class Invariant:
    """A promise of the system.

    Attributes:
        name: Such as `one_charge_per_order`.
        sql: Query over the run's log; any row is a violation. Empty for a Python one.
        function: Takes the run and yields violations (any JSON values). None for an SQL one.
        mode: `always` holds at every moment, `eventually` when the run has come to rest.
    """

    name: str
    sql: str = ""
    function: Callable[[Any], Iterable[Any]] | None = None
    mode: Mode = "always"
    doc: str = ""

    def __post_init__(self) -> None:
        if bool(self.sql.strip()) == (self.function is not None):
            raise InvalidDeclaration(
                what=f"invariant={self.name}",
                reason="is neither a query nor a function",
                remedy_text="Write a query whose rows are violations, or a function of the run.",
            )
        if self.mode not in ("always", "eventually"):
            raise InvalidDeclaration(
                what=f"invariant={self.name} mode={self.mode!r}",
                reason="unknown",
                remedy_text="Use always or eventually.",
            )
        declare(self)


Check = Callable[[Any], Iterable[Any]]


@overload
def invariant(function: Check, /) -> Invariant: ...
@overload
def invariant(*, mode: Mode = ...) -> Callable[[Check], Invariant]: ...
def invariant(function: Check | None = None, *, mode: Mode = "always") -> Invariant | Callable[[Check], Invariant]:
    """Declare an invariant in Python: a function of the run that yields violations.

    Example:
        @invariant
        def no_negative_stock(run):
            return [row for row in run.collection("Inventory.stock") if row["quantity"] < 0]
    """

    def keep(actual: Callable[[Any], Iterable[Any]]) -> Invariant:
        return Invariant(actual.__name__, function=actual, mode=mode, doc=actual.__doc__ or "")

    return keep if function is None else keep(function)
