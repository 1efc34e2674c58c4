"""Show one saga instance: its timeline, its journal, where else it is seen; and let an operator act on it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

import panel as pn

from studio.dashboard.pieces.dead_letters import not_live
from studio.dashboard.pieces.export_bar import frame_exports, picture_exports
from studio.dashboard.pieces.facts import error_words, marked, pretty, section, table
from studio.dashboard.pieces.markup import Markup, act, link, missing, png
from studio.dashboard.pieces.saga_drawing import picture_of
from studio.dashboard.pieces.taken_picture import standing_alone, theme_of
from studio.dashboard.view import Export
from studio.errors import NothingToActOn, NotInRun
from studio.observe.axis import instant
from studio.store.windows.saga_story import ROWS_MAX, SagaStory, saga_story

if TYPE_CHECKING:
    from studio.dashboard.desk import Desk
    from studio.simulation.world import World

__all__ = ["OpenedSaga"]

_TRACES_MAX = 5


class OpenedSaga:
    """The lower half of the tab.

    Args:
        desk: Names the instance.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._instance = ""
        self._asked = ""  # instance whose abandoning is to be confirmed
        self.story: SagaStory | None = None
        acts = {
            "close": lambda _: desk.go(saga=self._instance.partition("/")[0]),
            "resume": self.resume,
            "cancel": self.cancel,
            "ask": self._ask,
            "abandon": self.abandon,
            "keep": lambda _: self._ask(""),
        }
        self.head = Markup(desk, acts, keys={"Escape": "close"}, label="Opened saga")
        self.timeline = Markup(desk, label="Timeline")
        self.journal = Markup(desk, label="Journal")
        self.body = pn.Column(self.head, self.timeline, self.journal, sizing_mode="stretch_width", margin=0)

    def refresh(self, instance: str) -> None:
        """Show an instance as it is now.

        Args:
            instance: Its id; empty for none.
        """
        if instance != self._instance:
            self._asked = ""
        self._instance = instance
        self.story = saga_story(self._desk.view, instance) if instance else None
        if not instance:
            return
        if self.story is None:
            error = NotInRun(what="saga", value=instance, run=self._desk.shown_run or 0)
            self.head.html, self.timeline.html, self.journal.html = missing(error), "", ""
            return
        self.head.html = self._head(self.story) + self._question()
        self.timeline.html = picture_of(self.story, self._corner()).svg()
        self.head.picture = self._taken(self.story).decode()
        self.journal.html = _states(self.story) + _journal(self.story)

    def exports(self) -> Sequence[Export]:
        """Return the timeline's picture, and what it was drawn from."""
        story = self.story
        if story is None:
            return ()
        name = _file_of(story)
        return (
            *picture_exports("Timeline", name, lambda: self._taken(story)),
            *frame_exports("Its journal", f"{name}-journal", lambda: story.journal, rows_max=ROWS_MAX),
            *frame_exports("Its states", f"{name}-states", lambda: story.states, rows_max=ROWS_MAX),
        )

    # -- what an operator does --------------------------------------------------------------------------------------

    def resume(self, saga: str) -> None:
        """Let a stuck instance go on.

        Raises:
            NothingToActOn: The shown run is over, or another world's.
        """
        self._world("resume", saga).resume(saga)
        self._desk.tell(f"{saga} goes on.", "success", key=f"saga {saga}")

    def cancel(self, saga: str) -> None:
        """Cancel an instance: before its pivot it is undone, after it carried through.

        Raises:
            NothingToActOn: The shown run is over, or another world's.
        """
        self._world("cancel", saga).cancel(saga)
        self._desk.tell(
            f"{saga} is cancelled: what it has done is undone, unless it is past its pivot.", "success",
            key=f"saga {saga}",
        )  # fmt: skip

    def abandon(self, saga: str) -> None:
        """Give a stuck instance up, as was confirmed.

        Raises:
            NothingToActOn: The shown run is over, or another world's.
        """
        self._asked = ""
        self._world("abandon", saga).abandon(saga)
        self._desk.tell(
            f"{saga} is abandoned: nothing of it is done or undone any more.", "success", key=f"saga {saga}"
        )

    def _world(self, what: str, saga: str) -> World:
        world = self._desk.world
        if world is None:
            raise NothingToActOn(what=what, value=saga, run=self._desk.shown_run or 0)
        return world

    def _ask(self, saga: str) -> None:
        self._asked = saga
        if self.story is not None:
            self.head.html = self._head(self.story) + self._question()

    def _taken(self, story: SagaStory) -> bytes:
        return standing_alone(picture_of(story, self._corner()).svg(), theme_of(self._desk))

    # -- what is shown ----------------------------------------------------------------------------------------------

    def _corner(self) -> str:
        row = self._desk.view.row
        return f"{row.info.name} · run {row.run} · seed {row.info.seed}"

    def _head(self, story: SagaStory) -> str:
        desk = self._desk
        last = story.states.row(-1, named=True)
        traces = story.traces
        more = f" and {len(traces) - _TRACES_MAX} more" if len(traces) > _TRACES_MAX else ""
        parts = [
            f"<h2>{escape(story.saga)}</h2>",
            marked(story.state),
            escape(error_words(last["reason"])),
            f'<span class="soft">version {escape(last["version"])}</span>',
            *(link(desk, f"Trace {trace}", tab="traces", trace=trace, span=None) for trace in traces[:_TRACES_MAX]),
            more,
            link(desk, f"{story.messages} messages", tab="messages", saga=story.saga, message=None, text=""),
            '<span class="grow"></span>',
            '<span class="acts">',
            *self._acts(story),
            png(_file_of(story)),
            link(desk, "Link", title="A link to what is open here"),
            act("close", "Close"),
            "</span>",
        ]
        return f'<div class="head">{"".join(parts)}</div>'

    def _acts(self, story: SagaStory) -> list[str]:
        gone = not_live(self._desk)
        stuck = gone or ("" if story.state == "stuck" else f"It is {story.state}, not stuck.")
        running = gone or ("" if story.state == "running" else f"It is {story.state}, not running.")
        return [
            act("resume", "Resume", story.saga, refused=stuck),
            act("ask", "Abandon …", story.saga, refused=stuck, kind="danger"),
            act("cancel", "Cancel", story.saga, refused=running),
        ]

    def _question(self) -> str:
        if not self._asked or self._asked != self._instance:
            return ""
        return (
            '<div class="box asked" role="alertdialog" aria-label="Abandon it?"><p>Abandon '
            f"{escape(self._asked)}? It ends as it stands: steps that were done stay done, and cannot be undone by it "
            f'any more.</p><div class="acts">{act("abandon", "Abandon", self._asked, kind="danger")}'
            f"{act('keep', 'Keep it')}</div></div>"
        )


