"""Open and close spans: one for each stretch of work, recorded when it ends, or when its process dies."""

from __future__ import annotations

from studio.contract import ServiceError
from studio.errors import CallTimeout, StudioError, Where
from studio.ports import Ports
from studio.records import Span
from studio.source.loader import recorded_place

__all__ = ["UNKEPT", "OpenSpan", "Spans", "describe"]


class OpenSpan:
    """A span that has not ended."""

    __slots__ = ("cell", "kind", "line", "message", "name", "parent", "saga", "span", "start_ns", "trace")

    span: int
    parent: int
    trace: int
    start_ns: int
    kind: str
    name: str
    message: int
    saga: str
    cell: str
    line: int


_new_span = object.__new__
_new_record = tuple.__new__
UNKEPT = OpenSpan()
UNKEPT.span = UNKEPT.message = 0
"""Stands for every span while recording is off."""


class Spans:
    """The spans of one incarnation; with recording off it keeps nothing."""

    __slots__ = ("_next_span", "_now_ns", "_open", "_recorder", "_replica", "_service")

    def __init__(self, ports: Ports, service: str, replica: int) -> None:
        # Kept as they are now: where the clock of a simulated machine is wrong, its ports change, and spans do not.
        self._recorder, self._next_span, self._now_ns = ports.recorder, ports.identity.span, ports.clock.now_ns
        self._service, self._replica = service, replica
        self._open: dict[int, OpenSpan] = {}

    def start(  # noqa: PLR0917 - for each message; keywords would cost
        self,
        kind: str,
        name: str,
        parent: int,
        trace: int,
        message: int = 0,
        saga: str = "",
        where: Where | None = None,
    ) -> OpenSpan:
        """Begin a span; with recording off it is one that stands for all."""
        if self._recorder is None:
            return UNKEPT
        opened = _new_span(OpenSpan)  # and set here: a call of __init__ with ten arguments would cost twice as much
        opened.span = span = self._next_span()
        opened.parent, opened.trace, opened.start_ns = parent, trace, self._now_ns()
        opened.kind, opened.name, opened.message, opened.saga = kind, name, message, saga
        opened.cell, opened.line = ("", 0) if where is None else (where.cell, where.line or 0)
        self._open[span] = opened
        return opened

    def end(self, opened: OpenSpan, status: str = "ok", error: str = "", error_text: str = "") -> None:
        """Close a span; a second close does nothing."""
        recorder = self._recorder
        if recorder is None or self._open.pop(opened.span, None) is None:
            return
        values = (
            opened.start_ns, self._now_ns(), opened.span, opened.parent, opened.trace, opened.kind, opened.name,
            self._service, self._replica, status, error, opened.message, opened.saga, opened.cell, opened.line,
            error_text,
        )  # fmt: skip
        recorder.write(_new_record(Span, values))

    def fail(self, opened: OpenSpan, error: BaseException) -> None:
        """Close a span that ended in an exception."""
        self.end(opened, *describe(error))

    def opened(self) -> list[str]:
        """Return kind and name of each span that is open, in the order in which they began."""
        return [f"{opened.kind} {opened.name}" for opened in self._open.values()]

    def abandon(self, status: str) -> None:
        """Close all spans that are open, because their process died (`crashed`) or the run ended (`unfinished`)."""
        for opened in list(self._open.values()):
            self.end(opened, status)


def describe(error: BaseException) -> tuple[str, str, str]:
    """Return status, stable code and text of an exception, as spans show it; the text says where it was raised."""
    if isinstance(error, ServiceError):
        return "error", error.code(), str(error)
    if isinstance(error, StudioError):
        status, code, text = "timeout" if isinstance(error, CallTimeout) else "error", error.code, error.text
    else:
        status, code, text = "error", type(error).__name__, str(error)
    where = recorded_place(error)
    return status, code, text if where is None or "\n  in " in text else f"{text}\n  in {where}"
