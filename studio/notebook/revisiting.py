"""After a cell was changed, run what is kept against the code before and after, and say what is mended.

It happens once the cell has answered, between the kernel's other work: one counterexample in each turn of its loop,
for five seconds at most, never while a cell runs. Where no loop runs, as in a terminal, it happens at once, in one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from studio.errors import StudioError
from studio.graph.system import Build, System
from studio.notebook.cards.card import Card, Cell, Section, Span, Table, code, muted, words
from studio.notebook.cards.wording import count
from studio.simulation.current import home

if TYPE_CHECKING:
    from studio.simulation.counterexample.kept import Kept, Retried
    from studio.simulation.travel.alignment import Parting

__all__ = ["Revisit", "Revisited", "Revisits"]

BUDGET_S: Final = 5.0
BUDGET_AT_ONCE_S: Final = 1.0
BUILDS_MAX: Final = 4
"""Versions of the system that are kept to compare with."""
VERDICTS_MAX: Final = 500


@dataclass(frozen=True, slots=True)
class Revisited:
    """What came of one counterexample.

    Attributes:
        now: With the code as it is.
        parting: The first event that is another than with the code before; None where there is none.
    """

    now: Retried
    parting: Parting | None


@dataclass(slots=True)
class Revisit:
    """The replay of all that is kept, after one change.

    Attributes:
        before: The code before it; None where that could not run.
        after: The code as it is.
        left: What is still to be run.
        found: What came of the others.
        until_s: When to stop, on the machine's clock.
        reason: Why not all were run; empty while that is not so.
    """

    before: Build | None
    after: Build
    left: list[Kept]
    until_s: float
    found: list[Revisited] = field(default_factory=list)
    reason: str = ""

    def step(self) -> bool:
        """Run the next one; say whether more are left."""
        from studio.simulation.counterexample.kept import retry

        kept = self.left.pop(0)
        now = retry(kept, self.after)
        self.found.append(Revisited(now, self._parting(kept, now)))
        if self.left and time.monotonic() > self.until_s:
            self.reason = "time is up; `studio simulate PATH --kept` runs them all"
        return bool(self.left) and not self.reason

    def _parting(self, kept: Kept, now: Retried) -> Parting | None:
        from studio.simulation.counterexample.rerun import quiet_run
        from studio.simulation.travel.alignment import parting

        if self.before is None or now.run is None:
            return None
        try:
            then = quiet_run(kept.counterexample.case, self.before)
        except StudioError:
            return None
        return parting(then.log.records(), now.run.log.records(), is_timed=False)

    @property
    def card(self) -> Card:
        """Return what came of it so far."""
        mended = sum(each.now.is_mended for each in self.found)
        failing = len(self.found) - mended
        facts: Cell = (
            *words(f"✓ {mended} mended" if mended else "", "good"),
            *words(f"✗ {failing} still {'fails' if failing == 1 else 'fail'}" if failing else "", "error"),
            *((Span(f"{len(self.left)} to go"),) if self.left and not self.reason else ()),
        )
        sections: tuple[Section, ...] = (
            Table("", ("Counterexample", "Now", "What it takes"), tuple(map(_verdict, self.found))),
            Table(
                "The first event that is another than with the code before",
                ("Counterexample", "Before", "Now"),
                tuple(_sides(each) for each in self.found if each.parting is not None),
            ),
        )
        notes = (f"{count(len(self.left), 'counterexample')} not run: {self.reason}.",) if self.reason else ()
        return Card("counterexample", "kept", facts, sections=sections, notes=notes)


class Revisits:
    """What a session does about its kept counterexamples when cells change.

    Args:
        system: What the cells declare.

    Attributes:
        verdicts: What came of each when it was run last, by name, without its run.
        on_verdict: Called when that has changed.
    """

    def __init__(self, system: System) -> None:
        self._system = system
        self._builds: dict[str, Build] = {}
        self._before: str | None = None
        self._running: Revisit | None = None
        self._handle: Any = None
        self.verdicts: dict[str, Retried] = {}
        self.on_verdict: Callable[[], None] = lambda: None

    def changing(self) -> str:
        """Keep the code as it is before a cell changes it, and return its hash; empty where it does not run."""
        try:
            build = self._system.build()
        except StudioError:
            return ""
        self._builds.pop(build.digest, None)
        self._builds[build.digest] = build
        while len(self._builds) > BUILDS_MAX:
            del self._builds[next(iter(self._builds))]
        return build.digest

    def changed(self, before: str) -> None:
        """Note that a cell has changed the code that had a hash."""
        self._before = before if self._before is None else self._before

    def cancel(self, _: object = None) -> None:
        """Stop what is under way, since a cell begins to run; an IPython callback."""
        if self._running is not None:
            self._running.reason = "another cell was run"
            self._show()
            self._running = None

    def begin(self, _: object = None) -> None:
        """Replay what is kept, if the cell that has ended changed the code; an IPython callback."""
        before, self._before = self._before, None
        if before is None:
            return
        revisit = self._revisit(before)
        if revisit is None:
            return
        self._running, self._handle = revisit, None
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self._run_at_once(revisit)
        else:
            self._show()
            loop.call_soon(self._turn, revisit, loop.call_soon)

    def _revisit(self, before: str) -> Revisit | None:
        """Return what is to be done; None where nothing is kept, or nothing has changed."""
        from studio.simulation.counterexample.kept import kept_beside, remembered

        place = home() or Path.cwd() / "notebook.ipynb"
        kept = {each.name: each for each in (*kept_beside(place), *remembered(self._system))}
        mine = [each for each in kept.values() if each.counterexample.case.scenario in self._system.graph.scenarios]
        try:
            after = self._system.build() if mine else None
        except StudioError:
            return None
        if after is None or after.digest == before:
            return None
        return Revisit(self._builds.get(before), after, mine, time.monotonic() + BUDGET_S)

    def _run_at_once(self, revisit: Revisit) -> None:
        revisit.until_s = time.monotonic() + BUDGET_AT_ONCE_S
        while revisit.step():
            pass
        self._show()
        self._keep(revisit)
        self._running = None

    def _turn(self, revisit: Revisit, soon: Callable[..., object]) -> None:
        """Run one counterexample in this turn of the kernel's loop; a cell that was begun since has ended it."""
        if self._running is not revisit:
            return
        is_more = revisit.step()
        self._show()
        self._keep(revisit)
        if is_more:
            soon(self._turn, revisit, soon)
        else:
            self._running = None

    def _keep(self, revisit: Revisit) -> None:
        self.verdicts.update({each.now.kept.name: replace(each.now, run=None) for each in revisit.found})
        while len(self.verdicts) > VERDICTS_MAX:
            del self.verdicts[next(iter(self.verdicts))]
        self.on_verdict()

    def _show(self) -> None:
        from IPython import display

        assert self._running is not None
        show: Any = display.display  # IPython leaves it untyped
        if self._handle is None:
            self._handle = show(self._running.card, display_id=True)
        else:
            self._handle.update(self._running.card)


def _verdict(each: Revisited) -> tuple[Cell, Cell, Cell]:
    now, found = each.now, each.now.kept.counterexample
    verdict = words("✓ mended", "good") if now.is_mended else words("✗ still fails", "error")
    if now.obstacle:
        verdict = words(f"? cannot be run: {now.obstacle}", "warning")
    return code(found.invariant), verdict, muted(str(found).partition(": ")[2])


def _sides(each: Revisited) -> tuple[Cell, Cell, Cell]:
    assert each.parting is not None
    return code(each.now.kept.counterexample.invariant), words(each.parting.first), words(each.parting.second)
