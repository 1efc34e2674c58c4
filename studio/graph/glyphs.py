"""Shapes of the system's parts: for each kind an outline, a colour, a word, and how its text is set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from studio.graph.layout import Box, Side
from studio.graph.topology import Node, NodeKind
from studio.graph.typeface import shortened, text_width

__all__ = ["GLYPHS", "REST", "STYLE", "TABS_MAX", "Doings", "Glyph", "Kind", "glyph_of"]

TABS_MAX: Final = 6
REST: Final = "+"
"""Port of the tab that stands for all operations or events beyond `TABS_MAX`."""
_NAME, _DETAIL, _TAB, _EVENT = 13.0, 11.0, 11.0, 11.0  # font sizes
_TAB_HEIGHT, _TAB_GAP, _FREE = 18.0, 4.0, 30.0


@dataclass(frozen=True, slots=True)
class Glyph:
    """One part, drawn at 0, 0.

    Attributes:
        kind: Class of its colours.
        box: Its size and ports.
        svg: Its elements.
    """

    kind: NodeKind
    box: Box
    svg: str


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind looks: its word in the legend, and its outline for a width and a height."""

    word: str
    plural: str
    outline: Callable[[float, float], str]

    @property
    def sample(self) -> str:
        """Return the outline, small, for the legend."""
        return f'<path class="outline" d="{self.outline(22, 14)}"/>'


def _rectangle(width: float, height: float) -> str:
    radius = min(5.0, height / 3)
    across, down = width - 2 * radius, height - 2 * radius
    corner = f"a{radius:g} {radius:g} 0 0 1"
    return (
        f"M{radius:g} 0h{across:g}{corner} {radius:g} {radius:g}v{down:g}{corner} {-radius:g} {radius:g}"
        f"h{-across:g}{corner} {-radius:g} {-radius:g}v{-down:g}{corner} {radius:g} {-radius:g}z"
    )


def _hexagon(width: float, height: float) -> str:
    cut = min(12.0, height / 2.5)
    return f"M{cut:g} 0H{width - cut:g}L{width:g} {height / 2:g}L{width - cut:g} {height:g}H{cut:g}L0 {height / 2:g}z"


def _slanted(width: float, height: float) -> str:
    cut = min(10.0, height / 2.5)
    return f"M{cut:g} 0H{width:g}L{width - cut:g} {height:g}H0z"


def _pill(width: float, height: float) -> str:
    radius = height / 2
    arc = f"a{radius:g} {radius:g} 0 0 1 0"
    return f"M{radius:g} 0H{width - radius:g}{arc} {height:g}H{radius:g}{arc} {-height:g}z"


def _cylinder(width: float, height: float) -> str:
    bow = min(6.0, height / 3)
    half = width / 2
    return (
        f"M0 {bow:g}a{half:g} {bow:g} 0 0 1 {width:g} 0V{height - bow:g}a{half:g} {bow:g} 0 0 1 {-width:g} 0z"
        f"M0 {bow:g}a{half:g} {bow:g} 0 0 0 {width:g} 0"
    )


GLYPHS: Final[Mapping[NodeKind, Kind]] = {
    "service": Kind("service", "services", _rectangle),
    "saga": Kind("saga", "sagas", _hexagon),
    "composition": Kind("composition", "compositions", _slanted),
    "event": Kind("event", "events", _pill),
    "external": Kind("third party", "third parties", _cylinder),
    "outside": Kind("outside", "outside", _rectangle),
}


@dataclass(frozen=True, slots=True)
class Doings:
    """What a part does besides being there, as far as its shape shows it.

    Attributes:
        events: Addresses of the events that it alone publishes, and whether it hears them itself.
        has_http: Whether the outside world reaches it.
        hears: Whether lines end at it that call no operation.
        acts: Whether lines begin at it that are no event of its own.
    """

    events: tuple[tuple[str, bool], ...] = ()
    has_http: bool = False
    hears: bool = False
    acts: bool = False


def glyph_of(node: Node, doings: Doings) -> Glyph:
    """Return a node's shape."""
    return _event(node) if node.kind == "event" else _card(node, doings)


@dataclass(frozen=True, slots=True)
class _Tab:
    text: str
    name: str
    kind: str
    said: str

    @property
    def width(self) -> float:
        return text_width(self.text, _TAB) + 12


