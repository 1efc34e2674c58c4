"""Draw the system as self-contained SVG for both themes, and tell it in words.

A service's operations are tabs on its top, and a call ends at the tab of what it calls; the events that it alone
publishes are tabs at its bottom, where their lines begin. Every kind has a shape and a word of its own, so that colour
is never the only signal. No script; the same graph gives the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from studio.graph.build import Graph
from studio.graph.glyphs import GLYPHS, STYLE, Glyph
from studio.graph.layout import Path, Place, arrange
from studio.graph.scene import WAY_OF, WAYS, Scene, edge_key, scene_of
from studio.graph.telling import as_text, edge_words
from studio.graph.topology import Edge, Topology, topology_of
from studio.graph.typeface import text_width

__all__ = ["Drawing"]

MARGIN = 18.0
WIDTH_MAX = 1400.0  # shown 1,300 pixels wide, the smallest text is then 10 pixels high
_HEAD, _LEGEND = 34.0, 44.0
_TURN = 26.0  # how far a line that turns round reaches over its layer

_TAB_ABOVE = '<path class="tab" d="M0 7v-9a4 4 0 0 1 4 -4h14a4 4 0 0 1 4 4v9z"/>'
_TAB_BELOW = '<path class="tab" d="M0 -7v9a4 4 0 0 0 4 4h14a4 4 0 0 0 4 -4v-9z"/>'


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of a system.

    Attributes:
        topology: What is drawn.
        title: Above it.
    """

    topology: Topology
    title: str = ""

    @classmethod
    def of(cls, graph: Graph, *, title: str = "") -> Drawing:
        """Draw a graph.

        Args:
            graph: What `System.graph` or a build gives.
            title: Heading; by default it says how much there is.
        """
        return cls(topology_of(graph), title)

    @property
    def svg(self) -> str:
        """Return the picture as one SVG element with its styles inside."""
        return _svg(self.topology, self.title or _heading(self.topology))

    @property
    def text(self) -> str:
        """Return the picture in words, one line for each part."""
        return as_text(self.topology)

    def _repr_html_(self) -> str:
        return f'<div style="overflow-x:auto">{self.svg}</div>'

    def __repr__(self) -> str:
        return f"{self.title or _heading(self.topology)}\n{self.text}"


def _heading(topology: Topology) -> str:
    counts = []
    for kind, glyph in GLYPHS.items():
        count = sum(node.kind == kind for node in topology.nodes)
        if count and kind != "outside":
            counts.append(f"{count} {glyph.word if count == 1 else glyph.plural}")
    return ", ".join(counts) or "Nothing is declared yet"


def _svg(topology: Topology, title: str) -> str:
    scene = scene_of(topology)
    boxes = [glyph.box for glyph in scene.glyphs.values()]
    layout = arrange(boxes, list(scene.lines), width_max=WIDTH_MAX - 2 * MARGIN)
    legend, legend_width = _legend(topology, scene)
    inner = max(layout.width, legend_width, text_width(title, 15, bold=True))
    width, height = inner + 2 * MARGIN, layout.height + 2 * MARGIN + _HEAD + _LEGEND
    size = f'viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" height="{_n(height)}"'
    left, top = MARGIN + (inner - layout.width) / 2, MARGIN + _HEAD
    lines = [path for path in layout.paths if path.link in scene.lines]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="studio-drawing" {size}',
        f'style="max-width:100%;height:auto" role="img" aria-label="{escape(title)}">',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{_n(width)}" height="{_n(height)}"/>',
        f'<text class="title" x="{_n(MARGIN)}" y="{_n(MARGIN + 14)}">{escape(title)}</text>',
        f'<g transform="translate({_n(left)} {_n(top)})">',
        *(_line(path, scene.lines[path.link]) for path in lines),
        *(_part(place, scene.glyphs[place.box.name]) for place in layout.places),
        "</g>",
        f'<g transform="translate({_n(MARGIN)} {_n(height - MARGIN - 12)})">{legend}</g>',
        "</svg>",
    ]
    return "\n".join(parts)


# -- lines ------------------------------------------------------------------------------------------------------------


