"""Check invariants against the log of a run, and write down what they find.

SQL invariants see the run's views; a row is a violation. Those that hold *always* are also checked at marks of virtual
time while the run goes on, so a breach that mends itself between two marks can be missed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from studio.errors import InvariantFailed, StudioError
from studio.model.invariant import Invariant
from studio.ports import Recorder
from studio.records import Violation
from studio.simulation.run import Run

__all__ = ["Verdict"]

ROWS_MAX = 100
"""Violations of one invariant that are written down; more are of no use to anybody."""


class Verdict:
    """The invariants of one run.

    Args:
        run: Whose log is asked.
        recorder: Where violations are written.
    """

    def __init__(self, run: Run, recorder: Recorder) -> None:
        self._run, self._recorder = run, recorder
        self._seen: dict[str, dict[str, None]] = {}

    def check(self, now_ns: int, *, finally_: bool) -> None:
        """Check the invariants that must hold now.

        Args:
            now_ns: Virtual time.
            finally_: Whether the run has come to rest, so that `eventually` must hold too.

        Raises:
            InvariantFailed: One cannot be evaluated.
        """
        for invariant in self._run.build.graph.invariants.values():
            if invariant.mode == "always" or finally_:
                self._note(invariant, now_ns, self._rows(invariant))

    def _rows(self, invariant: Invariant) -> Iterable[Any]:
        if invariant.sql:
            frame = self._run.log.sql(invariant.sql, cell=f"invariant {invariant.name}")
            return frame.head(ROWS_MAX).iter_rows(named=True)
        assert invariant.function is not None
        try:
            return list(invariant.function(self._run) or ())
        except StudioError:
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise InvariantFailed(name=invariant.name, reason=reason) from error

    def _note(self, invariant: Invariant, now_ns: int, rows: Iterable[Any]) -> None:
        seen = self._seen.setdefault(invariant.name, {})
        for row in rows:
            text = json.dumps(row, default=str, sort_keys=True)
            if text not in seen and len(seen) < ROWS_MAX:
                seen[text] = None
                self._recorder.write(Violation(now_ns, invariant.name, invariant.mode, text))
