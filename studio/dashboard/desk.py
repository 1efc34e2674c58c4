"""Keep the state of one browser session: what is looked at, through which filters; all of it fits into a URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import parse_qsl, urlencode

import param

from studio.dashboard.feed import Feed

if TYPE_CHECKING:
    from studio.simulation.world import World
    from studio.store.shelf import RunRow
    from studio.store.windows.run_view import RunView

__all__ = ["FILTERS", "PASSING", "Desk", "Level", "Notice"]

Level = Literal["info", "success", "warning", "error"]

FILTERS: Final = ("service", "address", "source", "saga", "from_ns", "until_ns")
"""What all tabs obey."""

PASSING: Final = ("at_ns", "last_s", "sort", "axis_s", "split", "table", "zoom", "fold", "equal", "kind", "theme")
"""How it is looked at: it stands in the URL, but is no step that the browser's back button takes back."""

_NUMBERS: Final = (
    "run", "trace", "span", "message", "other", "campaign", "seed", "from_ns", "until_ns", "at_ns", "last_s", "axis_s",
    "zoom",
)  # fmt: skip
_WORDS: Final = (
    "tab", *FILTERS[:4], "part", "status", "text", "sort", "split", "table", "fold", "equal", "kind", "theme",
)  # fmt: skip
_ORDER: Final = (
    "run",
    "tab",
    *FILTERS,
    "part",
    "trace",
    "span",
    "message",
    "status",
    "text",
    "other",
    "campaign",
    "seed",
    *PASSING,
)
_GOES_WITH: Final[Mapping[str, tuple[str, ...]]] = {
    "run": ("at_ns", "zoom", "fold"),
    "trace": ("zoom", "fold"),
    "from_ns": ("last_s",),
    "until_ns": ("last_s",),
}
"""What is taken back when something else is chosen, since it was about that."""
_NUMBER_MAX: Final = 2**63 - 1
_UNWRITTEN_S: Final = 0.3  # of real time: a world that runs hands its records over that often


@dataclass(frozen=True, slots=True)
class Notice:
    """A line in the page.

    Attributes:
        key: One notice of a key is shown at a time.
        text: What it says.
        level: How grave it is.
    """

    key: str
    text: str
    level: Level = "info"


def _number(doc: str) -> Any:
    return param.Integer(default=None, allow_None=True, bounds=(0, _NUMBER_MAX), doc=doc)


