"""Sequence diagrams: who sent what to whom, where it was lost, what mattered; bounded, whatever the run."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from studio.observe.sequence import Sequence
from studio.observe.sequence_slant import is_slow
from studio.records import Delivery, FaultStrike, LedgerEntry, Life, Message, Record, SagaChange, Span, Violation

MS = 1_000_000


def call(number: int, sender: str, address: str, at_ms: int = 0, *, cause: int = 0, trace: int = 1) -> Message:
    """A call as it entered the bus."""
    return Message(at_ms * MS, number, "call", address, sender, 1, "", trace, 0, cause, number, "", "{}")


def handed(number: int, consumer: str, at_ms: int, outcome: str = "delivered", reason: str = "") -> Delivery:
    """What became of a message."""
    return Delivery(at_ms * MS, number, consumer, 1, 1, outcome, reason)


STORY: tuple[Record, ...] = (
    call(1, "world", "Shop.buy"),
    handed(1, "Shop", 1),
    call(2, "Shop", "Bank.pay", 1, cause=1),
    handed(2, "Bank", 2),
    LedgerEntry(2 * MS, "Bank", "ledger", 2, '{"id": "a"}'),
    FaultStrike(3 * MS, 1, "lose", "Bank.pay", 2, "reply lost"),
    handed(2, "Shop", 3, "lost", "reply"),
    handed(2, "Shop", 1000, "timed-out"),
    Violation(2000 * MS, "paid_once", "always", '{"id": "a"}'),
)


def drawn(*records: Record) -> Sequence:
    """A diagram in which ledger entries matter."""
    return Sequence.of(records, title="t", corner="seed 1", matters=lambda each: isinstance(each, LedgerEntry))


def test_lanes_stand_in_the_order_of_their_first_part() -> None:
    assert drawn(*STORY).lanes == ("outside", "Shop", "Bank")


def test_rows_tell_the_way_of_a_message_and_what_struck_it() -> None:
    rows = drawn(*STORY).rows
    assert [(row.kind, row.words) for row in rows] == [
        ("call", "Shop.buy"),
        ("call", "Bank.pay"),
        ("effect", "ledger: id a"),
        ("reply", "answer is lost"),
        ("trouble", "no answer in time: Bank.pay"),
        ("violation", "paid_once is broken: id a"),
    ]
    assert rows[3].is_lost
    assert rows[3].strikes == ["reply of Bank.pay is lost (fault 1)"]


def test_other_traces_are_left_out() -> None:
    others = [each for n in range(10, 30) for each in (call(n, "world", "Shop.buy", n, trace=n), handed(n, "Shop", n))]
    assert [row.words for row in drawn(*STORY, *others).rows] == [row.words for row in drawn(*STORY).rows]


def test_what_went_on_beside_the_story_is_counted() -> None:
    beside = [each for n in range(3, 8) for each in (call(n, "Shop", f"Post.p{n}", 4, cause=1), handed(n, "Post", 5))]
    words = [row.words for row in drawn(*STORY[:7], *beside, *STORY[7:]).rows]
    assert "… 5 more" in words
    assert not any("Post" in each for each in words)


def test_long_stories_are_bounded_and_keep_their_verdict() -> None:
    lost = [
        each
        for n in range(10, 200)
        for each in (call(n, "Shop", "Bank.pay", n, cause=1), handed(n, "Bank", n, "lost", "request"))
    ]
    rows = drawn(*STORY[:7], *lost, *STORY[7:]).rows
    assert len(rows) <= 45
    assert rows[-1].kind == "violation"
    assert any(row.kind == "more" for row in rows)


def test_crash_stands_on_its_lane_with_what_struck() -> None:
    crash = (
        FaultStrike(2 * MS, 1, "crash", "Bank", 0, "Bank/1"),
        Life(2 * MS, "Bank", 1, 1, "crashed", "planned"),
        SagaChange(3 * MS, "Order/a", "Order", "1.0.0", "stuck", 1, 1, ""),
    )
    rows = {row.kind: row for row in drawn(*STORY[:4], *crash, *STORY[4:]).rows}
    assert rows["crash"].lane == "Bank"
    assert rows["crash"].strikes
    assert rows["saga"].words == "Order/a is stuck"


OVERTAKEN: tuple[Record, ...] = (
    call(1, "world", "Shop.buy"),
    call(2, "world", "Shop.cancel", 100),
    handed(2, "Shop", 101),
    handed(1, "Shop", 400),
)


def test_message_that_is_overtaken_arrives_below_what_overtook_it() -> None:
    svg = ET.fromstring(drawn(*OVERTAKEN).svg())  # noqa: S314 - our own
    buy, cancel = ([float(line.attrib[at]) for at in ("y1", "y2")] for line in svg.iter() if "arrow" in _class(line))
    assert buy[0] < cancel[0] == cancel[1] < buy[1]
    assert "400 ms" in [each.text for each in svg.iter()]


def test_text_says_when_a_slow_message_arrives() -> None:
    text = drawn(*OVERTAKEN).text()
    assert "Shop.buy, arrives 400 ms" in text
    assert "Shop.cancel, arrives" not in text


def test_answer_sets_out_when_the_work_ended_and_may_come_too_late() -> None:
    work = Span(2 * MS, 5 * MS, 1, 0, 1, "handle", "Bank.pay", "Bank", 1, "ok", "", 2, "", "", 0, "")
    late = drawn(*STORY[:4], work, handed(2, "Shop", 1000, "timed-out"), handed(2, "Shop", 1500, "late")).rows
    answer = next(row for row in late if row.kind == "reply")
    assert (answer.words, answer.at_ns, answer.arrives_ns) == ("answer comes too late", 5 * MS, 1500 * MS)
    assert is_slow(answer, late)


def _class(element: ET.Element) -> list[str]:
    return element.attrib.get("class", "").split()


@pytest.mark.parametrize("width", [60, 100, 140])
def test_text_keeps_to_its_width(width: int) -> None:
    records: list[Record] = [call(1, "world", "Service1.run")]
    for n in range(2, 12):
        records += [call(n, f"Service{n - 1}", f"Service{n}.run", n, cause=n - 1), handed(n, f"Service{n}", n + 1)]
    text = drawn(*records, LedgerEntry(20 * MS, "Service11", "ledger", 11, '{"id": "a"}')).text(width)
    assert max(map(len, text.splitlines())) <= max(width, 75)


def test_picture_is_xml_and_escapes_what_it_quotes() -> None:
    odd = LedgerEntry(2 * MS, "Bank", "ledger", 2, '{"id": "<b>&\\u0007"}')
    svg = drawn(*STORY[:4], odd, *STORY[5:]).svg()
    assert ET.fromstring(svg).tag.endswith("svg")  # noqa: S314 - our own
    assert "&lt;b&gt;&amp;" in svg


def test_nothing_at_all_is_drawn_too() -> None:
    assert drawn().rows == ()
    assert "seed 1" in drawn().text()
    assert drawn().svg().endswith("</svg>")
