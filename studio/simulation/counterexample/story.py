"""Tell a counterexample: what is broken, what it takes, what happens, where it parts from a run without faults."""

from __future__ import annotations

import inspect
import json
import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studio.graph.system import Build
from studio.model.duration import format_ns
from studio.observe.sequence import Sequence
from studio.records import DocumentChange, LedgerEntry, Record, Violation
from studio.simulation.counterexample.rerun import quiet_run, rows_of
from studio.simulation.harming.fault_words import plan_in_words
from studio.simulation.run import Run
from studio.simulation.travel.alignment import Parting, parting

if TYPE_CHECKING:
    from studio.simulation.counterexample.counterexample import Counterexample

__all__ = ["Story", "row_words", "story_of"]

ROWS_SHOWN = 3
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Story:
    """A counterexample, told.

    Attributes:
        counterexample: Of what.
        sequence: What happens, as a sequence diagram.
        parting: The first event that is another without the faults; None where there are none, or it makes none.
        holds_without: Whether the promise holds without the faults.
    """

    counterexample: Counterexample
    sequence: Sequence
    parting: Parting | None
    holds_without: bool

    def text(self, width: int = _WIDTH, *, is_kept: bool = False) -> str:
        """Return the story in lines of text.

        Args:
            width: Of a line; at least 60.
            is_kept: Whether who reads it knows already how to keep it and to run it again.
        """
        found = self.counterexample
        lines = [f"✗ {found.invariant} is broken"]
        lines += textwrap.wrap(found.promise, width, initial_indent="  ", subsequent_indent="  ")
        for row in found.rows[:ROWS_SHOWN]:
            lines += textwrap.wrap(row_words(row), width, initial_indent="  ", subsequent_indent="    ")
        if len(found.rows) > ROWS_SHOWN:
            lines.append(f"  … {len(found.rows) - ROWS_SHOWN} more")
        lines += ["", "What it takes", *(f"  {each}" for each in self.takes)]
        lines += ["", self.sequence.text(width), ""]
        if self.parting is not None:
            lines += ["Without the faults, the first event that differs", *self._differs(width)]
        if not is_kept:
            lines += ["", "Keep it with .save(), then replay it", *(f"  {each}" for each in found.replay_lines)]
        return "\n".join(lines).rstrip()

    @property
    def takes(self) -> list[str]:
        """Return what it takes to break the promise: the faults in words, or that none is needed."""
        plan = plan_in_words(self.counterexample.plan)
        return [f"⚡ {each}" for each in plan] or ["no fault at all: the workload alone breaks it"]

    def _differs(self, width: int) -> list[str]:
        assert self.parting is not None
        told = self.parting.told("with", "without")
        lines = [line for each in told for line in textwrap.wrap(each, width - 2, subsequent_indent=" " * 9)]
        held = [] if self.holds_without else ["Without the faults the promise is broken as well."]
        return [f"  {line}" for line in (*lines, *held)]

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__


def story_of(counterexample: Counterexample, build: Build) -> Story:
    """Return the story of a counterexample: it is run with its faults, and without them."""
    run = quiet_run(counterexample.case, build)
    plain = quiet_run(counterexample.case.with_plan(), build) if counterexample.plan else None
    parts = None if plain is None else parting(run.log.records(), plain.log.records())
    holds = plain is None or not rows_of(plain, counterexample.invariant)
    return Story(counterexample, _sequence(counterexample, build, run), parts, holds)


def row_words(row: str) -> str:
    """Return what violates a promise, as people read it."""
    values = json.loads(row)
    if not isinstance(values, dict):
        return str(values)
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _sequence(counterexample: Counterexample, build: Build, run: Run) -> Sequence:
    values = [json.loads(row) for row in counterexample.rows]
    case = counterexample.case
    return Sequence.of(
        _of_this(run.log.records(), counterexample),
        title=f"How {counterexample.invariant} is broken",
        corner=f"{case.scenario} · seed {case.seed} · {format_ns(run.end_ns)} of virtual time",
        matters=_concern(build, counterexample.invariant, values),
        third=build.graph.externals,
        first={name for row in values if isinstance(row, dict) for name in row},
    )


def _of_this(records: Iterable[Record], counterexample: Counterexample) -> Iterator[Record]:
    """Yield the records of the story: no violations of other promises, and nothing after the first one of this.

    Where the promise holds in the end only, there are several to show, and nothing comes after them.
    """
    left = 1 if counterexample.mode == "always" else ROWS_SHOWN
    for record in records:
        if not isinstance(record, Violation):
            yield record
        elif record.invariant == counterexample.invariant:
            yield record
            left -= 1
            if not left:
                return


def _concern(build: Build, invariant: str, rows: list[Any]) -> Callable[[Record], bool]:
    """Return what says whether a document or an entry is what a promise is about.

    It is one where it agrees with a violation in all fields that both have, a text among them, and where the promise
    speaks of its collection; of ledgers any promise may speak, as `external`.
    """
    text = _text_of(build, invariant)

    def matters(record: Record) -> bool:
        if isinstance(record, LedgerEntry):
            return _speaks(text, "external", record.name, record.ledger) and _agrees(record.body, "", rows)
        if isinstance(record, DocumentChange):
            name = f"{record.service}.{record.collection}"
            is_meant = _speaks(text, name, name.replace(".", "_")) or f'"{name}"' in text
            return is_meant and record.change != "given" and _agrees(record.body, record.key, rows)
        return False

    return matters


def _text_of(build: Build, invariant: str) -> str:
    """Return the text of a promise: its SQL, or the source of its function."""
    declared = build.graph.invariants.get(invariant)
    if declared is None:
        return ""
    if declared.sql:
        return declared.sql
    try:
        return inspect.getsource(declared.function) if declared.function else ""
    except (OSError, TypeError):
        return ""


def _speaks(text: str, *names: str) -> bool:
    return any(re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text) for name in names)


def _agrees(body: str, key: str, rows: list[Any]) -> bool:
    """Whether a document is among those that violations speak of."""
    try:
        values = json.loads(body) if body else {}
    except ValueError:
        return False
    texts = {each for each in (key, *_texts(values)) if each}
    for row in rows:
        if isinstance(row, dict) and isinstance(values, dict):
            shared = [name for name in row if name in values and isinstance(row[name], str)]
            if shared and all(row[name] == values[name] for name in shared):
                return True
        if set(_texts(row)) & texts and not isinstance(row, dict):
            return True
    return False


def _texts(values: Any) -> list[str]:
    if isinstance(values, dict):
        return [each for value in values.values() for each in _texts(value)]
    if isinstance(values, list):
        return [each for value in values for each in _texts(value)]
    return [values] if isinstance(values, str) else []
