"""Open and close spans: one for each stretch of work, recorded when it ends, or when its process dies."""

from __future__ import annotations

from studio.contract import ServiceError
from studio.errors import CallTimeout, StudioError, Where
from studio.ports import Ports
from studio.records import Span

__all__ = ["OpenSpan", "Spans", "describe"]


class OpenSpan:
    """A span that has not ended."""

    __slots__ = ("cell", "kind", "line", "message", "name", "parent", "saga", "span", "start_ns", "trace")

    def __init__(  # noqa: PLR0913, PLR0917 - made for every message, by one caller
        self,
        span: int,
        parent: int,
        trace: int,
        start_ns: int,
        kind: str,
        name: str,
        message: int,
        saga: str,
        cell: str,
        line: int,
    ) -> None:
        self.span, self.parent, self.trace, self.start_ns = span, parent, trace, start_ns
        self.kind, self.name, self.message, self.saga = kind, name, message, saga
        self.cell, self.line = cell, line


_UNKEPT = OpenSpan(0, 0, 0, 0, "", "", 0, "", "", 0)


class Spans:
    """The spans of one incarnation; with recording off it keeps nothing."""

    __slots__ = ("_next_span", "_now_ns", "_open", "_recorder", "_replica", "_service")

    def __init__(self, ports: Ports, service: str, replica: int) -> None:
        self._recorder, self._next_span, self._now_ns = ports.recorder, ports.identity.span, ports.clock.now_ns
        self._service, self._replica = service, replica
        self._open: dict[int, OpenSpan] = {}

    def start(
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
            return _UNKEPT
        span = self._next_span()
        cell, line = ("", 0) if where is None else (where.cell, where.line or 0)
        opened = OpenSpan(span, parent, trace, self._now_ns(), kind, name, message, saga, cell, line)
        self._open[span] = opened
        return opened

    def end(self, opened: OpenSpan, status: str = "ok", error: str = "", error_text: str = "") -> None:
        """Close a span; a second close does nothing."""
        if self._recorder is not None and self._open.pop(opened.span, None) is not None:
            self._write(opened, status, error, error_text)

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

    def _write(self, opened: OpenSpan, status: str, error: str, error_text: str) -> None:
        assert self._recorder is not None
        self._recorder.write(
            Span(
                opened.start_ns,
                self._now_ns(),
                opened.span,
                opened.parent,
                opened.trace,
                opened.kind,
                opened.name,
                self._service,
                self._replica,
                status,
                error,
                opened.message,
                opened.saga,
                opened.cell,
                opened.line,
                error_text,
            )
        )


def describe(error: BaseException) -> tuple[str, str, str]:
    """Return status, stable code and text of an exception, as spans show it."""
    if isinstance(error, CallTimeout):
        return "timeout", error.code, error.text
    if isinstance(error, StudioError):
        return "error", error.code, error.text
    if isinstance(error, ServiceError):
        return "error", error.code(), str(error)
    return "error", type(error).__name__, str(error)
