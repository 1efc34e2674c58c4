"""Draw the small icon of each kind of card: outlines in the text's own colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["icon"]

_SHAPES: Final[Mapping[str, str]] = {
    "contracts": '<path d="M4 2h6l3 3v9H4z"/><path d="M6.5 7.5h4M6.5 10.5h4"/>',
    "module": '<path d="M6 2.5c-2 0-2 1-2 2.7C4 7 3.6 8 2 8c1.6 0 2 1 2 2.8 0 1.7 0 2.7 2 2.7"/>'
    '<path d="M10 2.5c2 0 2 1 2 2.7C12 7 12.4 8 14 8c-1.6 0-2 1-2 2.8 0 1.7 0 2.7-2 2.7"/>',
    "service": '<path d="M8 1.8 13.6 5v6L8 14.2 2.4 11V5z"/><circle cx="8" cy="8" r="2"/>',
    "external": '<path d="M4.5 12.5a3 3 0 0 1 0-6 3.7 3.7 0 0 1 7-.4 3.2 3.2 0 0 1 0 6.4z"/>',
    "compose": '<circle cx="3.5" cy="8" r="1.7"/><circle cx="12.5" cy="3.7" r="1.7"/>'
    '<circle cx="12.5" cy="12.3" r="1.7"/><path d="M5.1 7.3 11 4.5M5.1 8.7 11 11.5"/>',
    "saga": '<path d="M2 5h9.5M9 2.5 11.5 5 9 7.5M14 11H4.5M7 8.5 4.5 11 7 13.5"/>',
    "scenario": '<path d="M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z"/>',
    "invariant": '<path d="M8 1.8 13 3.7v4c0 3.2-2 5.3-5 6.5-3-1.2-5-3.3-5-6.5v-4z"/>'
    '<path d="M5.7 7.9 7.4 9.6 10.5 6.3"/>',
    "findings": '<circle cx="7" cy="7" r="4.5"/><path d="M10.3 10.3 14 14"/>',
    "studio": '<path d="M2 3.5h12M2 8h12M2 12.5h12"/><circle cx="5" cy="3.5" r="1.5"/>'
    '<circle cx="10.5" cy="8" r="1.5"/><circle cx="6.5" cy="12.5" r="1.5"/>',
    "run": '<path d="M4.5 2.5 13 8l-8.5 5.5z"/>',
    "campaign": '<path d="M2 13.5V9M6 13.5V5M10 13.5V7.5M14 13.5V2.5"/>',
    "counterexample": '<path d="M8 1.8 13 3.7v4c0 3.2-2 5.3-5 6.5-3-1.2-5-3.3-5-6.5v-4z"/>'
    '<path d="M9 4 6.5 8h3L7 12"/>',
    "difference": '<path d="M2 8h4l5-4.5M6 8l5 4.5M8.5 3.5H11V6M8.5 12.5H11V10"/>',
    "moment": '<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 1.5"/>',
    "export": '<path d="M8 10V2M5 4.5 8 1.5l3 3M2.5 9.5v4h11v-4"/>',
}


def icon(kind: str) -> str:
    """Return the icon of a kind of card as SVG; hidden from screen readers, which read the kind's word beside it."""
    shape = _SHAPES.get(kind, '<circle cx="8" cy="8" r="5.5"/>')
    return f'<svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">{shape}</svg>'
