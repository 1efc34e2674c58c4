"""Show one trace as a waterfall: who worked when, for whom, how it ended, and which fault struck where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from studio.observe.axis import instant
from studio.observe.lines import lines_of
from studio.observe.picture import draw
from studio.observe.timeline import Timeline
from studio.records import Record

__all__ = ["Waterfall"]


@dataclass(frozen=True, slots=True)
class Waterfall:
    """A picture of one trace, as text and as SVG.

    Attributes:
        timeline: What it shows.
        title: What the picture is of.
        corner: Seed and the like.
    """

    timeline: Timeline = field(repr=False)
    title: str
    corner: str

    @classmethod
    def of(cls, records: Iterable[Record], *, title: str, corner: str = "", spans_max: int = 400) -> Waterfall:
        """Make the picture of a trace.

        Args:
            records: Its spans, and whatever else belongs to it: messages, deliveries, fault strikes, log lines, lives,
                saga steps, violations.
            title: What the picture is of.
            corner: Seed and the like; virtual time is added by itself.
            spans_max: More spans than that are counted, not shown.
        """
        return cls(Timeline.of(records, spans_max=spans_max), title, corner)

    def text(self, width: int = 100) -> str:
        """Return the picture in characters.

        Args:
            width: Of a line; at least 60.
        """
        return "\n".join(lines_of(self.timeline, title=self.title, corner=self._corner, width=width))

    def svg(self) -> str:
        """Return the picture as one self-contained SVG, for light and dark surroundings."""
        return draw(self.timeline, title=self.title, corner=self._corner)

    @property
    def _corner(self) -> str:
        began = f"t = {instant(self.timeline.axis.start_ns)}"
        return f"{self.corner} · {began}" if self.corner else began

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f'<div style="max-height: 720px; overflow: auto">{self.svg()}</div>'
