"""Tell all that is known of one span: who worked for whom, its message, its errors, what befell it, its code."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from studio.dashboard.pieces.declared import contract_fields, contract_of, place
from studio.dashboard.pieces.facts import error_words, facts, marked, pretty, section, table
from studio.dashboard.pieces.markup import link
from studio.observe.axis import duration, instant
from studio.records import Delivery, FaultStrike, LogLine, Message, PolicyChange, Span

if TYPE_CHECKING:
    from studio.dashboard.desk import Desk
    from studio.records import Record

__all__ = ["span_facts"]


def span_facts(desk: Desk, span: Span, records: Sequence[Record]) -> str:
    """Return the details of a span as HTML.

    Args:
        desk: Where links lead, and what is declared.
        span: Which.
        records: Of its trace.
    """
    message = next((each for each in records if isinstance(each, Message) and each.message == span.message), None)
    build = desk.feed.build
    parts = [
        f'<h3>Span {span.span}</h3><p class="code">{escape(span.name)}</p>',
        _attributes(desk, span, records),
        section("Error", f"<pre>{escape(span.error_text)}</pre>" if span.error_text else ""),
        section("Message", _message(desk, message)),
        section("Faults", _faults(span, records)),
        section("Deliveries", _deliveries(span, records)),
        section("Policies", _policies(span, records)),
        section("Log", _logs(span, records)),
        section("Code", place(build, span.cell, span.line)),
    ]
    return f'<div class="box">{"".join(parts)}</div>'


def _attributes(desk: Desk, span: Span, records: Sequence[Record]) -> str:
    parent = next((each for each in records if isinstance(each, Span) and each.span == span.parent), None)
    within = "" if parent is None else link(desk, parent.name, span=parent.span)
    replica = f", replica {span.replica}" if span.replica else ""
    return facts(
        (
            ("Status", marked(span.status) + (f" {escape(error_words(span.error))}" if span.error else "")),
            ("Kind", escape(span.kind)),
            ("Service", link(desk, span.service, service=span.service) + replica if span.service else ""),
            ("Within", within),
            ("From", _fine(span.start_ns)),
            ("To", _fine(span.end_ns)),
            ("Took", duration(max(0, span.end_ns - span.start_ns))),
            ("Saga", link(desk, span.saga, tab="sagas", saga=span.saga) if span.saga else ""),
        )
    )


def _message(desk: Desk, message: Message | None) -> str:
    if message is None:
        return ""
    fields = contract_fields(contract_of(desk.feed.build, message.address))
    opened = link(desk, f"{message.kind} {message.message}", tab="messages", message=message.message)
    key = f", key {escape(message.key)}" if message.key else ""
    return (
        f'<p>{opened}: <span class="code">{escape(message.address)}</span> from {escape(message.sender)}{key}</p>'
        f"<pre>{escape(pretty(message.body, fields))}</pre>"
    )


def _faults(span: Span, records: Sequence[Record]) -> str:
    struck = [
        each
        for each in records
        if isinstance(each, FaultStrike)
        and (each.message == span.message if each.message else _is_during(span, each.at_ns))
        and (each.message or each.target.partition("/")[0] == span.service)
    ]
    rows = [(_fine(each.at_ns), f"⚡ {escape(each.kind)}", escape(each.target), escape(each.detail)) for each in struck]
    return table(("At", "Fault", "Target", "Detail"), rows, label="Faults that struck")


def _deliveries(span: Span, records: Sequence[Record]) -> str:
    found = [each for each in records if isinstance(each, Delivery) and each.message == span.message]
    rows = [
        (_fine(each.at_ns), escape(each.consumer), str(each.attempt), marked(each.outcome), escape(each.reason))
        for each in found[:40]
    ]
    return table(("At", "To", "Attempt", "Outcome", "Why"), rows, label="Deliveries of its message")


def _policies(span: Span, records: Sequence[Record]) -> str:
    found = [each for each in records if isinstance(each, PolicyChange) and each.span == span.span]
    rows = [
        (_fine(each.at_ns), f"{escape(each.policy)} {escape(each.change)}", escape(each.target), escape(each.detail))
        for each in found
    ]
    return table(("At", "Policy", "Target", "Detail"), rows, label="What policies did")


def _logs(span: Span, records: Sequence[Record]) -> str:
    found = [each for each in records if isinstance(each, LogLine) and each.span == span.span]
    rows = [
        (
            _fine(each.at_ns),
            escape(each.level),
            escape(each.text),
            f'<span class="code">{escape(each.fields)}</span>',
        )
        for each in found
    ]
    return table(("At", "Level", "Text", "Fields"), rows, label="Log lines")


def _fine(at_ns: int) -> str:
    return instant(at_ns, is_fine=True)


def _is_during(span: Span, at_ns: int) -> bool:
    return span.start_ns <= at_ns <= span.end_ns
