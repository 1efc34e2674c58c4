"""Let a reader choose an instant of a run and how much before it is looked at; play a run that is over."""

from __future__ import annotations

from typing import Any, ClassVar

import param
from panel.custom import JSComponent

from studio.dashboard.components.esm import component_module
from studio.observe.axis import instant
from studio.store.windows.traffic_window import Interval

__all__ = ["TimeBar"]

WHOLE, RANGE = 0, -1


class TimeBar(JSComponent):
    """A slider over a run's time, with the width of the window that ends there."""

    end_ns = param.Integer(default=0, doc="Of the run, as far as it is known.")
    at_ns = param.Integer(default=-1, doc="Chosen instant; -1 for the end, also while it moves.")
    last_s = param.Integer(default=WHOLE, doc="Seconds before it; 0 for all, -1 for the chosen range.")
    range_text = param.String(default="", doc="The desk's range, in words; empty for none.")
    is_live = param.Boolean(default=False, doc="Whether the run goes on.")
    marks = param.List(default=[], doc="Faults: from, until, words.")
    shown_ns = param.Integer(default=-1, doc="Instant that is on screen: a play waits for it.")

    _esm: ClassVar[Any] = component_module("time_bar.js", package="studio.dashboard.pieces")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)  # type: ignore[no-untyped-call]  # Panel says nothing of it

    def interval(self, from_ns: int | None, until_ns: int | None) -> Interval:
        """Return the stretch of time that is looked at.

        Args:
            from_ns: Of the desk's range.
            until_ns: Its end.
        """
        end = self.end_ns + 1  # what happened at the last instant is inside
        if self.last_s == RANGE:
            return Interval(from_ns or 0, min(until_ns or end, end))
        if self.last_s == WHOLE:
            return Interval(0, end)
        until = end if self.at_ns < 0 else min(self.at_ns + 1, end)
        return Interval(max(0, until - self.last_s * 1_000_000_000), until)

    def take(self, end_ns: int, *, is_live: bool, from_ns: int | None, until_ns: int | None) -> None:
        """Take over the run's end and the desk's range.

        Args:
            end_ns: Last instant of the run.
            is_live: Whether it goes on.
            from_ns: Of the desk's range.
            until_ns: Its end.
        """
        has_range = from_ns is not None or until_ns is not None
        text = f"{instant(from_ns or 0)} – {instant(until_ns) if until_ns else 'end'}" if has_range else ""
        self.param.update(end_ns=end_ns, is_live=is_live, range_text=text)

    def look(self, at_ns: int | None, last_s: int | None, *, usual_s: int) -> None:
        """Look at an instant, and so much before it, as a link says it.

        Args:
            at_ns: Instant; None for the end, and so is one beyond it.
            last_s: Seconds before it; None for the chosen range, else for what is usual.
            usual_s: What is looked at where nothing is chosen.
        """
        width_s = last_s if last_s is not None else RANGE if self.range_text else usual_s
        self.param.update(at_ns=-1 if at_ns is None or at_ns >= self.end_ns else at_ns, last_s=width_s)

    def looked_at(self, usual_s: int) -> dict[str, Any]:
        """Return the same for a link: what is as by default is None.

        Args:
            usual_s: What is looked at where nothing is chosen.
        """
        is_usual = self.last_s == (RANGE if self.range_text else usual_s)
        return {"at_ns": None if self.at_ns < 0 else self.at_ns,
                "last_s": None if is_usual or self.last_s == RANGE else self.last_s}  # fmt: skip
