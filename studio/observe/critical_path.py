"""Find the critical path of a trace: the chain of spans that determined when it ended.

The trace is walked backwards from its last instant. Whoever was busy until then is on the path; before it, whichever
of its own parts ended last, and so on. What ran beside the path could have taken longer without changing the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from studio.records import Span

__all__ = ["CriticalPath", "Stretch", "critical_path"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the path, all of it in one span.

    Attributes:
        span: Its number.
        start_ns: When it begins; `end_ns` when the next one does.
        is_waiting: Whether the span had not begun: its message was on its way, and nobody on the path worked.
    """

    span: int
    start_ns: int
    end_ns: int
    is_waiting: bool = False

    @property
    def length_ns(self) -> int:
        """How long it is."""
        return self.end_ns - self.start_ns


@dataclass(frozen=True, slots=True)
class CriticalPath:
    """The path of one trace.

    Attributes:
        stretches: In order; each begins where the one before it ends.
    """

    stretches: tuple[Stretch, ...] = ()

    @property
    def length_ns(self) -> int:
        """How long the path is, which is how long its root and what came of it took."""
        return sum(stretch.length_ns for stretch in self.stretches)

    @property
    def spent_ns(self) -> Mapping[int, int]:
        """How much of the path each span has, by its number, in the order in which they come up."""
        found: dict[int, int] = {}
        for stretch in self.stretches:
            found[stretch.span] = found.get(stretch.span, 0) + stretch.length_ns
        return found

    def of(self, span: int) -> tuple[Stretch, ...]:
        """Return the stretches of one span."""
        return tuple(stretch for stretch in self.stretches if stretch.span == span)


def critical_path(spans: Iterable[Span]) -> CriticalPath:
    """Return the critical path of a trace.

    It leads from the start of the span that ended last, or rather of its outermost parent, to that end. The outermost
    parent may have ended long before: an event's handler outlives its publisher.

    Args:
        spans: Of one trace, in any order; of several without a common parent, those above the last one count.

    Returns:
        Stretches that cover this time without a gap and without overlap; none where there are no spans.
    """
    found = {span.span: span for span in spans}
    if not found:
        return CriticalPath()
    end_ns = max(span.end_ns for span in found.values())
    chains = [_chain(span, found) for span in found.values() if span.end_ns == end_ns]
    chain = min(chains, key=lambda chain: (len(chain), chain[0].span))
    children: dict[int, list[Span]] = defaultdict(list)
    for span in found.values():
        children[span.parent].append(span)
    for listed in children.values():
        listed.sort(key=lambda span: (span.end_ns, span.start_ns, span.span), reverse=True)
    backwards = list(_backwards(chain, children))
    return CriticalPath(tuple(_merged(reversed(backwards))))


def _chain(span: Span, found: Mapping[int, Span]) -> list[Span]:
    """Return a span, its parent, the parent of that, and so on; a circle ends where it would begin again."""
    chain, seen = [span], {span.span}
    while chain[-1].parent in found and chain[-1].parent not in seen:
        chain.append(found[chain[-1].parent])
        seen.add(chain[-1].span)
    return chain


def _backwards(chain: Sequence[Span], children: Mapping[int, list[Span]]) -> Iterator[Stretch]:
    """Yield the stretches from the last to the first: the last span, then what its parents did before it."""
    start = min(chain[-1].start_ns, chain[-1].end_ns)
    until, below = max(chain[0].end_ns, start), chain[0]
    for span in chain:
        own_end = max(span.end_ns, span.start_ns)
        if span is not chain[0] and own_end < until:  # it had ended before the one below began
            gap = max(own_end, start)
            yield Stretch(below.span, gap, until, is_waiting=True)
            until = gap
        begin = start if span is chain[-1] else max(start, span.start_ns)
        yield from _within(span, begin, until, children)
        until, below = min(until, begin), span


def _within(span: Span, begin: int, until: int, children: Mapping[int, list[Span]]) -> Iterator[Stretch]:
    """Yield, backwards, who was busy within a span: its part that ended last, before that the one before, or itself.

    A list of what is left to do stands in the place of recursion, since traces of retries may be very deep.
    """
    pending: list[tuple[Span, int, int, int]] = [(span, begin, until, 0)]
    entered = {span.span}
    while pending:
        current, low, high, at = pending.pop()
        listed = children.get(current.span, [])
        while at < len(listed) and not (_is_inside(listed[at], low, high) and listed[at].span not in entered):
            at += 1
        if at == len(listed):
            yield Stretch(current.span, low, high)
            continue
        child = listed[at]
        entered.add(child.span)
        child_low = max(child.start_ns, low)
        yield Stretch(current.span, child.end_ns, high)
        pending.append((current, low, child_low, at + 1))
        pending.append((child, child_low, child.end_ns, 0))


def _is_inside(child: Span, low: int, high: int) -> bool:
    return low < child.end_ns <= high and child.start_ns < child.end_ns


def _merged(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """Leave out what has no length, and join neighbours of one span."""
    held: Stretch | None = None
    for stretch in stretches:
        if stretch.length_ns <= 0:
            continue
        if held and (held.span, held.is_waiting) == (stretch.span, stretch.is_waiting):
            held = Stretch(held.span, held.start_ns, stretch.end_ns, held.is_waiting)
            continue
        if held:
            yield held
        held = stretch
    if held:
        yield held
