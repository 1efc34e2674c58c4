"""What an author has decided to live with is not told again, as long as there is a reason and the flaw."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from studio.graph.lint import Review, review
from studio.graph.system import System
from studio.source.cell import Source

Cell = Callable[[str], Source]


def look(cell: Cell, text: str) -> Review:
    system = System()
    system.define(cell(text))
    return review(system.graph)


def codes(found: Review) -> list[str]:
    return [each.code for each in found.findings]


def test_finding_about_a_cell_is_ignored_from_anywhere_in_it(cell: Cell) -> None:
    found = look(cell, "%%service Stock\n\nx = 1  # studio: ignore ARC102: set by the release\n")
    assert "ARC102" not in codes(found)
    ((finding, by),) = found.ignored
    assert (finding.code, by.reason) == ("ARC102", "set by the release")


@pytest.mark.parametrize(
    "body",
    ["KEY = 'sk_live_a1b2c3d4e5f6a7b8'  # studio: ignore ARC129: of a sandbox",
     "# studio: ignore ARC129: of a sandbox\nKEY = 'sk_live_a1b2c3d4e5f6a7b8'",
     "# studio: ignore ARC129, ARC102: of a sandbox\n# and no more\n\nKEY = 'sk_live_a1b2c3d4e5f6a7b8'"],
)  # fmt: skip
def test_finding_at_a_line_is_ignored_from_that_line_or_above_it(cell: Cell, body: str) -> None:
    assert "ARC129" not in codes(look(cell, f"%%service Stock\n{body}\n"))


def test_comment_elsewhere_does_not_reach_a_line(cell: Cell) -> None:
    found = look(cell, "%%service Stock\n# studio: ignore ARC129: no\nx = 1\nKEY = 'sk_live_a1b2c3d4e5f6a7b8'\n")
    assert {"ARC129", "ARC132"} <= set(codes(found))


def test_without_a_reason_nothing_is_ignored(cell: Cell) -> None:
    assert {"ARC102", "ARC131"} <= set(codes(look(cell, "%%service Stock\n# studio: ignore ARC102\n")))


def test_text_in_a_string_is_no_comment(cell: Cell) -> None:
    assert "ARC102" in codes(look(cell, "%%service Stock\nx = '# studio: ignore ARC102: no'\n"))