def _event(node: Node) -> Glyph:
    text = f"$.{shortened(node.name, 34)}"
    width, height = round(text_width(text, _EVENT) + 22, 1), 24.0
    svg = (
        f"<title>{escape(f'event $.{node.name}')}</title>"
        f'<path class="outline" d="{GLYPHS["event"].outline(width, height)}"/>'
        f'<text class="small mid" x="{width / 2:.1f}" y="16">{escape(text)}</text>'
    )
    return Glyph("event", Box(node.key, width, height), svg)


def _card(node: Node, doings: Doings) -> Glyph:
    """Draw a name and details in an outline, between tabs for what can be called and for what is published."""
    name, detail, kind = shortened(node.name, 28), _detail(node), GLYPHS[node.kind]
    slope = 40 if node.kind in ("saga", "composition") else 24
    above, below = _Row(_tabs_above(node, doings), doings.hears), _Row(_tabs_below(node, doings), doings.acts)
    text = max(text_width(name, _NAME, bold=True), text_width(detail, _DETAIL))
    width = round(max(text + slope, above.width + slope, below.width + slope, 96.0), 1)
    top, inner = above.height, 52.0 if node.kind == "external" else 44.0
    middle = top + inner / 2 + (5.0 if node.kind == "external" else 2.0)
    drawn_above, ports = _drawn_tabs(above, width, top, upwards=True)
    drawn_below, outlets = _drawn_tabs(below, width, top + inner, upwards=False)
    svg = (
        f"<title>{escape(f'{kind.word} {node.name}: {detail}')}</title>{drawn_above}{drawn_below}"
        f'<path class="outline{" stale" if node.is_stale else ""}" transform="translate(0 {top:g})" '
        f'd="{kind.outline(width, inner)}"/>'
        f'<text class="name mid" x="{width / 2:.1f}" y="{middle - 3:g}">{escape(name)}</text>'
        f'<text class="small muted mid" x="{width / 2:.1f}" y="{middle + 13:g}">{escape(detail)}</text>'
    )
    height = top + inner + below.height
    return Glyph(node.kind, Box(node.key, width, height, ports, outlets, above.free(width), below.free(width)), svg)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of tabs, and beside them, where it is wanted, room for lines that meet the outline itself."""

    tabs: list[_Tab]
    has_free: bool

    @property
    def width(self) -> float:
        """Of the tabs and the free room."""
        return self.tabs_width + _FREE * self.has_free * bool(self.tabs)

    @property
    def tabs_width(self) -> float:
        """Of the tabs alone."""
        return sum(tab.width for tab in self.tabs) + _TAB_GAP * max(len(self.tabs) - 1, 0)

    @property
    def height(self) -> float:
        """Of the row, nothing where it has no tabs."""
        return _TAB_HEIGHT * bool(self.tabs)

    def left(self, width: float) -> float:
        """Return where the first tab begins in a box of a width."""
        return (width - self.width) / 2

    def free(self, width: float) -> Side | None:
        """Return where lines meet the outline; None where there are no tabs to keep clear of."""
        if not self.tabs:
            return None
        start = self.left(width) + self.tabs_width
        return Side(start, max(start + _FREE, width - 14.0), _TAB_HEIGHT)


def _detail(node: Node) -> str:
    details = list(node.detail) or ([GLYPHS[node.kind].word] if node.kind != "service" else ["service"])
    return " · ".join([*details, *(["out of date"] if node.is_stale else [])])


def _tabs_above(node: Node, doings: Doings) -> list[_Tab]:
    """Return HTTP first, then operations, as many as there is room for."""
    tabs = [_Tab("HTTP", "", "http", "asked by HTTP from outside")] if doings.has_http else []
    tabs += [_Tab(shortened(name, 20), name, "", f"operation {name}") for name in node.operations[:TABS_MAX]]
    return tabs + _rest(node.operations)


def _tabs_below(node: Node, doings: Doings) -> list[_Tab]:
    """Return the events that a part publishes, without the subject where it is the part itself."""
    tabs = []
    for address, hears_itself in doings.events[:TABS_MAX]:
        text = shortened(address.removeprefix(f"{node.name}."), 26) + (" ↺" if hears_itself else "")
        tabs.append(_Tab(text, address, "event", f"publishes $.{address}"))
    return tabs + _rest([address for address, _ in doings.events])


def _rest(names: Sequence[str]) -> list[_Tab]:
    rest = names[TABS_MAX:]
    return [_Tab(f"+{len(rest)}", REST, "", ", ".join(rest))] if rest else []


def _drawn_tabs(row: _Row, width: float, edge: float, *, upwards: bool) -> tuple[str, tuple[tuple[str, float], ...]]:
    """Return the elements of a row of tabs on an outline's edge, and where links meet them."""
    drawn: list[str] = []
    ports: list[tuple[str, float]] = []
    x = row.left(width)
    down, bow = (-1, 1) if upwards else (1, 0)
    text_y = edge - 4.5 if upwards else edge + 13
    for tab in row.tabs:
        arc = f"a4 4 0 0 {bow}"
        shape = f"M{x:.1f} {edge:g}v{13 * down}{arc} 4 {4 * down}h{tab.width - 8:.1f}{arc} 4 {-4 * down}v{-13 * down}z"
        drawn.append(f'<g class="{tab.kind or "own"}"><title>{escape(tab.said)}</title><path class="tab" d="{shape}"/>')
        drawn.append(
            f'<text class="small mid" x="{x + tab.width / 2:.1f}" y="{text_y:g}">{escape(tab.text)}</text></g>'
        )
        if tab.name:
            ports.append((tab.name, round(x + tab.width / 2, 1)))
        x += tab.width + _TAB_GAP
    return "".join(drawn), tuple(ports)


