"""The critical path: which spans determined when a trace ended."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from studio.observe import Waterfall
from studio.observe.critical_path import Stretch, critical_path
from studio.records import Span


def span(number: int, parent: int, start: int, end: int) -> Span:
    return Span(start, end, number, parent, 1, "handle", f"A.op{number}", "A", 1, "ok", "", 0, "", "service A", 3, "")


def path(*spans: Span) -> list[tuple[int, int, int]]:
    return [(each.span, each.start_ns, each.end_ns) for each in critical_path(spans).stretches]


def test_a_span_alone_is_its_path() -> None:
    assert path(span(1, 0, 5, 9)) == [(1, 5, 9)]


def test_no_spans_have_no_path() -> None:
    assert critical_path([]).stretches == ()


def test_of_two_parts_at_once_the_one_that_ended_last_is_on_the_path() -> None:
    found = path(span(1, 0, 0, 100), span(2, 1, 10, 40), span(3, 1, 10, 90))
    assert found == [(1, 0, 10), (3, 10, 90), (1, 90, 100)]


def test_parts_one_after_the_other_are_both_on_the_path_and_the_parent_between_them() -> None:
    found = path(span(1, 0, 0, 100), span(2, 1, 10, 40), span(3, 1, 50, 100), span(4, 3, 60, 70))
    assert found == [(1, 0, 10), (2, 10, 40), (1, 40, 50), (3, 50, 60), (4, 60, 70), (3, 70, 100)]


def test_a_handler_that_outlives_its_publisher_determines_the_end() -> None:
    found = critical_path([span(1, 0, 0, 20), span(2, 1, 5, 8), span(3, 1, 30, 50)])
    assert found.stretches == (
        Stretch(1, 0, 5),
        Stretch(2, 5, 8),
        Stretch(1, 8, 20),
        Stretch(3, 20, 30, is_waiting=True),
        Stretch(3, 30, 50),
    )
    assert found.spent_ns == {1: 17, 2: 3, 3: 30}


def test_what_runs_on_after_its_caller_went_on_is_not_on_the_path() -> None:
    assert path(span(1, 0, 0, 100), span(2, 1, 10, 40), span(3, 2, 20, 60)) == [(1, 0, 10), (2, 10, 40), (1, 40, 100)]


def test_spans_in_a_circle_have_a_path_all_the_same() -> None:
    assert path(span(1, 2, 0, 9), span(2, 1, 3, 7)) == [(2, 3, 7), (1, 7, 9)]


def test_a_thousand_spans_within_each_other_have_a_path() -> None:
    deep = [span(at, at - 1, at, 5_000 - at) for at in range(1, 2_000)]
    assert critical_path(deep).length_ns == 5_000 - 2


def test_the_path_is_told_in_words_and_marked_by_more_than_colour() -> None:
    shown = Waterfall.of([span(1, 0, 0, 100), span(2, 1, 10, 90)], title="any")
    assert shown.text().splitlines()[-1] == "critical path: A.op1 20 ns (20 %) · A.op2 80 ns (80 %)"
    assert shown.svg().count('class="critical"') == 3 + 1, "each stretch, and the legend"
    assert ">critical path<" in shown.svg()


@st.composite
def trees(draw: st.DrawFn) -> list[Span]:
    """Spans within their parents, as a call is within its caller."""
    spans = [span(1, 0, draw(st.integers(0, 50)), 0)]
    spans[0] = spans[0]._replace(end_ns=spans[0].start_ns + draw(st.integers(1, 1_000)))
    for number in range(2, draw(st.integers(2, 14))):
        parent = draw(st.sampled_from(spans))
        start = draw(st.integers(parent.start_ns, parent.end_ns))
        spans.append(span(number, parent.span, start, draw(st.integers(start, parent.end_ns))))
    return draw(st.permutations(spans))


@given(trees())
def test_stretches_cover_the_roots_duration_without_gap_and_without_overlap(spans: list[Span]) -> None:
    (root,) = [each for each in spans if each.parent == 0]
    found = critical_path(spans).stretches
    assert (found[0].start_ns, found[-1].end_ns) == (root.start_ns, root.end_ns)
    assert all(before.end_ns == after.start_ns for before, after in pairwise(found))
    assert sum(critical_path(spans).spent_ns.values()) == root.end_ns - root.start_ns


@given(trees())
def test_each_stretch_lies_in_its_span(spans: list[Span]) -> None:
    by_number = {each.span: each for each in spans}
    for stretch in critical_path(spans).stretches:
        owner = by_number[stretch.span]
        assert owner.start_ns <= stretch.start_ns < stretch.end_ns <= owner.end_ns


times = st.integers(0, 60)
anything = st.lists(
    st.builds(span, st.integers(1, 9), st.integers(0, 9), times, times), max_size=9, unique_by=lambda each: each.span
)


@given(anything)
def test_any_spans_have_a_path_in_one_piece(spans: list[Span]) -> None:
    found = critical_path(spans).stretches
    assert all(before.end_ns == after.start_ns for before, after in pairwise(found))
    assert all(stretch.length_ns > 0 for stretch in found)
