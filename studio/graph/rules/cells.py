"""Rules about the notebook itself: the order of its cells, and those that do not stand."""

from __future__ import annotations

from collections.abc import Iterator

from studio.errors import Where
from studio.graph.rules.rule import Facts, Found, Rule

__all__ = ["CELL_RULES"]


def _cell_order(facts: Facts) -> Iterator[Found]:
    definitions = facts.graph.definitions
    place = {name: number for number, name in enumerate(definitions)}
    for definition in definitions.values():
        for used in definition.uses:
            other = definitions.get(used)
            is_later = other is not None and place[used] > place[definition.name]
            if other is not None and is_later and definition.is_cell and other.is_cell:
                text = f"{definition.source.label} uses {other.source.label}, which comes after it"
                yield Found(Where(definition.source.origin), text)


def _stale_definition(facts: Facts) -> Iterator[Found]:
    for definition in facts.graph.definitions.values():
        if definition.stale:
            text = f"{definition.name} does not fit what it uses any more: {definition.stale}"
            yield Found(Where(definition.source.origin), text)


def _broken_cell(facts: Facts) -> Iterator[Found]:
    for name, broken in facts.graph.broken.items():
        kept = "; what it declared before still stands" if name in facts.graph.definitions else ""
        yield Found(broken.where, f"the cell of {name} failed when it was last run: {broken.reason}{kept}")


_FIRST = "%%contracts c\nclass Order(Contract):\n    id: str\n"
_USER = "%%module helpers\ndef make() -> Order:\n    return Order(id='1')\n"

CELL_RULES = (
    Rule(
        "ARC107",
        "cell-order",
        "warning",
        "A notebook is read, exported and run from top to bottom. A cell that uses what a later cell declares worked "
        "only because cells were run in another order, and fails from an empty kernel.",
        "%%module first\nRATE = 2\n%%module second\nLIMIT = 3\n%%module first\nRATE = LIMIT * 2\n",
        "%%module second\nLIMIT = 3\n%%module first\nRATE = LIMIT * 2\n",
        "Move the cell below what it uses.",
        _cell_order,
    ),
    Rule(
        "ARC114",
        "stale-definition",
        "error",
        "Running a cell again executes what depends on it again. Where that fails, the old declaration stands with "
        "contracts that nobody else has any more, so nothing can be run until it is mended.",
        f"{_FIRST}{_USER}%%contracts c\nclass Purchase(Contract):\n    id: str\n",
        f"{_FIRST}{_USER}{_FIRST}",
        "Change the cell and run it again, or `%studio forget` it.",
        _stale_definition,
    ),
    Rule(
        "ARC115",
        "broken-cell",
        "error",
        "A cell that fails changes nothing: what it declared before stands, and what is simulated is not what is "
        "written. That is a kindness while one types, and a trap once one forgets.",
        f"{_FIRST}{_USER}%%module helpers\ndef make() -> Order:\n    return Ordr(id='1')\n",
        f"{_FIRST}{_USER}",
        "Correct the cell and run it again, or `%studio forget` it.",
        _broken_cell,
    ),
)
"""In the order of their codes."""
