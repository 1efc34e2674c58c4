"""Say how a sequence diagram looks: its own styles, legible in light and dark."""

from __future__ import annotations

from typing import Final

from studio.observe.palette import surface

__all__ = ["STYLE"]

# Middle tones: each stands out on white and on black.
STYLE: Final = (
    surface("studio-sequence")
    + """
.studio-sequence .halo { stroke: var(--s-back); stroke-width: 4; stroke-linejoin: round; paint-order: stroke; }
.studio-sequence .title { font-size: 14px; font-weight: 600; }
.studio-sequence .soft { fill: var(--s-soft); }
.studio-sequence .end { text-anchor: end; } .studio-sequence .middle { text-anchor: middle; }
.studio-sequence .strong { font-weight: 600; }
.studio-sequence .trouble { fill: var(--s-error); font-weight: 600; }
.studio-sequence .life { stroke: var(--s-line); stroke-width: 1.2; }
.studio-sequence .dead { stroke: var(--s-error); stroke-width: 1.2; stroke-dasharray: 2 4; }
.studio-sequence .head { fill: var(--s-back); stroke: var(--s-soft); stroke-width: 1.2; }
.studio-sequence .third { stroke-dasharray: 4 3; }
.studio-sequence .arrow { stroke: #3f83c9; stroke-width: 1.6; fill: none; }
.studio-sequence .tip { fill: #3f83c9; }
.studio-sequence .event { stroke: #8a70d0; }
.studio-sequence .event-tip { fill: var(--s-back); stroke: #8a70d0; stroke-width: 1.6; }
.studio-sequence .reply { stroke: #8fa3b8; stroke-dasharray: 5 4; } .studio-sequence .reply-tip { fill: #8fa3b8; }
.studio-sequence .bad { stroke: var(--s-error); }
.studio-sequence .bad-tip, .studio-sequence .bolt { fill: var(--s-error); }
.studio-sequence .spot { fill: #2a9d8f; stroke: var(--s-back); stroke-width: 2; }
.studio-sequence .fold { stroke: var(--s-line); stroke-width: 1; stroke-dasharray: 1 4; }
.studio-sequence .verdict { fill: var(--s-error); fill-opacity: .12; stroke: var(--s-error); stroke-width: 1; }
"""
)
