"""Show one message: its contents and whether they are of their contract, its deliveries, causes and effects, a diff."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn
import polars as pl

from studio.dashboard.pieces.dead_letters import not_live
from studio.dashboard.pieces.declared import contract_fields, contract_of, verdict
from studio.dashboard.pieces.difference import difference_table
from studio.dashboard.pieces.export_bar import frame_exports
from studio.dashboard.pieces.facts import error_words, facts, marked, pretty, section, table
from studio.dashboard.pieces.markup import Markup, act, link, missing
from studio.dashboard.pieces.terms import Terms
from studio.dashboard.view import Export
from studio.errors import NothingToActOn, NotInRun
from studio.observe.axis import instant
from studio.store.windows.message_story import DELIVERIES_MAX, MessageStory, message_story

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studio.dashboard.desk import Desk

__all__ = ["OpenedMessage"]


class OpenedMessage:
    """The lower half of the tab.

    Args:
        desk: Names the message, and with the word `against` in the searched text another one.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.story: MessageStory | None = None
        acts = {
            "close": lambda _: desk.go(message=None),
            "keep": self._keep,
            "drop": lambda _: self._keep(""),
            "redeliver": self.redeliver,
        }
        self.head = Markup(desk, acts, keys={"Escape": "close"}, label="Opened message")
        self.left = Markup(desk, label="Contents")
        self.right = Markup(desk, acts, label="Story")
        flow = {"min-width": "0", "width": "auto"}
        parts = pn.FlexBox(  # type: ignore[no-untyped-call]  # Panel says nothing of it
            pn.Column(self.left, styles={"flex": "1 1 380px", **flow}, margin=0),
            pn.Column(self.right, styles={"flex": "1 1 480px", **flow}, margin=0),
            gap="16px", align_items="flex-start", sizing_mode="stretch_width", margin=0,
        )  # fmt: skip
        self.body = pn.Column(self.head, parts, sizing_mode="stretch_width", margin=0)

    def refresh(self) -> None:
        """Show the desk's message as it is now."""
        message = self._desk.message
        self.story = None if message is None else message_story(self._desk.view, message)
        if message is None:
            return
        if self.story is None:
            error = NotInRun(what="message", value=str(message), run=self._desk.shown_run or 0)
            self.head.html, self.left.html, self.right.html = missing(error), "", ""
            return
        row = self.story.message.row(0, named=True)
        self.head.html = self._head(row)
        self.left.html = self._difference(row) or self._contents(row)
        self.right.html = self._told(self.story)

    def redeliver(self, consumer: str) -> None:
        """Deliver the message once more to a consumer that has given it up.

        Raises:
            NothingToActOn: The shown run is over, or another world's.
        """
        desk = self._desk
        if desk.world is None or desk.message is None:
            raise NothingToActOn(what="redeliver", value=f"message {desk.message}", run=desk.shown_run or 0)
        desk.world.redeliver(desk.message, consumer=consumer)
        desk.tell(f"Message {desk.message} is delivered to {consumer} once more.", "success", key="redelivered")

    def exports(self) -> Sequence[Export]:
        """Return the contents as they were sent, what became of the message, and what it led to."""
        story = self.story
        if story is None:
            return ()
        row = story.message.row(0, named=True)
        name, body = f"message-{row['message']}", str(row["body"])
        return (
            Export(f"Contents of message {row['message']}, JSON", "json", f"{name}-contents", body.encode),
            *frame_exports("Its deliveries", f"{name}-deliveries", lambda: story.deliveries, rows_max=DELIVERIES_MAX),
            *frame_exports("Its effects", f"{name}-effects", lambda: story.effects),
        )

    # -- helpers ----------------------------------------------------------------------------------------------------

    @property
    def _against(self) -> int | None:
        text = Terms.of(self._desk.text).get("against")
        return int(text) if text.isdecimal() else None

    def _keep(self, value: str) -> None:
        self._desk.go(text=str(Terms.of(self._desk.text).having(against=value)))

    def _head(self, row: dict[str, Any]) -> str:
        number, against = str(row["message"]), self._against
        if against is None:
            diff = act("keep", "Compare with …", number)
        elif against == row["message"]:
            diff = f'<span class="soft">Choose another message to compare with.</span> {act("drop", "Compare no more")}'
        else:
            diff = act("drop", "Compare no more")
        parts = [
            f"<h2>Message {number}</h2>",
            f'<span class="code">{escape(row["address"])}</span>',
            marked(row["outcome"]),
            escape(error_words(row["reason"])),
            '<span class="grow"></span>',
            diff,
            link(self._desk, f"Trace {row['trace']}", tab="traces", trace=row["trace"], span=row["span"] or None)
            if row["trace"]
            else "",
            link(self._desk, "Link", title="A link to what is open here"),
            act("close", "Close"),
        ]
        return f'<div class="head">{"".join(parts)}</div>'

    def _contents(self, row: dict[str, Any]) -> str:
        contract = contract_of(self._desk.feed.build, row["address"])
        told = ""
        if contract is not None:
            is_fine, words = verdict(contract, row["body"])
            told = f"<p>{marked('ok' if is_fine else 'error', words)}</p>"
        shown = escape(pretty(row["body"], contract_fields(contract)))
        return section("Contents", f"{told}<pre>{shown or '(empty)'}</pre>") + section("About it", self._about(row))

    def _about(self, row: dict[str, Any]) -> str:
        desk = self._desk
        replica = f", replica {row['replica']}" if row["replica"] else ""
        consumers = ", ".join(link(desk, name, service=name) for name in row["consumers"])
        return facts(
            (
                ("Sent", f"t = {instant(row['at_ns'])}"),
                ("Kind", escape(row["kind"])),
                ("From", escape(row["sender"]) + replica),
                ("To", consumers),
                ("Key", escape(row["key"])),
                ("Saga", link(desk, row["saga"], tab="sagas", saga=row["saga"]) if row["saga"] else ""),
            )
        )

    def _difference(self, row: dict[str, Any]) -> str:
        against = self._against
        if against is None or against == row["message"]:
            return ""
        other = message_story(self._desk.view, against)
        if other is None:
            return f"<p>{marked('error', f'Message {against} is not in this run.')}</p>"
        fields = contract_fields(contract_of(self._desk.feed.build, row["address"]))
        first = link(self._desk, f"message {against}", message=against)
        body = other.message["body"][0]
        return section(
            "Difference", f"<p>{first} → message {row['message']}</p>{difference_table(body, row['body'], fields)}"
        )

    def _told(self, story: MessageStory) -> str:
        return "".join(
            (
                section("Deliveries", _deliveries(story) or '<p class="soft">None so far.</p>'),
                section("Dead letter", self._dead(story)),
                section("Faults that struck it", _faults(story.faults)),
                section("Sent because of", self._messages(story.cause, "Its cause")),
                section("Led to", self._messages(story.effects, "Its effects")),
            )
        )

    def _dead(self, story: MessageStory) -> str:
        refused = not_live(self._desk)
        rows = [
            (escape(consumer), escape(error_words(reason)), act("redeliver", "Redeliver", consumer, refused=refused))
            for consumer, outcome, reason in _last(story.deliveries)
            if outcome == "dead-lettered"
        ]
        return table(("Consumer", "Cause", "What can be done"), rows, label="Consumers that have given it up")

    def _messages(self, frame: pl.DataFrame, label: str) -> str:
        rows = [
            (
                link(self._desk, str(row["message"]), message=row["message"]),
                instant(row["at_ns"]),
                escape(row["kind"]),
                f'<span class="code">{escape(row["address"])}</span>',
                escape(", ".join(row["consumers"])),
                marked(row["outcome"]),
            )
            for row in frame.iter_rows(named=True)
        ]
        return table(("Message", "At", "Kind", "Address", "To", "Outcome"), rows, label=label)


def _deliveries(story: MessageStory) -> str:
    rows = [
        (
            instant(row["at_ns"]),
            escape(row["consumer"]) + (f"/{row['replica']}" if row["replica"] else ""),
            str(row["attempt"]),
            marked(row["outcome"]),
            escape(error_words(row["reason"])),
        )
        for row in story.deliveries.iter_rows(named=True)
    ]
    return table(("At", "To", "Attempt", "Outcome", "Why"), rows, label="Deliveries")


def _faults(frame: pl.DataFrame) -> str:
    rows = [
        (instant(row["at_ns"]), f"⚡ {escape(row['kind'])}", escape(row["target"]), escape(row["detail"]))
        for row in frame.iter_rows(named=True)
    ]
    return table(("At", "Fault", "Target", "Detail"), rows, label="Faults")


def _last(deliveries: pl.DataFrame) -> list[tuple[str, str, str]]:
    """Return the last delivery to each consumer: its name, outcome and reason."""
    found = {row[0]: row for row in deliveries.select("consumer", "outcome", "reason").iter_rows()}
    return list(found.values())