def _file_of(story: SagaStory) -> str:
    return "saga-" + "".join(each if each.isalnum() or each in "-_." else "-" for each in story.saga)


def _states(story: SagaStory) -> str:
    rows = [
        (instant(row["at_ns"]), marked(row["state"]), str(row["epoch"]), escape(error_words(row["reason"])))
        for row in story.states.iter_rows(named=True)
    ]
    return section("States", table(("At", "State", "Epoch", "Reason"), rows, label="States"))


def _journal(story: SagaStory) -> str:
    rows = [_entry(row) for row in story.journal.iter_rows(named=True)]
    rows += [
        (instant(row["at_ns"]), "", f"✖ orchestrator {escape(row['change'])}", "", escape(row["reason"]), "")
        for row in story.lives.iter_rows(named=True)
        if row["change"] != "started"
    ]
    titles = ("At", "Step", "Mark", "Attempt", "Error", "Result")
    return section("Journal", table(titles, rows, label="Journal"))


def _entry(row: dict[str, Any]) -> tuple[str, ...]:
    body = row["body"]
    result = (
        f"<details><summary>{escape(body[:60])}</summary><pre>{escape(pretty(body))}</pre></details>" if body else ""
    )
    return (
        instant(row["at_ns"]),
        escape(row["step"]),
        marked(row["phase"]),
        str(row["attempt"]),
        escape(error_words(row["error"])),
        result,
    )
