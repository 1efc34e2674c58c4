"""Show the messages of a run: a list with filters, one of them with its story, two side by side, and dead letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import panel as pn

from studio.dashboard.pieces.bulk import bulk_exports
from studio.dashboard.pieces.dead_letters import DeadLetters
from studio.dashboard.pieces.filter_bar import FilterBar, chosen, of_desk, of_term, of_text
from studio.dashboard.pieces.halves import Halves
from studio.dashboard.pieces.message_columns import MESSAGE_COLUMNS
from studio.dashboard.pieces.opened_message import OpenedMessage
from studio.dashboard.pieces.sorting import Sorting
from studio.dashboard.pieces.terms import Terms
from studio.dashboard.pieces.window_table import Window, WindowTable
from studio.dashboard.view import Export, View
from studio.store.windows.message_outcomes import OUTCOMES
from studio.store.windows.messages_window import KINDS, MessageFilter, all_messages, count_messages, list_messages

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from studio.dashboard.desk import Desk

__all__ = ["MessagesView"]

_ORDERS = {"address": "address", "kind": "kind", "attempts": "attempts"}


class MessagesView(View):
    """The tab Messages."""

    name = "messages"
    title = "Messages"
    needs = (*View.needs, "status", "text", "sort", "message")

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._shown: tuple[Any, ...] | None = None
        self.filters = FilterBar(
            desk,
            (
                of_text(desk, "Search", hint="addresses, keys, contents", width=200),
                of_desk(desk, "address", "Address", hint="Order.*", width=140),
                of_term(desk, "kind", "Kind", choices=lambda: KINDS, width=84),
                of_desk(desk, "source", "From", choices=lambda: desk.view.names("messages", "sender"), width=130),
                of_term(desk, "consumer", "To", choices=lambda: desk.view.names("deliveries", "consumer"), width=130),
                of_desk(desk, "status", "Went through", choices=lambda: OUTCOMES, width=120),
                of_term(desk, "key", "Key", hint="order-17", width=90),
                of_desk(desk, "saga", "Saga", hint="name or instance", width=130),
                of_term(desk, "trace", "Trace", hint="17", width=60),
            ),
        )
        self.table = WindowTable(
            MESSAGE_COLUMNS,
            self._fetch,
            self._count,
            key="message",
            choose=lambda key: desk.go(message=int(key)),
            sort="at_ns",
            descending=True,
            label="Messages",
            empty="No message fits. Take a filter back, or let time pass.",
        )
        self._sorting = Sorting(desk, "messages", self.table)
        self.letters = DeadLetters(desk)
        self.opened = OpenedMessage(desk)
        self._messages = pn.Column(self.table, sizing_mode="stretch_both", margin=0)
        listed = pn.Column(self._messages, self.letters.body)
        self._halves = Halves([self.filters.row, self.letters.switch], listed, self.opened.body)

    def body(self) -> Viewable:
        """Return the filters, the list, and what is opened in it."""
        return self._halves.body

    def refresh(self) -> None:
        """Ask again for what is on screen."""
        with self.desk.view.burst():
            is_dead = bool(self._terms.get("dead"))
            self.filters.show()
            self.filters.row.visible = not is_dead
            self._messages.visible = not is_dead
            self.letters.show(is_shown=is_dead)
            shown, before = (self.desk.shown_run, self.wanted), self._shown
            self._shown = shown
            if not is_dead:
                is_turned = self._sorting.take()
                self._show_list(is_other=before is not None and (is_turned or before != shown))
            self._halves.show(is_open=self.desk.message is not None)
            self.opened.refresh()

    @property
    def wanted(self) -> MessageFilter:
        """Which messages are listed."""
        desk, terms = self.desk, self._terms
        return MessageFilter(
            service=desk.service,
            source=desk.source,
            consumer=terms.get("consumer"),
            address=desk.address,
            kind=chosen(terms.get("kind"), KINDS),
            key=terms.get("key"),
            saga=desk.saga,
            outcome=chosen(desk.status, OUTCOMES),
            text=terms.text,
            trace=int(terms.get("trace")) if terms.get("trace").isdecimal() else None,
            from_ns=desk.from_ns,
            until_ns=desk.until_ns,
        )

    def exports(self) -> Sequence[Export]:
        """Return all messages that fit, or all dead letters; and what is told of the open one."""
        if self._terms.get("dead"):
            return (*self.letters.exports(), *self.opened.exports())
        listed = bulk_exports("Messages", "messages", lambda: all_messages(self.desk.view, self.wanted))
        return (*listed, *self.opened.exports())

    # -- helpers ----------------------------------------------------------------------------------------------------

    @property
    def _terms(self) -> Terms:
        return Terms.of(self.desk.text)

    def _show_list(self, *, is_other: bool) -> None:
        if is_other:
            self.table.rewind()
        else:
            self.table.reload()
        self.table.chosen = "" if self.desk.message is None else str(self.desk.message)

    def _count(self) -> int:
        return count_messages(self.desk.view, self.wanted)

    def _fetch(self, window: Window) -> Iterable[Mapping[str, Any]]:
        found = list_messages(
            self.desk.view,
            self.wanted,
            order=_ORDERS.get(window.sort, "seq"),  # type: ignore[arg-type]  # they are the literals
            descending=window.descending,
            offset=window.offset,
            limit=window.limit,
        )
        return [{**row, "ended": (row["outcome"], row["troubles"])} for row in found.iter_rows(named=True)]
