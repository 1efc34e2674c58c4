"""Check invariants against the log of a run, and write down what they find.

SQL invariants see the run's views; a row is a violation. Those that hold *always* are also checked at marks of virtual
time while the run goes on, so a breach that mends itself between two marks can be missed.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from itertools import islice
from typing import Any

from studio.errors import InvariantFailed, StudioError, Where
from studio.model.invariant import Invariant
from studio.ports import Recorder
from studio.records import Violation
from studio.simulation.run import Run

__all__ = ["Verdict"]

ROWS_MAX = 100
"""Violations of one invariant that are written down; more are of no use to anybody."""
FOUND_MAX = 10_000
"""Violations of a Python invariant that are looked at."""


class Verdict:
    """The invariants of one run.

    Attributes:
        checked: Names of those that were evaluated as of now, `eventually` ones in the end only.
        failure: The first error of one that cannot be evaluated; it is left out from then on, and the run goes on.

    Args:
        run: Whose log is asked.
        recorder: Where violations are written.
    """

    def __init__(self, run: Run, recorder: Recorder) -> None:
        self._run, self._recorder = run, recorder
        self._seen: dict[str, dict[str, None]] = {}
        self._broken: set[str] = set()
        self.checked: set[str] = set()
        self.failure: StudioError | None = None

    @property
    def is_watching(self) -> bool:
        """Whether any invariant must hold at every moment."""
        return any(each.mode == "always" for each in self._run.build.graph.invariants.values())

    def check(self, now_ns: int, *, finally_: bool) -> None:
        """Check the invariants that must hold now; one that cannot be evaluated is kept in `failure`.

        Args:
            now_ns: Virtual time.
            finally_: Whether the run has come to rest, so that `eventually` must hold too.
        """
        for invariant in self._run.build.graph.invariants.values():
            if (invariant.mode == "always" or finally_) and invariant.name not in self._broken:
                self._check(invariant, now_ns)

    def _check(self, invariant: Invariant, now_ns: int) -> None:
        try:
            texts = self._violations(invariant)
        except StudioError as error:
            self._broken.add(invariant.name)
            self.failure = self.failure or error
            return
        self.checked.add(invariant.name)
        seen = self._seen.setdefault(invariant.name, {})
        for text in texts:
            if text not in seen and len(seen) < ROWS_MAX:
                seen[text] = None
                self._recorder.write(Violation(now_ns, invariant.name, invariant.mode, text))

    def _violations(self, invariant: Invariant) -> list[str]:
        """Return what violates an invariant, as JSON.

        Raises:
            InvalidQuery: Its SQL is wrong.
            InvariantFailed: Its function raises, or yields what is no JSON.
        """
        if invariant.sql:
            frame = self._run.log.sql(invariant.sql, cell=f"invariant {invariant.name}")
            return sorted(map(_text, frame.iter_rows(named=True)))  # a query need not say in which order
        assert invariant.function is not None
        try:
            found: Iterable[Any] = invariant.function(self._run) or ()
            return [_text(each) for each in islice(found, FOUND_MAX)]
        except StudioError:
            raise
        except Exception as error:
            where = Where(f"invariant {invariant.name}", _line_of(error, invariant))
            reason = f"{type(error).__name__}: {error}"
            raise InvariantFailed(where=where, name=invariant.name, reason=reason) from error


def _text(row: Any) -> str:
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
