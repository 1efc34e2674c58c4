"""Draw the seeds of a campaign as an SVG, to be taken away: the cells of the page's grid, shapes and colours alike."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape

from studio.dashboard.pieces.seed_grid import STATES
from studio.dashboard.pieces.taken_picture import MARGIN, headed, standing_alone
from studio.observe.palette import Theme, colour

__all__ = ["seed_picture"]

_WIDTH_MIN, _WIDTH_MAX, _HEAD, _LEGEND = 640, 1200, 58, 20
_COLOURS = {"held": "ok", "failed": "error", "error": "warning", "aborted": "warning", "missing": "soft"}


def seed_picture(cells: Sequence[tuple[int, str]], *, title: str, corner: str, theme: Theme) -> bytes:
    """Return the picture.

    Args:
        cells: Each seed with its state, one of `STATES`.
        title: What it shows.
        corner: Whose it is.
        theme: Colours.
    """
    size = 18 if len(cells) <= 400 else 13 if len(cells) <= 2000 else 9
    square = math.ceil(math.sqrt(len(cells) * 2)) * size  # about twice as wide as high
    width = min(_WIDTH_MAX, max(_WIDTH_MIN, square + 2 * MARGIN))
    columns = max(1, (width - 2 * MARGIN) // size)
    height = _HEAD + math.ceil(len(cells) / columns) * size + MARGIN
    head = headed((width, height), title=title, corner=corner, theme=theme)
    drawn = (
        _placed(state, (MARGIN + at % columns * size, _HEAD + at // columns * size), size, theme, title=f"seed {seed}")
        for at, (seed, state) in enumerate(cells)
    )
    counted = Counter(state for _, state in cells)
    return standing_alone(f"{head}{''.join(_legend(counted, theme))}{''.join(drawn)}</svg>", theme)


def _legend(counted: Counter[str], theme: Theme) -> Iterator[str]:
    x, top = MARGIN, _HEAD - 2 * _LEGEND + 8
    for state, (_, words) in STATES.items():
        if counted[state]:
            told = f"{counted[state]:,} {words}"
            yield _placed(state, (x, top), 14, theme)
            yield f'<text x="{x + 18}" y="{top + 11}" fill="{colour("text", theme)}">{escape(told)}</text>'
            x += 34 + round(6.5 * len(told))


def _placed(state: str, place: tuple[int, int], size: int, theme: Theme, *, title: str = "") -> str:
    told = f"<title>{escape(f'{title} {STATES[state][1]}')}</title>" if title else ""
    return f'<g transform="translate({place[0]} {place[1]})">{told}{_cell(state, size, theme)}</g>'


def _cell(state: str, size: int, theme: Theme) -> str:
    """Return the shape that says what came of a seed: filled, crossed, a triangle, a ring, an empty box."""
    gap, thick = (2, 1.6) if size > 10 else (1, 1.2)
    side, far, tint = size - 2 * gap, size - gap, colour(_COLOURS[state], theme)
    if state == "held":
        return f'<rect x="{gap}" y="{gap}" width="{side}" height="{side}" fill="{tint}" fill-opacity="0.4"/>'
    if state == "failed":
        low, high = gap + side * 0.25, far - side * 0.25
        cross = f'<path d="M{low} {low}L{high} {high}M{high} {low}L{low} {high}" stroke="{colour("back", theme)}" '
        box = f'<rect x="{gap}" y="{gap}" width="{side}" height="{side}" fill="{tint}"/>'
        return f'{box}{cross}stroke-width="{thick}"/>'
    if state == "error":
        return f'<path d="M{size / 2} {gap}L{far} {far}L{gap} {far}Z" fill="{tint}"/>'
    line = f'fill="none" stroke="{tint}" stroke-width="{thick}"'
    if state == "aborted":
        return f'<circle cx="{size / 2}" cy="{size / 2}" r="{side / 2 - 1}" {line}/>'
    return f'<rect x="{gap + 0.5}" y="{gap + 0.5}" width="{side - 1}" height="{side - 1}" {line}/>'
