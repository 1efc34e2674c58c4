"""Show a story as a sequence diagram: services as lanes, messages as arrows, faults where they struck.

It is drawn from records and nothing else, and cut to what led to the trouble.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

from studio.observe.sequence_cone import cone_of
from studio.observe.sequence_lines import text_of
from studio.observe.sequence_picture import draw_sequence
from studio.observe.sequence_rows import OUTSIDE, Row, rows_of
from studio.records import Record

__all__ = ["Sequence"]

ROWS_MAX = 40


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence diagram, as text and as SVG.

    Attributes:
        rows: What happened, in order.
        lanes: Who took part, in the order of their first part; the outside first.
        third: Which of them are third parties.
        title: What the picture is of.
        corner: Seed and the like.
        left: How many rows beside the story are not shown, nor counted in one that says so.
    """

    rows: tuple[Row, ...] = field(repr=False)
    lanes: tuple[str, ...]
    third: frozenset[str]
    title: str
    corner: str
    left: int = 0

    @classmethod
    def of(
        cls,
        records: Iterable[Record],
        *,
        title: str,
        corner: str = "",
        matters: Callable[[Record], bool] = lambda _: False,
        third: Collection[str] = (),
        first: Collection[str] = (),
        rows_max: int = ROWS_MAX,
    ) -> Sequence:
        """Make the diagram of a run, or of a part of one.

        Args:
            records: In the order in which they happened.
            title: What the picture is of.
            corner: Seed and the like.
            matters: Says which documents and ledger entries belong to the story; the others are left out.
            third: Names of third parties.
            first: Fields of documents and entries that are told before the others.
            rows_max: More rows are counted, not shown.
        """
        rows, left = cone_of(*rows_of(records, matters, first), rows_max)
        lanes = dict.fromkeys(lane for row in rows for lane in (row.lane, row.to) if lane)
        ordered = sorted(lanes, key=lambda lane: lane != OUTSIDE)
        return cls(tuple(rows), tuple(ordered), frozenset(third), title, corner, left)

    def text(self, width: int = 100) -> str:
        """Return the diagram in characters.

        Args:
            width: Of a line; at least 60.
        """
        return text_of(self, width)

    def svg(self) -> str:
        """Return the diagram as one self-contained SVG, for light and dark surroundings."""
        return draw_sequence(self)

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self.svg()
