"""List dead letters with their causes, and deliver them once more where the world goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import panel as pn

from studio.dashboard.pieces.bulk import bulk_exports
from studio.dashboard.pieces.facts import error_words
from studio.dashboard.pieces.markup import Markup, act
from studio.dashboard.pieces.message_columns import LETTER_COLUMNS
from studio.dashboard.pieces.terms import Terms
from studio.dashboard.pieces.window_table import Window, WindowTable
from studio.errors import NothingToActOn
from studio.store.windows.message_story import count_dead_letters, list_dead_letters

if TYPE_CHECKING:
    import polars as pl

    from studio.dashboard.desk import Desk
    from studio.dashboard.view import Export

__all__ = ["DeadLetters", "not_live"]

_ALL_MAX = 1_000
_CHUNK = 10_000
_ROWS_MAX = 1_000_000


class DeadLetters:
    """The list in the place of messages, and the switch that brings it.

    Args:
        desk: Holds the switch: the word `dead` in the searched text.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        acts = {
            "messages": lambda _: self._switch(""),
            "letters": lambda _: self._switch("letters"),
            "all": lambda _: self.redeliver_all(),
        }
        self.switch = Markup(desk, acts, margin=(0, 8, 2, 8), label="Messages or dead letters")
        self.table = WindowTable(
            LETTER_COLUMNS,
            self._fetch,
            self._count,
            key="message",
            choose=lambda key: desk.go(message=int(key)),
            label="Dead letters",
            empty="No dead letters. An event becomes one when a consumer has refused it as often as its delivery model "
            "tries.",
            sizing_mode="stretch_both",
        )
        self.body = pn.Column(self.table, sizing_mode="stretch_both", margin=0, visible=False)

    def show(self, *, is_shown: bool) -> None:
        """Show the list, or only the switch."""
        self.body.visible = is_shown
        count = count_dead_letters(self._desk.view)
        chosen = ("", "primary") if is_shown else ("primary", "")
        parts = [
            act("messages", "Messages", kind=chosen[0], is_pressed=not is_shown),
            act("letters", f"Dead letters: {count:,}", kind=chosen[1], is_pressed=is_shown),
        ]
        if is_shown:
            self.table.reload()
            self.table.chosen = "" if self._desk.message is None else str(self._desk.message)
            parts.append(self._redelivery(self._count()))
        self.switch.html = f'<div class="acts">{"".join(parts)}</div>'

    def redeliver_all(self) -> None:
        """Deliver all letters that are listed once more, one thousand at most.

        Raises:
            NothingToActOn: The shown run is over, or another world's.
        """
        world = self._desk.world
        if world is None:
            raise NothingToActOn(what="redeliver", value="dead letters", run=self._desk.shown_run or 0)
        letters = list_dead_letters(self._desk.view, consumer=self._consumer, limit=_ALL_MAX)
        for message, consumer in letters.select("message", "consumer").iter_rows():
            world.redeliver(message, consumer=consumer)
        self._desk.tell(f"{len(letters)} dead letters are delivered once more.", "success", key="redelivered")

    def exports(self) -> Sequence[Export]:
        """Return all letters that are listed."""
        return bulk_exports("Dead letters", "dead-letters", self._chunks)

    # -- helpers ----------------------------------------------------------------------------------------------------

    @property
    def _consumer(self) -> str:
        return Terms.of(self._desk.text).get("consumer")

    def _redelivery(self, count: int) -> str:
        of = f" of {self._consumer}" if self._consumer else ""
        refused = not_live(self._desk) or ("" if count else "There are none.")
        return f'<span class="grow"></span>{act("all", f"Redeliver all{of}", refused=refused)}'

    def _switch(self, value: str) -> None:
        self._desk.go(text=str(Terms.of(self._desk.text).having(dead=value)), message=None)

    def _count(self) -> int:
        return count_dead_letters(self._desk.view, consumer=self._consumer)

    def _fetch(self, window: Window) -> Iterable[Mapping[str, Any]]:
        found = list_dead_letters(self._desk.view, consumer=self._consumer, offset=window.offset, limit=window.limit)
        return [{**row, "reason": error_words(row["reason"])} for row in found.iter_rows(named=True)]

    def _chunks(self) -> Iterator[pl.DataFrame]:
        for offset in range(0, _ROWS_MAX, _CHUNK):
            found = list_dead_letters(self._desk.view, consumer=self._consumer, offset=offset, limit=_CHUNK)
            if len(found) or not offset:  # one of no rows still says its columns
                yield found
            if len(found) < _CHUNK:
                return


def not_live(desk: Desk) -> str:
    """Say why the shown run cannot be acted on; empty where it can."""
    if desk.world is not None:
        return ""
    return "This run is over, or not of this kernel's world: nothing can be done to it any more."