def _line(path: Path, edges: tuple[Edge, ...]) -> str:
    """Return a path with its arrowhead, and what happens along it as a tooltip."""
    link, way = path.link, WAY_OF[edges[0].kind]
    is_guessed = all(edge.is_guessed for edge in edges)
    x, y = path.points[-1]
    body = _curve((*path.points[:-1], (x, y - 2)))
    head = f"M{_n(x - 4)} {_n(y - 8)}L{_n(x)} {_n(y - 1)}L{_n(x + 4)} {_n(y - 8)}"
    told = "\n".join(edge_words(edge) for edge in edges)
    mark = f'<text class="guess" x="{_n(x + 6)}" y="{_n(y - 6)}">?</text>' if is_guessed else ""
    return (
        f'<g class="way {way}" data-edge="{escape(edge_key(link))}" data-source="{escape(link.source)}" '
        f'data-target="{escape(link.target)}"><title>{escape(told)}</title><path class="halo" d="{body}"/>'
        f'<path class="body" d="{body}"/><path class="head{_hollow(way)}" d="{head}"/>{mark}</g>'
    )


def _hollow(way: str) -> str:
    return "" if way in ("calls", "step") else " hollow"


def _curve(points: tuple[tuple[float, float], ...]) -> str:
    """Return a path that is upright inside layers, bends between them, and turns round where both ends are level."""
    x, y = points[0]
    drawn = [f"M{_n(x)} {_n(y)}"]
    for number, (to_x, to_y) in enumerate(points[1:], start=1):
        if number % 2 == 1:
            drawn.append(f"L{_n(to_x)} {_n(to_y)}")
        else:
            depth = _TURN if number == 2 else -_TURN
            middle = y + depth if y == to_y else (y + to_y) / 2
            drawn.append(f"C{_n(x)} {_n(middle)} {_n(to_x)} {_n(middle)} {_n(to_x)} {_n(to_y)}")
        x, y = to_x, to_y
    return "".join(drawn)


# -- parts ------------------------------------------------------------------------------------------------------------


def _part(place: Place, glyph: Glyph) -> str:
    return (
        f'<g class="part {glyph.kind}" data-key="{escape(place.box.name)}" '
        f'transform="translate({_n(place.x)} {_n(place.y)})">{glyph.svg}</g>'
    )


def _legend(topology: Topology, scene: Scene) -> tuple[str, float]:
    """Return the legend of what occurs, and its width."""
    samples: list[tuple[str, float, str]] = []
    shown = {glyph.kind for glyph in scene.glyphs.values()}
    for kind, glyph in GLYPHS.items():
        if kind in shown:
            samples.append((f'<g class="part {kind}" transform="translate(0 -7)">{glyph.sample}</g>', 28, glyph.word))
    boxes = [glyph.box for glyph in scene.glyphs.values()]
    if any(box.ports for box in boxes):
        samples.append((f'<g class="part service">{_TAB_ABOVE}</g>', 28, "operation"))
    if any(box.outlets for box in boxes):
        samples.append((f'<g class="part event">{_TAB_BELOW}</g>', 28, "event it publishes"))
    ways = {WAY_OF[edge.kind] for edges in scene.lines.values() for edge in edges}
    for name, _, word in WAYS:
        if name in ways:
            line = f'<path class="body" d="M0 0L28 0"/><path class="head{_hollow(name)}" d="M21 -4L28 0L21 4"/>'
            samples.append((f'<g class="way {name}">{line}</g>', 34, word))
    if any(edge.is_guessed for edge in topology.edges):
        samples.append(('<text class="guess" y="4">?</text>', 12, "likely, not certain"))
    parts: list[str] = []
    x = 0.0
    for sample, room, word in samples:
        text = f'<text class="small" x="{room:g}" y="4">{word}</text>'
        parts.append(f'<g transform="translate({_n(x)} 0)">{sample}{text}</g>')
        x += room + text_width(word, 11) + 18
    return "".join(parts), max(x - 18, 0.0)


def _n(value: float) -> str:
    """Return a coordinate, short and alike on every machine."""
    return f"{round(value, 1):g}" if abs(value) < 100_000 else f"{value:.0f}"
