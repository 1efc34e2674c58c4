"""What the real engine tells the outside: figures for Prometheus, lines of JSON."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from studio.model.metric import Metric
from studio.records import Delivery, LogLine, Measurement, Message, Record, SagaChange, Span
from studio.serve.exposition import Exposition
from studio.serve.telemetry import Telemetry

SECOND_NS = 10**9


@pytest.fixture
def exposition() -> Exposition:
    return Exposition(series=5, window=100, window_ns=60 * SECOND_NS)


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def telemetry(exposition: Exposition, stream: io.StringIO) -> Iterator[Telemetry]:
    telemetry = Telemetry(exposition, stream=stream)
    yield telemetry
    telemetry.close()


def samples(exposition: Exposition, now_ns: int = 0) -> dict[tuple[str, tuple[str, ...]], float]:
    families = text_string_to_metric_families(exposition.text(now_ns).decode())
    return {(s.name, tuple(s.labels[k] for k in sorted(s.labels))): s.value for f in families for s in f.samples}


def measured(kind: str, value: float, labels: str = "", **other: Any) -> Measurement:
    fields = {"at_ns": 0, "service": "Shop", "replica": 1, "name": "m", **other}
    return Measurement(**fields, kind=kind, labels=labels, value=value)


def lines(telemetry: Telemetry, stream: io.StringIO, *records: Record) -> list[dict[str, Any]]:
    for record in records:
        telemetry.write(record)
    telemetry.close()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def span(status: str, kind: str = "handle") -> Span:
    return Span(0, SECOND_NS // 2, 7, 0, 9, kind, "S.x", "Shop", 1, status, "Oops", 3, "", "service Shop", 4, "boom")


def test_counters_add_up_over_replicas_and_gauges_do_not(exposition: Exposition) -> None:
    for replica in (1, 2):
        exposition.measure(measured("counter", 2, '{"status": "ok"}', name="requests_total", replica=replica))
        exposition.measure(measured("gauge", 5, name="depth", replica=replica))
    exposition.measure(measured("gauge-inc", -1, name="depth"))
    told = samples(exposition)
    assert told["requests_total", ("Shop", "ok")] == 4
    assert (told["depth", ("1", "Shop")], told["depth", ("2", "Shop")]) == (4, 5)


def test_a_histogram_has_the_declared_buckets(exposition: Exposition) -> None:
    exposition.declare([Metric("Shop", "m", "histogram", (), (1.0, 10.0))])
    for value in (0.5, 1.0, 5, 100):
        exposition.measure(measured("histogram", value))
    told = samples(exposition)
    assert [told["m_bucket", (le, "Shop")] for le in ("1.0", "10.0", "+Inf")] == [2, 3, 4]
    assert (told["m_sum", ("Shop",)], told["m_count", ("Shop",)]) == (106.5, 4)


def test_a_summary_shows_quantiles_of_its_window(exposition: Exposition) -> None:
    exposition.measure(measured("summary", 1e6, at_ns=0))
    for value in range(1, 51):
        exposition.measure(measured("summary", value, at_ns=100 * SECOND_NS))
    told = samples(exposition, now_ns=110 * SECOND_NS)
    assert [told["m", (q, "Shop")] for q in ("0.5", "0.9", "0.99")] == [25, 45, 50]
    assert told["m_count", ("Shop",)] == 51
    assert samples(exposition, now_ns=10**15)["m_count", ("Shop",)] == 51


def test_two_services_may_give_one_name_to_two_kinds(exposition: Exposition) -> None:
    exposition.measure(measured("gauge", 1, name="load"))
    exposition.measure(measured("histogram", 1, name="load", service="Cart"))
    told = samples(exposition)
    assert told["load", ("1", "Shop")] == 1
    assert told["cart_load_count", ("Cart",)] == 1


def test_labels_beyond_the_bound_are_counted_not_kept(exposition: Exposition) -> None:
    for at in range(8):
        exposition.measure(measured("counter", 1, json.dumps({"user": str(at)}), name="hits_total"))
    told = samples(exposition)
    assert sum(name == "hits_total" for name, _ in told) == 5
    assert told["studio_series_dropped_total", ("hits_total",)] == 3


def test_the_engines_own_figures_come_from_records(telemetry: Telemetry, exposition: Exposition) -> None:
    telemetry.write(Message(0, 1, "event", "Order.created", "Shop", 1, "", 0, 0, 0, 0, "", ""))
    telemetry.write(span("ok"))
    for saga, state in (("a", "running"), ("b", "running"), ("b", "completed"), ("c", "stuck")):
        telemetry.write(SagaChange(0, saga, "Orders", "", state, 1, 0, ""))
    told = samples(exposition)
    assert told["studio_messages_total", ("Order.created", "event")] == 1
    assert told["studio_handling_seconds_sum", ("handle", "S.x", "Shop", "ok")] == 0.5
    assert told["studio_sagas", ("Orders", "running")] == 1
    assert told["studio_sagas", ("Orders", "stuck")] == 1
    assert told["studio_saga_changes_total", ("Orders", "completed")] == 1


def test_a_log_line_is_one_line_of_json(telemetry: Telemetry, stream: io.StringIO) -> None:
    record = LogLine(1_500_000_000 * SECOND_NS + 1000, "Shop", 2, "info", "sold\nout", '{"sku": "tea"}', 255, 16)
    assert lines(telemetry, stream, record, record._replace(level="debug")) == [
        {
            "at": "2017-07-14T02:40:00.000001Z",
            "level": "info",
            "text": "sold\nout",
            "service": "Shop",
            "replica": 2,
            "fields": {"sku": "tea"},
            "trace": f"{16:032x}",
            "span": f"{255:016x}",
        }
    ]


def test_failures_are_written_and_successes_are_not(telemetry: Telemetry, stream: io.StringIO) -> None:
    records: list[Record] = [
        span("ok"),
        span("error"),
        Delivery(0, 3, "Shop.sell", 0, 1, "acknowledged", ""),
        Delivery(0, 3, "Shop.sell", 0, 5, "dead-lettered", "Oops"),
    ]
    told = lines(telemetry, stream, *records)
    assert [(line["level"], line["text"]) for line in told] == [
        ("error", "handle S.x: error"),
        ("error", "dead-lettered"),
    ]
    assert told[0]["error_text"] == "boom"


def test_a_record_that_cannot_be_taken_stops_nothing(telemetry: Telemetry, exposition: Exposition) -> None:
    telemetry.write(measured("counter", 1, "no json"))
    telemetry.write(measured("counter", 1, name="good_total"))
    assert samples(exposition)["good_total", ("Shop",)] == 1
    assert samples(exposition)["studio_records_failed_total", ("Measurement",)] == 1


class Stalled(io.StringIO):
    """A stream whose reader does not read."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()

    def write(self, text: str) -> int:
        self.goes_on.wait()
        return super().write(text)


def test_a_stalled_reader_costs_lines_and_no_time(exposition: Exposition) -> None:
    stream = Stalled()
    telemetry = Telemetry(exposition, stream=stream, waiting=3)
    for at in range(10):
        telemetry.line(at, "info", "line")
    stream.goes_on.set()
    telemetry.close()
    dropped = samples(exposition)["studio_log_lines_dropped_total", ()]
    assert dropped >= 6
    assert len(stream.getvalue().splitlines()) == 10 - dropped
