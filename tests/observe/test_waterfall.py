"""Waterfalls: what a trace's picture says, in characters and as SVG."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from studio.observe import Waterfall
from studio.observe.axis import Axis, duration
from studio.observe.lines import fit
from studio.records import Delivery, FaultStrike, Life, LogLine, Message, Record, SagaStep, Span, Violation

MS = 1_000_000
SVG = "{http://www.w3.org/2000/svg}"


def span(  # noqa: PLR0917 - a row of a table
    number: int, parent: int, kind: str, name: str, service: str, start: int, end: int, **more: object
) -> Span:
    status, error, message = more.get("status", "ok"), more.get("error", ""), more.get("message", 0)
    return Span(
        start * MS, end * MS, number, parent, 7, kind, name, service, 1, str(status), str(error), int(str(message)),
        "Order/1", f"service {service}", 3, "",
    )  # fmt: skip


CHARGE: list[Record] = [
    Message(130 * MS, 4, "http", "cards POST /charges", "Payment", 1, "order-ada", 7, 3, 2, 1, "", "{}"),
    span(1, 0, "step", "Order.pay", "Order", 0, 700, status="timeout", error="STU410"),
    span(2, 1, "call", "Payment.process", "Order", 2, 700, status="timeout", error="STU410", message=2),
    span(3, 2, "handle", "Payment.process", "Payment", 120, 900, status="crashed", message=2),
    span(4, 3, "handle", "cards POST /charges", "cards", 150, 210, message=4),
    FaultStrike(210 * MS, 1, "lose", "cards", 4, "reply lost"),
    Life(900 * MS, "Payment", 1, 1, "crashed", "fault 2"),
    LogLine(500 * MS, "Payment", 1, "warning", "waiting <long>", "{}", 3, 7),
]


def shown(records: list[Record], width: int = 100) -> list[str]:
    return Waterfall.of(records, title="Ada", corner="seed 7").text(width).splitlines()


def line_with(lines: list[str], text: str) -> int:
    return next(at for at, line in enumerate(lines) if text in line)


def test_rows_are_a_tree_with_service_duration_and_status() -> None:
    lines = shown(CHARGE)
    assert re.search(r"^pay +Order +│.*│ +700 ms ◔ call timeout$", lines[2])
    assert re.search(r"^  → Payment\.process +Order ", lines[3])
    assert re.search(r"^    Payment\.process +Payment .* ✖ crashed$", lines[4])


def test_a_fault_stands_below_the_span_it_struck_in_words() -> None:
    lines = shown(CHARGE)
    struck = line_with(lines, "⚡ reply of cards POST /charges is lost (fault 1)")
    assert "cards POST /charges" in lines[struck - 1]
    assert lines[line_with(lines, "✖ Payment/1 crashed (fault 2)")]


def test_the_title_the_seed_and_the_virtual_time_are_on_top() -> None:
    assert re.fullmatch(r"Ada +seed 7 · t = 0 s", shown(CHARGE)[0])


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (FaultStrike(5, 3, "latency", "Payment", 2, "reply +40000000 ns"), "⚡ reply of Payment.process 40 ms later"),
        (FaultStrike(5, 4, "down", "Payment", 0, "refused"), "⚡ down Payment (refused) (fault 4)"),
        (Delivery(5, 2, "Payment", 1, 2, "redelivered", "ack_wait"), "↯ redelivered to Payment, attempt 2 (ack_wait)"),
        (SagaStep(5 * MS, "Order/1", "pay", "unknown", 1, "STU410", ""), "↺ pay: unknown (STU410)"),
        (Violation(5 * MS, "one_charge", "always", "{}"), "✗ one_charge is violated"),
        (LogLine(5 * MS, "Order", 1, "info", "two\nlines", "{}", 1, 7), "· info: two lines"),
    ],
)  # fmt: skip
def test_what_happened_is_told_in_words(record: Record, words: str) -> None:
    assert any(words in line for line in shown([*CHARGE, record]))


def test_the_ordinary_goes_without_saying() -> None:
    ordinary: list[Record] = [
        Delivery(5 * MS, 2, "Payment", 1, 1, "delivered", ""),
        SagaStep(6, "Order/1", "pay", "intent", 1, "", ""),
    ]
    assert shown([*CHARGE, *ordinary]) == shown(CHARGE)


def test_many_marks_of_one_span_are_counted() -> None:
    again: list[Record] = [Delivery(at * MS, 2, "Payment", 1, at, "redelivered", "") for at in range(200, 240)]
    lines = shown([*CHARGE, *again])
    assert sum("redelivered" in line for line in lines) == 10
    assert lines[line_with(lines, "and 31 more marks")]
    assert lines[line_with(lines, "✖ Payment/1 crashed")], "what weighs more stays"


def test_spans_beyond_the_limit_are_counted() -> None:
    lines = Waterfall.of(CHARGE, title="Ada", spans_max=2).text().splitlines()
    assert "… and 2 more spans" in lines


def test_nothing_is_shown_as_nothing() -> None:
    empty = Waterfall.of([], title="Ada")
    assert "no spans" in empty.text()
    assert "no spans" in empty.svg()


def test_the_drawing_is_one_titled_image_that_loads_nothing() -> None:
    text = Waterfall.of(CHARGE, title="Ada & <co>", corner="seed 7").svg()
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert (root.get("role"), root.tag) == ("img", f"{SVG}svg")
    assert str(root.get("aria-label")).startswith(
        "Ada & <co>, seed 7 · t = 0 s: 4 spans in 900 ms, 3 went wrong; faults:"
    )
    assert not re.search(r"href|url\((?!#)|@import|<script", text)
    for variable in ("--jp-ui-font-color1", "--jp-layout-color1", "prefers-color-scheme: dark"):
        assert variable in text


def test_the_drawing_tells_status_by_words_and_tooltips() -> None:
    root = ET.fromstring(Waterfall.of(CHARGE, title="Ada").svg())  # noqa: S314 - our own
    words = [text.text or "" for text in root.iter(f"{SVG}tspan")]
    assert words == ["◔ call timeout", "◔ call timeout", "✖ crashed", ""]
    tips = [tip.text or "" for tip in root.iter(f"{SVG}title")]
    assert "key order-ada" in next(tip for tip in tips if tip.startswith("cards POST"))
    assert len(root.findall(f".//{SVG}g[@class='mark-fault']/{SVG}path")) == 1


def test_two_hundred_spans_stay_apart() -> None:
    many: list[Record] = [span(at, at // 3, "handle", f"A.operation_{at}", "A", at, at + 50) for at in range(1, 201)]
    root = ET.fromstring(Waterfall.of(many, title="many").svg())  # noqa: S314 - our own
    tops = sorted(float(bar.get("y", 0)) for bar in root.iter(f"{SVG}rect") if bar.get("class") == "work ok")
    assert len(tops) == 200
    assert min(after - before for before, after in pairwise(tops)) >= 16


odd = st.text(max_size=12)
times, ones = st.integers(0, 2**62), st.just(1)
spans = st.builds(
    Span, times, times, st.integers(1, 9), st.integers(0, 9), ones, odd, odd, odd, ones, odd, odd, st.integers(0, 3),
    odd, odd, ones, odd,
)  # fmt: skip
strikes = st.builds(
    FaultStrike,
    at_ns=st.integers(0, 2**62),
    fault=st.just(1),
    kind=odd,
    target=odd,
    message=st.integers(0, 3),
    detail=odd,
)


@given(
    st.lists(st.one_of(spans, strikes), max_size=9, unique_by=lambda record: (len(record), record[2])),
    st.integers(1, 200),
)
@settings(max_examples=80, deadline=None)
def test_any_records_make_a_picture(records: list[Record], width: int) -> None:
    picture = Waterfall.of(records, title="any", corner="seed 1")
    assert all(fit(line, max(60, width)).rstrip() == line.rstrip() for line in picture.text(width).split("\n"))
    ET.fromstring(picture.svg())  # noqa: S314 - our own


@pytest.mark.parametrize(
    ("time_ns", "said"),
    [
        (0, "0 s"),
        (999, "999 ns"),
        (1_500, "1.5 µs"),
        (40 * MS, "40 ms"),
        (1_250 * MS, "1.25 s"),
        (600_000 * MS, "10 min"),
    ],
)
def test_durations_are_said_in_their_largest_unit(time_ns: int, said: str) -> None:
    assert duration(time_ns) == said


@given(st.integers(0, 2**60), st.integers(1, 2**60), st.integers(2, 12))
def test_ticks_are_few_round_and_within(start: int, whole: int, at_most: int) -> None:
    axis = Axis(start, start + whole)
    ticks = axis.ticks(at_most)
    assert 1 <= len(ticks) <= at_most + 1
    assert all(start <= at <= start + whole for at, _ in ticks)
    assert len({label.split()[1] for _, label in ticks}) == 1


def test_wide_characters_take_two_cells() -> None:
    assert fit("茶茶", 6) == "茶茶  "
    assert fit("茶茶茶", 4) == "茶… "
