"""A counterexample: a case that breaks a promise, as a value that prints, compares, serialises and can be run again.

It holds what decides the run, and what was seen; the sources it was seen with are named by their hash only, so that it
outlives every edit. How it is told, drawn, written as a cell or a test, and kept, is in the files beside this one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from studio import __version__
from studio.errors import InvalidCase, InvalidCounterexample, NothingBroken, StudioError
from studio.graph.system import Build, System
from studio.model.fault import Fault
from studio.simulation.case import Case, Sent
from studio.simulation.counterexample.keeping import write
from studio.simulation.counterexample.pytest_file import pytest_text
from studio.simulation.counterexample.rerun import quiet_run, rows_of
from studio.simulation.counterexample.scenario_cell import cell_text
from studio.simulation.counterexample.story import Story, story_of
from studio.simulation.current import build_of
from studio.simulation.harming.fault_words import plan_in_words
from studio.simulation.promises.promised import PROMISES
from studio.simulation.run import Run
from studio.simulation.simulate import simulate
from studio.store import Log

__all__ = ["Counterexample"]

FORM = 1
ROWS_MAX = 20
"""Violations that are kept; more say no more."""
SENDS_MAX = 50
"""Messages that are written out one by one; a larger workload stays the rule that it is."""
NAME_MAX = 60


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A case that breaks a promise.

    Attributes:
        case: What decides the run; its invariants are checked after every commit.
        invariant: The promise that is broken.
        rows: What violates it, as JSON; the first of many.
        mode: `always` or `eventually`.
        promise: What was promised, in the author's words; may be empty.
        sources: Hash of the sources that it was found with.
        studio: Version that found it.
        build: What it was found in, where that is at hand; not compared and not written down.
    """

    case: Case
    invariant: str
    rows: tuple[str, ...]
    mode: str = "always"
    promise: str = ""
    sources: str = ""
    studio: str = __version__
    build: Build | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "case", self.case.strict)  # what breaks and mends itself counts, in every replay

    @classmethod
    def of(cls, build: Build, case: Case, invariant: str, run: Run) -> Counterexample:
        """Return the counterexample that a run is.

        Its case is made concrete where that breaks the promise too (each message written out, seed 0), so that it needs
        neither a workload's rule nor luck; this takes up to two more runs.

        Args:
            build: What ran.
            case: What decided the run.
            invariant: The promise that it broke.
            run: The run.

        Raises:
            NothingBroken: It kept that promise.
        """
        case, rows = case.strict, rows_of(run, invariant)
        if not rows:
            raise NothingBroken(invariant=invariant, scenario=case.scenario)
        for simpler in _simpler(case, run):
            seen = rows_of(quiet_run(simpler, build), invariant)
            if seen:
                case, rows = simpler, seen
                break
        mode = run.sql("select mode from violations where invariant = $name limit 1", name=invariant)["mode"][0]
        return cls(
            case, invariant, rows[:ROWS_MAX], str(mode), _promise(build, invariant), build.digest, __version__, build
        )  # fmt: skip

    @property
    def plan(self) -> tuple[Fault, ...]:
        """Return the faults that it takes."""
        return self.case.plan

    @property
    def name(self) -> str:
        """Return what its files are called: the promise, and what breaks it."""
        struck = [f"{fault.kind} {getattr(fault, 'leg', '')} {fault.target}" for fault in self.plan]
        words = " ".join((self.invariant, *(struck or [self.case.scenario])))
        return re.sub(r"\W+", "_", words).strip("_").lower()[:NAME_MAX].rstrip("_")

    def replay(self, system: System | Build | None = None) -> Run:
        """Run it again, its records in memory.

        Args:
            system: With which code; by default that in which it was found, else the notebook's.

        Raises:
            StudioError: As `simulate`: what the case names is not declared any more.
        """
        return simulate(self.case, system=self.build_in(system), log=Log.memory())

    def __str__(self) -> str:
        return f"{self.invariant} is broken: {'; '.join(plan_in_words(self.plan)) or 'by the workload alone'}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001 - IPython's protocol
        """Show it in a notebook as it is told in a terminal."""
        try:
            printer.text(str(self.story()))
        except StudioError:
            printer.text(str(self))

    def __repr__(self) -> str:
        return f"Counterexample({self.invariant!r}, {self.case!r})"

    def build_in(self, system: System | Build | None = None) -> Build:
        """Return what it is run with.

        Raises:
            EmptySystem: There is none.
        """
        return build_of(system if system is not None or self.build is None else self.build)

    def story(self, system: System | Build | None = None) -> Story:
        """Return what happens, told: as text, and with a sequence diagram as SVG; it is run for that.

        Args:
            system: As for `replay`.
        """
        return story_of(self, self.build_in(system))

    def cell(self, system: System | Build | None = None) -> str:
        """Return a scenario cell that breaks the promise when it is run, its messages and faults written out.

        Args:
            system: As for `replay`; it says what the messages are called.
        """
        return cell_text(self, self.build_in(system))

    def test(self, path: Path | str = "..") -> str:
        """Return a pytest file that fails as long as the promise can be broken like this.

        Args:
            path: Of the notebook or folder with the system, seen from the test file's folder.
        """
        return pytest_text(self, str(path))

    def save(self, folder: Path | str = "simulations", *, path: Path | str | None = None) -> Path:
        """Keep it as `NAME.json` with a test beside it, `test_NAME.py`, and return the path of the former.

        What somebody has changed by hand is never overwritten: another number is put behind the name.

        Args:
            folder: Where to; made when it is not there.
            path: Notebook or folder with the system; by default what it was read from, else the folder's own.

        Raises:
            FileUnwritable: The folder takes no files.
        """
        return write(self, Path(folder), None if path is None else Path(path))

    @property
    def replay_line(self) -> str:
        """Return both of `replay_lines` as one sentence."""
        return f"{', or '.join(self.replay_lines)}, once it is saved"

    @property
    def replay_lines(self) -> list[str]:
        """Return what to type to see it again, once it is saved: in a notebook, and in a terminal."""
        return [f'studio.replay("{self.name}")', f"studio simulate PATH --case simulations/{self.name}.json"]

    def as_json(self) -> str:
        """Return it as JSON to read: what was promised, what strikes, and the case."""
        values = {
            "form": FORM,
            "invariant": self.invariant,
            "promise": self.promise,
            "mode": self.mode,
            "faults": plan_in_words(self.plan),
            "violations": [json.loads(row) for row in self.rows],
            "case": json.loads(self.case.as_json()),
            "sources": self.sources,
            "studio": self.studio,
        }
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Counterexample:
        """Return the counterexample that `as_json` wrote.

        Raises:
            InvalidCounterexample: It is none.
        """
        try:
            return cls._from_values(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError, InvalidCase) as error:
            raise InvalidCounterexample(text=text[:80], reason=str(error).splitlines()[0]) from error

    @classmethod
    def _from_values(cls, values: Mapping[str, Any]) -> Counterexample:
        if values["form"] != FORM:
            raise ValueError(f"form={values['form']!r} is not known here")
        return cls(
            Case.from_json(json.dumps(values["case"])),
            str(values["invariant"]),
            tuple(json.dumps(row, sort_keys=True) for row in values["violations"]),
            str(values["mode"]),
            str(values["promise"]),
            str(values["sources"]),
            str(values["studio"]),
        )


def _promise(build: Build, invariant: str) -> str:
    """Return what is promised in words: the author's first paragraph, or our own summary."""
    declared = build.graph.invariants.get(invariant)
    text = declared.doc if declared else PROMISES[invariant].summary if invariant in PROMISES else ""
    return " ".join(text.split("\n\n")[0].split())


def _simpler(case: Case, run: Run) -> list[Case]:
    """Return simpler cases that may break the promise as well, the simplest first."""
    concrete = case if case.sends is not None else _concrete(case, run)
    found = list(dict.fromkeys((replace(concrete, seed=0), concrete, replace(case, seed=0), case)))
    return found[: found.index(case)]


def _concrete(case: Case, run: Run) -> Case:
    """Return the case with the messages that its run was sent, written out."""
    sent = run.sql("select at_ns, address, body from messages where sender = 'world' order by seq")
    if not 0 < len(sent) <= SENDS_MAX:
        return case
    return replace(case, sends=tuple(Sent(*row) for row in sent.iter_rows()))
