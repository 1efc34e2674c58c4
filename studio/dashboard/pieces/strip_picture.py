"""Draw stretches of time in named rows as SVG, to be taken away: what `StripChart` shows, without a browser."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from html import escape

from studio.dashboard.pieces.time_board import Band
from studio.observe.axis import Axis
from studio.observe.palette import Theme, colour

__all__ = ["ROWS_MAX", "strip_height", "strip_svg"]

ROWS_MAX = 40
_ROW, _HEAD, _FOOT, _LETTER = 18, 22, 22, 6.2


def strip_height(bands: Sequence[Band]) -> int:
    """Return how high the rows of bands are."""
    return _HEAD + _ROW * len(_names(bands)) + _FOOT


def strip_svg(
    title: str, note: str, bands: Sequence[Band], axis: Axis, *, left: int, right: int, theme: Theme
) -> Iterator[str]:
    """Yield the parts of the picture.

    Args:
        title: What it shows.
        note: What filled and hatched bars mean.
        bands: Stretches of time, in the order of their rows.
        axis: Virtual time.
        left: Where the axis begins; names stand left of it.
        right: Where it ends.
        theme: Colours.
    """
    text, soft, heavy = colour("text", theme), colour("soft", theme), colour("error", theme)
    names, hatch = _names(bands), f"studio-hatch-{zlib.crc32(title.encode()):08x}"
    yield f'<defs><pattern id="{hatch}" width="6" height="6" patternUnits="userSpaceOnUse" '
    yield f'patternTransform="rotate(45)"><rect width="2" height="6" fill="{heavy}" fill-opacity="0.6"/>'
    yield "</pattern></defs>"
    yield f'<text x="12" y="14" font-weight="600" fill="{text}">{escape(title)}</text>'
    yield f'<text x="{left}" y="14" fill="{soft}">{escape(note)}</text>'
    room = int((left - 20) / _LETTER)
    for at, name in enumerate(names):
        short = name if len(name) <= room else name[: room - 1] + "…"
        y = _HEAD + _ROW * at + 12
        yield f'<text x="{left - 6}" y="{y}" text-anchor="end" fill="{soft}"><title>{escape(name)}</title>'
        yield f"{escape(short)}</text>"
    for band in bands:
        if band.name in names:
            x, until = (left + axis.share(at) * (right - left) for at in (band.from_ns, band.until_ns))
            y = _HEAD + _ROW * names.index(band.name) + 3
            style = f'fill="{heavy}" fill-opacity="0.75"' if band.grave else f'fill="url(#{hatch})"'
            yield f'<rect x="{x:.1f}" y="{y}" width="{max(1.5, until - x):.1f}" height="{_ROW - 6}" '
            yield f'stroke="{heavy}" {style}><title>{escape(f"{band.name}: {band.words}")}</title></rect>'
    foot = _HEAD + _ROW * len(names)
    for tick, label in axis.ticks(14):
        x = left + axis.share(tick) * (right - left)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_HEAD}" y2="{foot}" stroke="{colour("line", theme)}"/>'
        yield f'<text x="{x:.1f}" y="{foot + 12}" text-anchor="middle" fill="{soft}">{label}</text>'


def _names(bands: Sequence[Band]) -> list[str]:
    return list(dict.fromkeys(band.name for band in bands))[:ROWS_MAX]