STYLE: Final = """
.studio-drawing{--ink:var(--jp-ui-font-color0,#1b1f24);--muted:var(--jp-ui-font-color2,#57606a);
--paper:var(--jp-layout-color0,#fff);--service:#2f6fdb;--saga:#9a4fd6;--composition:#0f8a7e;--event:#c2690a;
--external:#6b7684;font-family:var(--jp-ui-font-family,system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif)}
@media (prefers-color-scheme:dark){.studio-drawing{--ink:var(--jp-ui-font-color0,#e6edf3);
--muted:var(--jp-ui-font-color2,#9aa5b1);--paper:var(--jp-layout-color0,#11161d);--service:#6ea3ff;--saga:#c38cf0;
--composition:#3fc1b3;--event:#eda04a;--external:#a3adb9}}
.studio-drawing .paper{fill:var(--paper)}
.studio-drawing text{fill:var(--ink);font-size:11px}
.studio-drawing .title{font-size:15px;font-weight:600}
.studio-drawing .name{font-size:13px;font-weight:600}
.studio-drawing .muted{fill:var(--muted)}
.studio-drawing .mid{text-anchor:middle}
.studio-drawing .service{--tint:var(--service)}
.studio-drawing .saga{--tint:var(--saga)}
.studio-drawing .composition{--tint:var(--composition)}
.studio-drawing .event{--tint:var(--event)}
.studio-drawing .external{--tint:var(--external)}
.studio-drawing .outline,.studio-drawing .tab{stroke:var(--tint);stroke-width:1.4;fill:var(--paper);
fill:color-mix(in srgb,var(--tint) 10%,var(--paper))}
.studio-drawing .tab{fill:color-mix(in srgb,var(--tint) 22%,var(--paper));stroke-width:1}
.studio-drawing .http .tab{stroke-dasharray:3 2;fill:var(--paper)}
.studio-drawing .stale{stroke-dasharray:6 3;stroke-width:2.2}
.studio-drawing .way{--tint:var(--muted)}
.studio-drawing .way.calls{--tint:var(--service)}
.studio-drawing .way.step{--tint:var(--saga)}
.studio-drawing .way.event{--tint:var(--event)}
.studio-drawing .way.request{--tint:var(--external)}
.studio-drawing .way.compose{--tint:var(--composition)}
.studio-drawing .way path{fill:none;stroke:var(--tint);stroke-width:1.5}
.studio-drawing .way .halo{stroke:var(--paper);stroke-width:4.5}
.studio-drawing .way .head{fill:var(--tint);stroke-linejoin:round}
.studio-drawing .way .head.hollow{fill:none}
.studio-drawing .way.step .body{stroke-width:2.4}
.studio-drawing .way.event .body{stroke-dasharray:5 3}
.studio-drawing .way.request .body{stroke-dasharray:1.5 3;stroke-width:1.9}
.studio-drawing .way.compose .body{stroke-dasharray:9 3 2 3}
.studio-drawing .guess{font-weight:700;fill:var(--muted)}
""".strip()
