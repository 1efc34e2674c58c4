"""Say to who plays a world by hand what a caller in the system is not told: why a callee failed, and at which line.

A caller learns of an undeclared failure no more than that there was one, as on a real bus. Whoever stands outside may
look into the log.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from studio.errors import UndeclaredError, Where

if TYPE_CHECKING:
    from studio.simulation.run import Run

__all__ = ["explained"]

_PLACE = re.compile(r"^  in (?P<cell>.+?)(?:, line (?P<line>\d+))?$", re.MULTILINE)
_REMEDY = "Mend that line; or declare the error in `raises=[...]`, if callers are to know of it."
_FAILED = """
    select name, error, error_text from spans
    where trace = $trace and error_text <> '' and error <> $passed_on
    order by end_ns, span desc
    limit 1
"""


class _Explained(UndeclaredError):
    """A callee's failure, with what it failed and where."""

    remedy = "{remedy_text}"

    remedy_text: str


def explained(error: UndeclaredError, run: Run, trace: int) -> UndeclaredError:
    """Return an error that says what the log knows: the failure that came first in its trace, and its place.

    Args:
        error: As a caller gets it.
        run: Its world's.
        trace: In which the call was made.
    """
    found = run.sql(_FAILED, trace=trace, passed_on=error.code)
    if not len(found):
        return error
    name, code, text = found.row(0)
    place = _PLACE.search(text)
    told, *rest = text.splitlines() or [""]
    reason = told if told.startswith(code) else f"{code}: {told}" if told else code
    address = error.attributes["address"]
    through = "" if name == address else f" (in {name})"
    where = Where(place["cell"], int(place["line"]) if place["line"] else None) if place else None
    remedies = [line.strip() for line in rest if not _PLACE.match(line)]
    remedy = remedies[0] if remedies and told.startswith(code) else _REMEDY
    return _Explained(where=where, address=address, reason=f"{reason}{through}", remedy_text=remedy)
