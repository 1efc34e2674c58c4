"""Compare two runs: the first event in which they part, and what that led to: sagas, promises, documents, numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studio.simulation.travel.alignment import Parting, parting

if TYPE_CHECKING:
    from studio.simulation.run import Run

__all__ = ["Effect", "RunDiff", "diff"]

SHOWN_MAX = 12
_COUNTED = ("messages", "deliveries", "documents", "ledgers", "faults")


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that came out otherwise.

    Attributes:
        what: `saga`, `promise`, `document` or `records`.
        name: Of which.
        first: What it was in the one run; empty for nothing.
        second: What it was in the other.
    """

    what: str
    name: str
    first: str
    second: str

    def __str__(self) -> str:
        return f"{self.name}: {self.first or 'nothing'} → {self.second or 'nothing'}"


@dataclass(frozen=True, slots=True)
class RunDiff:
    """How two runs differ.

    Attributes:
        first: The one run.
        second: The other.
        parting: The first event that is another; None where the same happened.
        effects: What came out otherwise.
    """

    first: Run = field(repr=False)
    second: Run = field(repr=False)
    parting: Parting | None
    effects: tuple[Effect, ...]

    @property
    def is_same(self) -> bool:
        """Whether the same happened in both."""
        return self.parting is None and not self.effects

    def of(self, what: str) -> tuple[Effect, ...]:
        """Return the effects of one sort."""
        return tuple(each for each in self.effects if each.what == what)

    def text(self) -> str:
        """Return it in lines of text."""
        if self.is_same:
            return "the same happened in both runs"
        lines = []
        if self.parting is not None:
            lines += ["the first event that differs", *(f"  {each}" for each in self.parting.told("first", "second"))]
        for what, title in TITLES.items():
            found = self.of(what)
            lines += [title, *(f"  {each}" for each in found[:SHOWN_MAX])] if found else []
            lines += [f"  … {len(found) - SHOWN_MAX} more"] if len(found) > SHOWN_MAX else []
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__


TITLES = {
    "saga": "sagas ended otherwise",
    "promise": "promises",
    "document": "documents in the end",
    "records": "numbers of records",
}
"""What each sort of effect is called."""


def diff(first: Run, second: Run) -> RunDiff:
    """Compare two runs by what happened in them, whatever their ids, seeds and code.

    Events are aligned by causal keys, so that one message more shifts nothing. Of equal code, the same event at another
    time is a difference, too.

    Args:
        first: A run.
        second: Another, of the same system or of an edited one.

    Example:
        studio.diff(run, run.fork(at="2s", faults=[]))
    """
    is_timed = first.build.digest == second.build.digest
    parts = parting(first.log.records(), second.log.records(), is_timed=is_timed)
    effects: list[Effect] = []
    for what, outcome in (("saga", _sagas), ("promise", _promises), ("document", _documents), ("records", _counts)):
        effects += _effects(what, outcome(first), outcome(second))
    return RunDiff(first, second, parts, tuple(effects))


def _effects(what: str, first: Mapping[str, str], second: Mapping[str, str]) -> Iterator[Effect]:
    for name in dict.fromkeys((*first, *second)):
        if first.get(name, "") != second.get(name, ""):
            yield Effect(what, name, first.get(name, ""), second.get(name, ""))


def _sagas(run: Run) -> dict[str, str]:
    return dict(run.sql("select saga, state from sagas order by saga").iter_rows())


def _promises(run: Run) -> dict[str, str]:
    broken = dict(run.sql("select invariant, count(*) from violations group by invariant").iter_rows())
    names = sorted({*run.checked, *broken})
    return {
        name: f"✗ violated {broken[name]} time{'s' * (broken[name] > 1)}" if name in broken else "✓ held"
        for name in names
    }


def _documents(run: Run) -> dict[str, str]:
    rows = run.sql("select service, collection, key, body from documents order by service, collection, key")
    return {f"{service}.{name} {key}": _plain(body) for service, name, key, body in rows.iter_rows()}


def _counts(run: Run) -> dict[str, str]:
    found: dict[str, str] = {}
    for table in _COUNTED:
        view = {"documents": "document_changes"}.get(table, table)
        found[table] = str(run.sql(f"select count(*) as n from {view}")["n"][0])  # noqa: S608 - our own names
    return found


def _plain(body: str) -> str:
    value: Any = json.loads(body)
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