class Desk(param.Parameterized):  # type: ignore[misc]  # param says nothing of its types
    """The state of one browser session; None and "" stand for what is not chosen."""

    run: int | None = _number("Shown run; None follows the newest.")
    tab: str = param.String(default="system", doc="Shown tab.")
    service: str = param.String(default="", doc="Only what this service has to do with.")
    address: str = param.String(default="", doc="Only messages of this address, or spans that handle them.")
    source: str = param.String(default="", doc="Only what this service, saga or scenario sent: an edge's sender.")
    saga: str = param.String(default="", doc="Only this saga, or with a slash one instance of it: `Order/7`.")
    trace: int | None = _number("Opened trace.")
    span: int | None = _number("Chosen span.")
    message: int | None = _number("Opened message.")
    status: str = param.String(default="", doc="Only what ended so.")
    text: str = param.String(default="", doc="Only what contains this.")
    from_ns: int | None = _number("Only what happened from here on, in virtual time.")
    until_ns: int | None = _number("Only what happened before, in virtual time.")
    part: str = param.String(default="", doc="Part or line of the graph, where filters alone do not tell it.")
    at_ns: int | None = _number("Instant that System looks at; None for the end, also while it moves.")
    last_s: int | None = _number("Seconds before it that System looks at; 0 for all, None as fits the run.")
    axis_s: int | None = _number("Seconds before the end that Metrics shows; None for the whole run.")
    sort: str = param.String(default="", doc="Orders of lists: `traces.duration_ns`; with a minus, greatest first.")
    split: str = param.String(default="", doc="What Metrics tells throughput apart by; empty for the service.")
    table: str = param.String(default="", doc="`states` where Sagas shows its counts as a table.")
    zoom: int | None = _number("Span to which the waterfall is zoomed.")
    fold: str = param.String(default="", doc="Spans that the waterfall has folded, `3.17`, or `all`.")
    equal: str = param.String(default="", doc="`too` where Compare lists equal numbers.")
    kind: str = param.String(default="", doc="Kind of fault of which the form is open.")
    other: int | None = _number("Run to compare with.")
    campaign: int | None = _number("Opened campaign.")
    seed: int | None = _number("Chosen seed of the campaign.")
    theme: str = param.Selector(default="light", objects=["light", "dark"], doc="Colours.")
    notices: tuple[Notice, ...] = param.Parameter(default=(), doc="Lines in the page.")
    tick = param.Event(doc="Something new is in the log, or the world has gone on.")

    def __init__(self, feed: Feed, **state: Any) -> None:
        super().__init__(**state)
        self.feed = feed
        self.number = 1
        """Of the feed, among all that the server shows; it stands in the URL where it is not the first."""
        self.is_theme_chosen = False
        """Whether the theme is the reader's choice, which stays in the URL, and not the browser's preference."""

    # -- what is looked at ------------------------------------------------------------------------------------------

    @property
    def rows(self) -> list[RunRow]:
        """All runs, oldest first."""
        return self.feed.rows

    @property
    def shown_run(self) -> int | None:
        """Number of the run that is shown: the chosen one, else the newest; None while there is none."""
        if self.run is not None:
            return self.run
        rows = self.rows
        return rows[-1].run if rows else None

    @property
    def view(self) -> RunView:
        """The run that is shown, to be asked.

        Raises:
            UnknownRun: It is not in the log (any more), or there is none.
        """
        return self.feed.log_view.run(self.shown_run or 0)

    @property
    def world(self) -> World | None:
        """The world that can be acted on; None unless the shown run is its own."""
        run = self.shown_run
        return self.feed.world if run is not None and self.feed.is_live_run(run) else None

    @property
    def span_ns(self) -> tuple[int, int]:
        """The first and the last instant of the shown run; in a world that goes on, also while nothing happens there.

        What a world does now is not yet in the log: the end lies so far back that all before it is.
        """
        first, last = self.view.span_ns
        world = self.world
        if world is None:
            return first, last
        speed = world.speed if world.state == "running" else 0.0
        return first, last if speed is None else max(last, world.now_ns - int(speed * _UNWRITTEN_S * 1e9))

    # -- moving -----------------------------------------------------------------------------------------------------

    def go(self, tab: str = "", **changes: Any) -> None:
        """Change what is looked at, all at once; a step that the browser's back button takes back.

        Args:
            tab: To open; by default the present one stays.
            changes: Parameters by name; None or "" takes a choice back.
        """
        wanted = {name: _fitting(name, value) for name, value in changes.items()}
        for name in [each for each in wanted if each in _GOES_WITH and wanted[each] != getattr(self, each)]:
            wanted = {**{each: _fitting(each, None) for each in _GOES_WITH[name]}, **wanted}
        self.param.update(**({"tab": tab} if tab else {}), **wanted)

    def clear(self, *names: str) -> None:
        """Take filters back; by default all."""
        self.go("", **dict.fromkeys(names or FILTERS))

    def tell(self, text: str, level: Level = "info", *, key: str = "") -> None:
        """Say something in a line of the page.

        Args:
            text: What.
            level: How grave it is; errors stay until they are closed.
            key: A later notice of the same key takes its place.
        """
        kept = tuple(each for each in self.notices if each.key != (key or text))
        self.notices = (*kept[-4:], Notice(key or text, text, level))

    def untell(self, key: str) -> None:
        """Take a notice back."""
        self.notices = tuple(each for each in self.notices if each.key != key)

    # -- the URL ----------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, str]:
        """Return what is not as it is by default, as the URL's query says it."""
        return self._said({})

    def link(self, **changes: Any) -> str:
        """Return the query that opens this page with some changes: `?run=3&tab=traces&trace=17`."""
        return "?" + urlencode(self._said(changes))

    def _said(self, changes: Mapping[str, Any]) -> dict[str, str]:
        names = _ORDER if self.is_theme_chosen or "theme" in changes else _ORDER[:-1]
        found = {name: changes[name] if name in changes else getattr(self, name) for name in names}
        if self.number != 1:
            found["feed"] = self.number
        return {name: str(value) for name, value in found.items() if value not in (None, "")}

    def restore(self, query: str | Mapping[str, str]) -> None:
        """Take everything from a URL's query; what it does not say is as by default, what it says wrongly too."""
        self.param.update(**_read(query))

    def watch(self, callback: Callable[[], None], *names: str) -> None:
        """Call something after one of the named parameters has changed; once for changes that came together."""
        self.param.watch(lambda *_: callback(), list(names))


def _fitting(name: str, value: Any) -> Any:
    """Return a value as the parameter wants it: None for a number and "" for a word that are taken back."""
    if name in _NUMBERS:
        return None if value in (None, "") else int(value)
    return "" if value is None else str(value)


def _read(query: str | Mapping[str, str]) -> Mapping[str, Any]:
    given = dict(parse_qsl(query.lstrip("?"))) if isinstance(query, str) else query
    numbers = {name: _natural(given.get(name, "")) for name in _NUMBERS}
    words = {name: given.get(name, "") for name in _WORDS[1:-1]}
    theme = {"theme": given["theme"]} if given.get("theme") in ("light", "dark") else {}
    return {"tab": given.get("tab") or "system", **numbers, **words, **theme}


def _natural(text: str) -> int | None:
    is_number = text.isascii() and text.isdigit() and len(text) < 20
    return int(text) if is_number and int(text) <= _NUMBER_MAX else None
