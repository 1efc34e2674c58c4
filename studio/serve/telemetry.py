"""Take the records of the real engine: figures for Prometheus, and a line of JSON for each that is worth reading."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import queue
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from studio.model.duration import SECOND_NS
from studio.records import (
    Delivery,
    Life,
    LogLine,
    Measurement,
    Message,
    PolicyChange,
    Record,
    SagaChange,
    Span,
    Violation,
)
from studio.serve.exposition import Exposition

__all__ = ["LEVELS", "Telemetry"]

LEVELS: Mapping[str, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_STALL_S = 2.0
_OPEN_STATES = frozenset({"running", "compensating", "stuck"})
_CIRCUIT = {"closed": 0, "half-open": 1, "opened": 2}
_ALARMING = frozenset({"opened", "ejected", "exhausted"})
_CHANGES = frozenset({"closed", "half-open", "returned", "refreshed"})
_HANDLED = frozenset({"handle", "http", "job", "health", "step", "compensation", "saga"})


class Telemetry:
    """Implement `studio.ports.Recorder` for the real engine. Nothing is kept but figures.

    Lines are written by a thread of their own: a reader that stalls costs lines, which are counted, never time.

    Args:
        exposition: Where figures are added up.
        stream: Where lines go; standard output by default.
        level: Least level that is written: debug, info, warning or error.
        waiting: Lines that may wait for the stream; more are dropped.
    """

    def __init__(
        self,
        exposition: Exposition,
        *,
        stream: TextIO | None = None,
        level: str = "info",
        waiting: int = 10_000,
    ) -> None:
        self.exposition = exposition
        self._stream = sys.stdout if stream is None else stream
        self._level = LEVELS[level]
        self._lines: queue.Queue[str | None] = queue.Queue(waiting)
        self._sagas: dict[str, tuple[str, str]] = {}  # instance → saga's name and open state
        self._takes: dict[type, Callable[[Any], None]] = {
            Message: self._message,
            Delivery: self._delivery,
            Span: self._span,
            PolicyChange: self._policy,
            SagaChange: self._saga,
            Measurement: self._measurement,
            LogLine: self._log,
            Life: self._life,
            Violation: self._violation,
        }
        _declare(exposition)
        self._writer = threading.Thread(target=self._write_lines, name="studio-log", daemon=True)
        self._writer.start()

    def write(self, record: Record) -> None:
        """Keep one record; cheap, never blocks, never raises."""
        take = self._takes.get(type(record))
        if take is not None:
            try:
                take(record)
            except Exception:  # noqa: BLE001 - the port's promise: what is being recorded goes on
                self.exposition.add("studio_records_failed_total", (("record", type(record).__name__),))

    def line(self, at_ns: int, level: str, text: str, **fields: Any) -> None:
        """Write one line of JSON: time, level, text, and the fields that are not empty."""
        if LEVELS.get(level, 20) < self._level:
            return
        told = {
            "at": _iso(at_ns),
            "level": level,
            "text": text,
            **{k: v for k, v in fields.items() if v not in ("", None)},
        }
        try:
            self._lines.put_nowait(json.dumps(told, default=str))
        except queue.Full:
            self.exposition.add("studio_log_lines_dropped_total", ())

    def close(self) -> None:
        """Write what waits, and end; lines that come later are not written."""
        with contextlib.suppress(queue.Full):  # a stream that has stalled for so long is given up
            self._lines.put(None, timeout=_STALL_S)
            self._writer.join(_STALL_S)

    def _write_lines(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._stream.write(line + "\n")
                if self._lines.empty():
                    self._stream.flush()
            except (OSError, ValueError):  # the reader has gone: so has the purpose
                self.exposition.add("studio_log_lines_dropped_total", ())

    # -- record by record -------------------------------------------------------------------------------------------

    def _message(self, record: Message) -> None:
        self.exposition.add("studio_messages_total", (("address", record.address), ("kind", record.kind)))

    def _delivery(self, record: Delivery) -> None:
        labels = (("consumer", record.consumer), ("outcome", record.outcome))
        self.exposition.add("studio_deliveries_total", labels)
        level = {"dead-lettered": "error", "refused": "warning", "timed-out": "warning"}.get(record.outcome)
        if level is not None:
            self.line(
                record.at_ns,
                level,
                record.outcome,
                consumer=record.consumer,
                message=record.message,
                attempt=record.attempt,
                reason=record.reason,
            )

    def _span(self, record: Span) -> None:
        if record.kind in _HANDLED:
            labels = (
                ("kind", record.kind),
                ("name", record.name),
                ("service", record.service),
                ("status", record.status),
            )
            seconds = (record.end_ns - record.start_ns) / SECOND_NS
            self.exposition.observe("studio_handling_seconds", labels, seconds)
        if record.status not in ("ok", "unfinished"):
            self.line(
                record.end_ns,
                "error" if record.status in ("error", "crashed") else "warning",
                f"{record.kind} {record.name}: {record.status}",
                service=record.service,
                replica=record.replica,
                error=record.error,
                error_text=record.error_text,
                saga=record.saga,
                cell=record.cell,
                line=record.line or None,
                **_identifiers(record.trace, record.span),
            )

    def _policy(self, record: PolicyChange) -> None:
        labels = (
            ("change", record.change),
            ("policy", record.policy),
            ("service", record.service),
            ("target", record.target),
        )
        self.exposition.add("studio_policy_changes_total", labels)
        if record.policy == "breaker" and record.change in _CIRCUIT:
            state = (("replica", str(record.replica)), ("service", record.service), ("target", record.target))
            self.exposition.set("studio_breaker_state", state, _CIRCUIT[record.change])
        self.line(
            record.at_ns,
            "warning" if record.change in _ALARMING else "info" if record.change in _CHANGES else "debug",
            f"{record.policy} {record.change}: {record.target}",
            service=record.service,
            replica=record.replica,
            detail=record.detail,
            **_identifiers(record.trace, record.span),
        )

    def _saga(self, record: SagaChange) -> None:
        before = self._sagas.pop(record.saga, None)
        if before is not None:
            self.exposition.add("studio_sagas", (("saga", before[0]), ("state", before[1])), -1)
        if record.state in _OPEN_STATES:
            self._sagas[record.saga] = (record.name, record.state)
            self.exposition.add("studio_sagas", (("saga", record.name), ("state", record.state)))
        if before is None or before[1] != record.state:
            labels = (("saga", record.name), ("state", record.state))
            self.exposition.add("studio_saga_changes_total", labels)
        level = {"stuck": "error", "compensating": "warning", "compensated": "warning"}.get(record.state, "info")
        text = f"saga {record.name}: {record.state}"
        self.line(record.at_ns, level, text, saga=record.saga, reason=record.reason, **_identifiers(record.trace, 0))

    def _measurement(self, record: Measurement) -> None:
        self.exposition.measure(record)

    def _log(self, record: LogLine) -> None:
        self.exposition.add("studio_log_lines_total", (("level", record.level), ("service", record.service)))
        self.line(
            record.at_ns,
            record.level,
            record.text,
            service=record.service,
            replica=record.replica,
            fields=(json.loads(record.fields) if record.fields else None) or None,
            **_identifiers(record.trace, record.span),
        )

    def _life(self, record: Life) -> None:
        change = {"started": 1, "crashed": -1, "stopped": -1}.get(record.change, 0)
        self.exposition.add("studio_replicas", (("service", record.service),), change)
        level = "error" if record.change == "crashed" else "info"
        text = f"{record.service} {record.change}"
        self.line(record.at_ns, level, text, service=record.service, replica=record.replica, reason=record.reason)

    def _violation(self, record: Violation) -> None:
        self.line(record.at_ns, "error", f"invariant {record.invariant} does not hold", row=record.row)


def _declare(exposition: Exposition) -> None:
    for name, kind, text in (
        ("studio_messages_total", "counter", "Messages that entered the bus, by kind and address"),
        ("studio_deliveries_total", "counter", "Deliveries and replies, by consumer and outcome"),
        ("studio_handling_seconds", "histogram", "How long handling took, by service, kind, name and status"),
        ("studio_policy_changes_total", "counter", "What policies did, by caller, policy, target and change"),
        ("studio_breaker_state", "gauge", "State of each breaker that ever opened: 0 closed, 1 half-open, 2 open"),
        ("studio_sagas", "gauge", "Saga instances that are running, compensating or stuck"),
        ("studio_saga_changes_total", "counter", "States that saga instances entered"),
        ("studio_replicas", "gauge", "Replicas that live in this process"),
        ("studio_log_lines_total", "counter", "Lines that services logged, written or not"),
        ("studio_log_lines_dropped_total", "counter", "Lines that the log's reader was too slow for"),
        ("studio_records_failed_total", "counter", "Records that could not be taken"),
    ):
        exposition.family(name, kind, text)


def _identifiers(trace: int, span: int) -> dict[str, str]:
    """Write identifiers as W3C Trace Context has them."""
    return {"trace": f"{trace:032x}" if trace else "", "span": f"{span:016x}" if span else ""}


def _iso(at_ns: int) -> str:
    seconds, rest_ns = divmod(at_ns, SECOND_NS)
    moment = dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest_ns // 1000:06d}Z"
