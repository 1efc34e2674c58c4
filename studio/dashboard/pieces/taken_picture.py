"""Make pictures that stand on their own: the page's colours are in them, and their corner says of what they are."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from studio.observe.axis import instant
from studio.observe.palette import FONT, Theme, colour

if TYPE_CHECKING:
    from studio.dashboard.desk import Desk

__all__ = ["MARGIN", "corner_of", "drawing_alone", "framed", "headed", "standing_alone", "theme_of"]

MARGIN = 12
_HEAD, _LINE = 34, 18
_DEFINED = re.compile(r"--(?:s|studio)-[a-z-]+:[^;{}]*;")
_COLOUR = re.compile(r"var\(--s-([a-z-]+)\)")
_FALLBACK = re.compile(r"var\(--[a-z-]+, ([^()]*)\)")
_KINDS = re.compile(r"--(service|saga|composition|event|external):(#[0-9a-f]{6})")
_NAMED = re.compile(r"var\(--([a-z]+)\)")
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def corner_of(desk: Desk, from_ns: int | None = None, until_ns: int | None = None) -> str:
    """Return what stands in a picture's corner: scenario, run, seed, virtual time.

    Args:
        desk: Names the run.
        from_ns: Where the picture begins; None for the beginning of the run.
        until_ns: Where it ends; None for the end.
    """
    row = desk.view.row
    end_ns = desk.span_ns[1] if until_ns is None else until_ns
    return f"{row.info.name} · run {row.run} · seed {row.info.seed} · t = {instant(from_ns or 0)} – {instant(end_ns)}"


def theme_of(desk: Desk) -> Theme:
    """Return the colours that the page shows."""
    return "dark" if desk.theme == "dark" else "light"


def standing_alone(svg: str, theme: Theme) -> bytes:
    """Return one of our pictures as a file: no surroundings give it colours or letters.

    Args:
        svg: Whose style rules are those of `studio.observe.palette.surface`.
        theme: Colours.
    """
    plain = _DEFINED.sub("", svg)
    plain = _COLOUR.sub(lambda found: colour(found[1], theme), plain)
    plain = _FALLBACK.sub(lambda found: found[1], plain)
    return _NO_XML.sub("\ufffd", plain).encode()


def drawing_alone(svg: str, theme: Theme) -> bytes:
    """Return a drawing of the system as a file: its style states both themes, and one of them is taken.

    Args:
        svg: Of a `studio.graph.drawing.Drawing`.
        theme: Colours.
    """
    kinds = _KINDS.findall(svg)  # on white, then on black
    half = len(kinds) // 2
    chosen = dict(kinds[half:] if theme == "dark" else kinds[:half])
    chosen |= {"ink": colour("text", theme), "muted": colour("soft", theme), "paper": colour("back", theme)}
    return _NO_XML.sub("\ufffd", _NAMED.sub(lambda found: chosen.get(found[1], found[0]), svg)).encode()


def framed(svg: str, size: tuple[int, int], *, title: str, corner: str, notes: tuple[str, ...], theme: Theme) -> bytes:
    """Return a picture with a title, a corner and a legend around it, as a file.

    Args:
        svg: The picture; it has a `viewBox`.
        size: Its width and height.
        title: What it shows, at the left above it.
        corner: Whose it is, at the right.
        notes: Lines of the legend below, as SVG, each drawn from (0, 0) on.
        theme: Colours.
    """
    width, height = size
    inner = re.sub(r' style="[^"]*"', "", svg, count=1).replace(
        "<svg ", f'<svg x="0" y="{_HEAD}" width="{width}" height="{height}" ', 1
    )
    below = "".join(
        f'<g transform="translate(12 {_HEAD + height + 16 + _LINE * at})">{note}</g>' for at, note in enumerate(notes)
    )
    whole = _HEAD + height + 12 + _LINE * len(notes)
    head = headed((width, whole), title=title, corner=corner, theme=theme)
    return standing_alone(f"{head}{inner}{below}</svg>", theme)


def headed(size: tuple[int, int], *, title: str, corner: str, theme: Theme) -> str:
    """Return the beginning of a picture, up to what it shows: its paper, and the line above.

    Args:
        size: Of the whole, width and height.
        title: What it shows, at the left.
        corner: Whose it is, at the right.
        theme: Colours.
    """
    width, height = size
    text, soft = colour("text", theme), colour("soft", theme)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title)}" font-family="{escape(FONT)}" font-size="12">'
        f'<rect width="{width}" height="{height}" fill="{colour("back", theme)}"/>'
        f'<text x="{MARGIN}" y="20" font-size="14" font-weight="600" fill="{text}">{escape(title)}</text>'
        f'<text x="{width - MARGIN}" y="20" text-anchor="end" fill="{soft}">{escape(corner)}</text>'
    )
