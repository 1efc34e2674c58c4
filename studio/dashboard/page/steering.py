"""Between the bar and the desk: what the reader does there becomes a change here, and the other way round."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from studio.dashboard.desk import FILTERS, PASSING
from studio.dashboard.page.bar_words import chips, corner, found_runs, row_of, run_words, world_words
from studio.dashboard.parcels import Parcel, Parcels
from studio.dashboard.views import TABS
from studio.errors import StudioError
from studio.observe.axis import instant
from studio.store.holder import is_abandoned

if TYPE_CHECKING:
    from studio.dashboard.desk import Level
    from studio.dashboard.page.session_page import SessionPage
    from studio.dashboard.view import Export
    from studio.simulation.world import World

__all__ = ["Steering"]

_CHANGEABLE: Final = frozenset(("run", "tab", "theme", "part", *FILTERS))

_ACTS: Final[Mapping[str, Callable[[World, Any], Any]]] = {
    "start": lambda world, value: world.start(_speed(value)),
    "pause": lambda world, value: world.pause(),
    "resume": lambda world, value: world.resume(),
    "step": lambda world, value: world.step(),
    "stop": lambda world, value: world.stop(),
}


class Steering:
    """What the bar of one session does.

    Args:
        page: The session's page.
        parcels: Where exported files wait.
        token: That a link which is copied carries.
    """

    def __init__(self, page: SessionPage, parcels: Parcels, token: str) -> None:
        self._page, self._parcels, self._token = page, parcels, token
        self._exports: Sequence[Export] = ()
        self._closed: dict[str, str] = {}  # notices that the reader closed, and need not see again
        self.is_greeted = False
        """Whether the browser has said which theme it wants; nothing is built before."""

    # -- from the browser -------------------------------------------------------------------------------------------

    def receive(self, data: Any) -> None:
        """Do what a message of the bar asks for; what goes wrong is told in the page."""
        try:
            self._take(data)
        except StudioError as error:
            self._page.desk.tell(str(error), "error")

    def _take(self, data: Any) -> None:
        desk = self._page.desk
        match data:
            case {"kind": "hello", "theme": "light" | "dark" as theme, "chosen": bool(chosen)}:
                self._greet(theme, is_chosen=chosen)
            case {"kind": "go", "changes": dict(changes)}:
                desk.go(**{name: value for name, value in changes.items() if name in _CHANGEABLE})
            case {"kind": "theme", "theme": "light" | "dark" as theme, "chosen": bool(chosen)}:
                desk.is_theme_chosen = chosen
                desk.theme = theme
            case {"kind": "query", "query": str(query)}:
                desk.restore(query)
            case {"kind": "runs", "text": str(text)}:
                self._page.bar.found = found_runs(desk, text)
            case {"kind": "act", "verb": str(verb)} if verb in _ACTS:
                self._act(verb, data.get("value"))
            case {"kind": "dismiss", "key": str(key)}:
                self._closed |= {each.key: each.text for each in desk.notices if each.key == key}
                desk.untell(key)
            case {"kind": "link"}:
                self._page.bar.tell_browser({"kind": "link", "query": self._shared_link()})
            case {"kind": "heard", "told": int(told)}:
                self._page.heard(told)
            case {"kind": "exports"}:
                self._page.list_exports()
            case {"kind": "export", "title": str(title)}:
                self._export(title)

    def _greet(self, theme: str, *, is_chosen: bool) -> None:
        self.is_greeted = True
        desk = self._page.desk
        desk.is_theme_chosen = is_chosen
        desk.theme = theme
        self._page.moved()

    def _act(self, verb: str, value: Any) -> None:
        world = self._page.desk.world
        if world is None:
            self._page.desk.tell(
                "The shown run is over, or not of this kernel's world: nothing can be done to it.", "warning"
            )
            return
        _ACTS[verb](world, value)
        self._page.moved()

    def _export(self, title: str) -> None:
        export = next((each for each in self._exports if each.title == title), None)
        if export is None:
            return
        file = self._file_of(export)
        if export.drawn_by:
            told = {"kind": "draw", "picture": export.drawn_by, "form": export.form, "file": file}
            self._page.bar.tell_browser(told)
            return
        is_drawn = export.form == "png"  # by the browser, of an SVG
        key = self._parcels.put(Parcel(file.removesuffix("png") + "svg" if is_drawn else file, export.make()))
        kind = "picture" if is_drawn else "file"
        self._page.bar.tell_browser({"kind": kind, "path": f"take/{key}", "file": file, "told": export.told()})

    def _file_of(self, export: Export) -> str:
        """Return the name of a file: run and seed, what it holds, how it is written."""
        desk = self._page.desk
        row = row_of(desk.rows, desk.shown_run) if export.is_of_run else None
        run = "" if row is None else f"run-{row.run}-seed-{row.info.seed}-"
        return f"{run}{export.name}.{export.form}"

    def _shared_link(self) -> str:
        """Return the query of a link that goes on showing this: its run is named, though the newest is followed."""
        desk = self._page.desk
        frame = self._page.frames.get(desk.tab)
        pinned = {} if frame is None else frame.pinned()
        query = desk.link(**{"run": desk.shown_run, **pinned})
        return f"{query}&{urlencode({'token': self._token})}" if self._token else query

    # -- to the browser ---------------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Show what the desk says now; tabs and filters also while the log cannot be read."""
        desk = self._page.desk
        try:
            count = len(desk.rows)
        except StudioError as error:
            desk.tell(str(error), "error", key="log")
            self._draw_state(0)
            return
        self._draw_state(count)
        self._draw_clock()
        self._watch_over()

    def _draw_state(self, count: int) -> None:
        desk = self._page.desk
        self._page.bar.state = {
            "tabs": [{"name": tab.name, "title": tab.title} for tab in TABS],
            "tab": desk.tab if desk.tab in {tab.name for tab in TABS} else TABS[0].name,
            "chips": chips(desk),
            "theme": desk.theme if self.is_greeted else "",
            "query": desk.link(),
            "passing": [*PASSING],
            "follows": desk.run is None,
            "count": count,
            "isBuilt": desk.tab in self._page.frames,
        }

    def _draw_clock(self) -> None:
        desk = self._page.desk
        world, row = desk.world, row_of(desk.rows, desk.shown_run)
        self._page.bar.clock = {
            "run": None if row is None else run_words(row, is_live=desk.feed.is_live_run(row.run)),
            "world": None if world is None else world_words(world),
            "corner": corner(row, world),
        }

    def _watch_over(self) -> None:
        """Tell of a world that died or cannot write, and of a run that is gone or was never closed."""
        desk = self._page.desk
        run = desk.shown_run
        row = row_of(desk.rows, run)
        self._warn("died", *_trouble(desk.feed.world, run))
        self._warn("gone", f"Run {desk.run} is not in the log any more: choose another one."
                   if desk.run is not None and row is None else "")  # fmt: skip
        known = {tab.name for tab in TABS}
        self._warn("tab", "" if desk.tab in known else f"There is no tab {desk.tab}: here is {TABS[0].title}.")
        self._warn("cut-off", _CUT_OFF if row is not None and is_abandoned(row) else "")

    def _warn(self, key: str, text: str, level: Level = "warning") -> None:
        """Say something once, for as long as it is so."""
        desk = self._page.desk
        known = next((each.text for each in desk.notices if each.key == key), "")
        if text and text != known and text != self._closed.get(key):
            desk.tell(text, level, key=key)
        elif known and not text:
            desk.untell(key)
        if not text:
            self._closed.pop(key, None)

    def show_notices(self) -> None:
        """Show the desk's notices."""
        notices = self._page.desk.notices
        self._page.bar.notices = [{"key": each.key, "text": each.text, "level": each.level} for each in notices]

    def show_exports(self, exports: Sequence[Export]) -> None:
        """Offer what can be taken away from the shown tab."""
        self._exports = exports
        self._page.bar.exports = [{"title": each.title, "form": each.form} for each in exports]

    def news(self) -> Any:
        """Return what differs when there is anything new to show: cheap, since it is asked all the time."""
        desk = self._page.desk
        world = desk.feed.world
        if world is not None and world.state == "by hand":
            world.hand_over()
        row = row_of(desk.rows, desk.shown_run)
        lively = None if world is None else (world.number, world.state, world.now_ns, world.speed)
        run = None if row is None else (row.run, row.records, row.status, is_abandoned(row))
        return (len(desk.rows), run, lively)


def _trouble(world: World | None, run: int | None) -> tuple[str, Level]:
    """Return what is wrong with the world whose run is shown; empty where nothing is."""
    if world is None or world.failure is None or world.number != run:
        return "", "error"
    if world.state == "died":
        return f"The world died at {instant(world.now_ns)}; its records until then are kept. {world.failure}", "error"
    return f"The world goes on, and its newest records wait in memory. {world.failure}", "warning"


_CUT_OFF: Final = (
    "This run was cut off: the process that wrote it ended without closing it. What it had handed to the log is here; "
    "nothing more will come. To have it whole, run it again with its seed."
)


def _speed(value: Any) -> float | None:
    """Return times real time; None for as fast as it can."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
