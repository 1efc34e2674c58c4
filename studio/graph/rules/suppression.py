"""Read what an author has decided to live with: `# studio: ignore ARC109: reason`, at the line or in the cell.

A comment on its own line speaks of the next line of code, one behind code of its own line. Findings that mean a whole
cell are ignored by a comment anywhere in it. Without a reason nothing is ignored.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from studio.errors import Where
from studio.graph.build import Graph
from studio.graph.rules.rule import Facts, Finding, Found, Rule
from studio.source.cell import Source

__all__ = ["SUPPRESSION_RULES", "UNUSED", "Suppression", "suppressions_of"]

_KEPT_MAX = 512
_WRITTEN = re.compile(r"(?:#|--)\s*studio:\s*ignore\s+(?P<codes>ARC\d{3}(?:\s*,\s*ARC\d{3})*)\s*:?\s*(?P<reason>.*)$")


@dataclass(frozen=True, slots=True)
class Suppression:
    """A finding that is not to be told.

    Attributes:
        code: Of the rule.
        reason: Why its author lives with it; empty where none is given.
        where: The comment's own place.
        line: Line that is meant, in the origin's count.
    """

    code: str
    reason: str
    where: Where
    line: int

    def covers(self, finding: Finding) -> bool:
        """Say whether a finding is meant."""
        if not self.reason or finding.code != self.code or finding.where is None:
            return False
        return finding.where.cell == self.where.cell and finding.where.line in (None, self.where.line, self.line)


def suppressions_of(graph: Graph) -> tuple[Suppression, ...]:
    """Return every suppression of a system, in the order of its sources."""
    current = [each.source for each in graph.definitions.values() if not each.kept_version]
    return tuple(found for source in current for found in _written_in(source))


def _written_in(source: Source) -> Iterator[Suppression]:
    above = source.first_line - 1
    for number, meant, code, reason in _marks(source):
        yield Suppression(code, reason, Where(source.origin, number + above), meant + above)


@lru_cache(maxsize=_KEPT_MAX)  # every cell's card asks again, of all sources
def _marks(source: Source) -> tuple[tuple[int, int, str, str], ...]:
    """Return what a body's comments ignore: line of the comment, line that is meant, code, reason."""
    lines = source.body.split("\n")
    found = ((number, _WRITTEN.match(comment)) for number, comment in _comments(source))
    return tuple(
        (number, _meant(lines, number), code, match["reason"].strip())
        for number, match in found
        if match is not None
        for code in re.findall(r"ARC\d{3}", match["codes"])
    )


def _comments(source: Source) -> Iterator[tuple[int, str]]:
    """Yield number and text of each comment of a body."""
    if source.is_sql:
        for number, line in enumerate(source.body.split("\n"), start=1):
            if "--" in line:
                yield number, line[line.index("--") :]
        return
    for token in tokenize.generate_tokens(io.StringIO(source.body).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def _meant(lines: list[str], number: int) -> int:
    """Return the line that a comment speaks of: its own, or the next that holds more than a comment."""
    meant = number
    while meant < len(lines) and (not lines[meant - 1].strip() or lines[meant - 1].lstrip().startswith(("#", "--"))):
        meant += 1
    return meant


def _unexplained(facts: Facts) -> Iterator[Found]:
    for each in suppressions_of(facts.graph):
        if not each.reason:
            yield Found(each.where, f"{each.code} is to be ignored, and nobody says why")


def _nothing(_: Facts) -> Iterator[Found]:
    """Find nothing by itself: only after all other rules is known what a comment suppresses."""
    return iter(())


_STOCK = "%%service Stock --version 1.0.0\n"

UNUSED = Rule(
    "ARC132",
    "suppression-unused",
    "note",
    "A comment that ignores what is not found misleads: the reader believes in a flaw that was mended long ago. Should "
    "the flaw come back, nobody would be told.",
    f"{_STOCK}# studio: ignore ARC102: it has one\n",
    "%%service Stock\n# studio: ignore ARC102: the version is set by the release\n",
    "Delete the comment.",
    _nothing,
)
SUPPRESSION_RULES = (
    Rule(
        "ARC131",
        "suppression-unexplained",
        "warning",
        "A finding that is ignored is a decision, and a decision has a reason. Without it the next reader cannot tell "
        "a considered exception from a hurry, so nothing is ignored.",
        "%%service Stock\n# studio: ignore ARC102\n",
        "%%service Stock\n# studio: ignore ARC102: the version is set by the release\n",
        "Write the reason behind a colon: `# studio: ignore ARC109: nightly job releases it`.",
        _unexplained,
    ),
    UNUSED,
)
"""In the order of their codes."""
