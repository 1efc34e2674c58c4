"""Draw how many saga instances were in which state over virtual time: areas on top of each other, as one SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from studio.dashboard.pieces.taken_picture import framed
from studio.observe.axis import Axis
from studio.observe.palette import Theme, colour, surface

__all__ = ["state_area", "state_picture"]

_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 1200, 44, 1188, 8, 92, 112

_COLOURS = {
    "running": "#3f83c9",
    "completed": "#3c9a63",
    "compensating": "#c98212",
    "compensated": "#8a70d0",
    "stuck": "#d1383a",
    "abandoned": "#75818e",
    "other": "#8fa3b8",
}
_STYLE = (
    surface("studio-states")
    + """
.studio-states .soft { fill: var(--s-soft); font-size: 11px; }
.studio-states .end { text-anchor: end; } .studio-states .middle { text-anchor: middle; }
.studio-states .grid { stroke: var(--s-line); }
.studio-states path { fill-opacity: .85; stroke: var(--s-back); stroke-width: .5; }
"""
    + "".join(f".studio-states .{state} {{ fill: {fill}; }}\n" for state, fill in _COLOURS.items())
)


def state_area(starts: Sequence[int], until_ns: int, curves: Mapping[str, Sequence[float | None]], *, told: str) -> str:
    """Return the picture.

    Args:
        starts: Where each bucket begins.
        until_ns: Where the last one ends.
        curves: State to how many were in it at the end of each bucket; the first one lies at the bottom.
        told: What it shows, in words.
    """
    axis = Axis(starts[0], max(until_ns, starts[0] + 1))
    sums = [sum(values[at] or 0 for values in curves.values()) for at in range(len(starts))]
    most = max([1.0, *sums])
    base = [0.0] * len(starts)
    parts = []
    for state, values in curves.items():
        top = [low + (value or 0) for low, value in zip(base, values, strict=True)]
        name = state if state in _COLOURS else "other"
        parts.append(
            f'<path class="{name}" d="{_area(axis, starts, base, top, most)}"><title>{escape(state)}</title></path>'
        )
        base = top
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="studio-states" role="img" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'preserveAspectRatio="none" style="width: 100%; height: {_HEIGHT}px" aria-label="{escape(told)}">'
        f'<style>{_STYLE}</style><rect class="back" width="{_WIDTH}" height="{_HEIGHT}"/>'
        f"{_scale(axis, most)}{''.join(parts)}</svg>"
    )


def state_picture(svg: str, totals: Mapping[str, int], *, title: str, corner: str, theme: Theme) -> bytes:
    """Return the picture as a file, with a legend that says how many are in which state at the end.

    Args:
        svg: What `state_area` gave.
        totals: State to how many are in it.
        title: What it shows.
        corner: Whose it is.
        theme: Colours.
    """
    parts, x = [], 0
    for state, count in totals.items():
        told = f"{state} {count:,}"
        fill = _COLOURS.get(state, _COLOURS["other"])
        text = f'<text x="{x + 15}" fill="{colour("text", theme)}">{escape(told)}</text>'
        parts.append(f'<rect x="{x}" y="-9" width="10" height="10" rx="2" fill="{fill}"/>{text}')
        x += 36 + 7 * len(told)
    size, notes = (_WIDTH, _HEIGHT), ("".join(parts),)
    return framed(svg, size, title=title, corner=corner, notes=notes, theme=theme)


def _scale(axis: Axis, most: float) -> str:
    ticks = [
        f'<line class="grid" x1="{_x(axis, at)}" x2="{_x(axis, at)}" y1="{_TOP}" y2="{_BOTTOM}"/>'
        f'<text class="soft {_anchor(_x(axis, at))}" x="{_x(axis, at)}" y="{_BOTTOM + 12}">{label}</text>'
        for at, label in axis.ticks(12)
    ]
    levels = [
        f'<text class="soft end" x="{_LEFT - 6}" y="{y}">{number:g}</text>'
        for number, y in ((most, _TOP + 5), (0, _BOTTOM - 3))
    ]
    return "".join((*ticks, *levels))


def _anchor(x: float) -> str:
    """Return where a label is held: in its middle, but at the right edge by its end."""
    return "end" if x > _RIGHT - 20 else "middle"


def _area(axis: Axis, starts: Sequence[int], low: Sequence[float], high: Sequence[float], most: float) -> str:
    """Return steps to the right along the upper line, and back along the lower one."""
    rights = [*(_x(axis, at) for at in starts[1:]), float(_RIGHT)]
    lefts = [_x(axis, at) for at in starts]
    there = [f"{left} {_y(value, most)}L{right} {_y(value, most)}"
             for left, right, value in zip(lefts, rights, high, strict=True)]  # fmt: skip
    back = [f"{right} {_y(value, most)}L{left} {_y(value, most)}"
            for left, right, value in zip(lefts[::-1], rights[::-1], list(low)[::-1], strict=True)]  # fmt: skip
    return f"M{'L'.join((*there, *back))}Z"


def _x(axis: Axis, at_ns: int) -> float:
    return round(_LEFT + axis.share(at_ns) * (_RIGHT - _LEFT), 1)


def _y(value: float, most: float) -> float:
    return round(_BOTTOM - value / most * (_BOTTOM - _TOP), 1)
