"""Ask one invariant: run its query or its function, give its violations as JSON, know what it reads.

What a query reads is known from its text; what a function reads, from watching it the last time: as long as nothing of
that has changed, it can but answer the same.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from itertools import islice
from typing import Any, Protocol

from studio.errors import InvariantFailed, StudioError, Where
from studio.model.invariant import Invariant, Mode
from studio.simulation.checking.feeding import is_fed
from studio.simulation.checking.glance import Glance
from studio.simulation.run import Run

__all__ = ["Question", "as_text", "question_of"]

FOUND_MAX = 10_000
"""Violations of a Python invariant that are looked at."""


class Question(Protocol):
    """An invariant that can be asked of one run, again and again.

    Attributes:
        name: Of the invariant.
        mode: When it must hold.
        tables: Tables of the log on which its answer rests; None where that is not known (yet).
        is_fed: Whether it has ever seen data.
    """

    name: str
    mode: Mode
    tables: frozenset[str] | None
    is_fed: bool

    def ask(self) -> list[str]:
        """Return what violates it now, as JSON.

        Raises:
            InvalidQuery: Its SQL is wrong.
            InvariantFailed: Its function raises, or yields what is no JSON.
        """
        ...


def question_of(invariant: Invariant, run: Run) -> Question:
    """Return what asks an invariant of a run."""
    return _Query(invariant, run) if invariant.sql else _Function(invariant, run)


class _Query:
    """An invariant in SQL."""

    def __init__(self, invariant: Invariant, run: Run) -> None:
        self.name, self.mode = invariant.name, invariant.mode
        self._sql, self._log = invariant.sql, run.log
        self.tables: frozenset[str] | None = run.log.tables_of(invariant.sql)
        self.is_fed = False

    def ask(self) -> list[str]:
        if not self._log.has_rows(self._sql, cell=f"invariant {self.name}"):  # mostly so, and sooner known
            self.is_fed = self.is_fed or is_fed(self._log, self._sql)
            return []
        self.is_fed = True
        frame = self._log.sql(self._sql, cell=f"invariant {self.name}")
        return sorted(map(as_text, frame.iter_rows(named=True)))  # a query need not say in which order


class _Function:
    """An invariant in Python."""

    def __init__(self, invariant: Invariant, run: Run) -> None:
        self.name, self.mode = invariant.name, invariant.mode
        self._invariant, self._run = invariant, run
        self.tables: frozenset[str] | None = None
        self.is_fed = False

    def ask(self) -> list[str]:
        glance = Glance.of(self._run)
        found = self._found(glance)
        self.tables = glance.tables
        self.is_fed = self.is_fed or bool(found) or glance.has_data
        return found

    def _found(self, run: Run) -> list[str]:
        assert self._invariant.function is not None
        try:
            found: Iterable[Any] = self._invariant.function(run) or ()
            return [as_text(each) for each in islice(found, FOUND_MAX)]
        except StudioError:
            raise
        except Exception as error:
            where = Where(f"invariant {self.name}", _line_of(error, self._invariant))
            reason = f"{type(error).__name__}: {error}"
            raise InvariantFailed(where=where, name=self.name, reason=reason) from error


def as_text(row: Any) -> str:
    """Return a violation as JSON, alike in every process."""
    return json.dumps(row, default=_plain, sort_keys=True)


def _plain(value: Any) -> Any:
    """Return what JSON does not know as something that it does, alike in every process."""
    if isinstance(value, (set, frozenset)):
        return sorted(value, key=str)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)


def _line_of(error: BaseException, invariant: Invariant) -> int | None:
    """Return the line of an invariant's own function in which an error came up."""
    code = getattr(invariant.function, "__code__", None)
    trace, line = error.__traceback__, None
    while trace is not None:
        if code is not None and trace.tb_frame.f_code.co_filename == code.co_filename:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
