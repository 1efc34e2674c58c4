"""Put faults into a world and take them out again, and remember what was done, so that it can be undone.

One bench for each world, whoever acts: two dashboards and a notebook's controls on one world share what can be undone.
It loads nothing of Panel's, so that a notebook's controls can use it too.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.errors import NothingToUndo, StudioError
from studio.model.faults.composed_faults import Swarm
from studio.model.faults.network_faults import Lose
from studio.simulation.harming.fault_words import in_words

if TYPE_CHECKING:
    from studio.model.fault import Fault
    from studio.simulation.live.in_force import StandingFault
    from studio.simulation.world import World

__all__ = ["Act", "FaultBench", "bench_of"]

HISTORY_MAX = 100


@dataclass(slots=True, eq=False)
class _Entry:
    """A fault that can be put in force again, under other numbers; a swarm has as many as it drew."""

    fault: Fault
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done.

    Attributes:
        title: In words.
        put: What was put in force.
        taken: What was taken back.
    """

    title: str
    put: tuple[_Entry, ...] = ()
    taken: tuple[_Entry, ...] = ()

    @property
    def reverse(self) -> Act:
        """Return what takes it back."""
        return Act(self.title, self.taken, self.put)


class FaultBench:
    """What is done to the faults of a world, by whatever thread.

    Args:
        world: Which; use `bench_of`.
    """

    def __init__(self, world: World) -> None:
        self._world = weakref.ref(world)
        self._lock = threading.RLock()
        self._done: list[Act] = []
        self._undone: list[Act] = []
        self._entries: dict[int, _Entry] = {}

    @property
    def undoable(self) -> str:
        """What would be undone next, in words; empty where there is nothing."""
        return self._done[-1].title if self._done else ""

    @property
    def redoable(self) -> str:
        """What would be done again next, in words; empty where there is nothing."""
        return self._undone[-1].title if self._undone else ""

    def standing(self) -> tuple[StandingFault, ...]:
        """Return all faults of the world's plan, those too that are over."""
        return self._alive.faults

    def in_force(self) -> list[StandingFault]:
        """Return the faults that strike now, or may later."""
        return [each for each in self.standing() if each.is_in_force]

    # -- acts -------------------------------------------------------------------------------------------------------

    def inject(self, faults: Sequence[Fault], title: str = "") -> str:
        """Put faults in force as one act, and return what was done, in words."""
        with self._lock:
            words = title or "; ".join(map(in_words, faults))
            return self._do(Act(words, put=tuple(map(_Entry, faults))))

    def lift(self, numbers: Iterable[int], title: str = "") -> str:
        """Take faults back as one act, and return what was done, in words.

        Raises:
            NotInForce: One of them is not in force (any more).
        """
        with self._lock:
            taken = tuple(map(self._entry, numbers))
            return self._do(Act(title or f"lifted: {'; '.join(in_words(each.fault) for each in taken)}", taken=taken))

    def change(self, number: int, fault: Fault) -> str:
        """Put a fault in the place of another, as one act."""
        with self._lock:
            return self._do(Act(f"changed: {in_words(fault)}", (_Entry(fault),), (self._entry(number),)))

    def loss_of(self, target: str, source: str = "") -> float:
        """Return the share of messages that is lost on a link, as far as `set_loss` has said."""
        with self._lock:
            return max((each.fault.probability for each in self._losses(target, source)), default=0.0)

    def set_loss(self, target: str, share: float, source: str = "") -> str:
        """Lose a share of what goes to a target from now on, instead of what was lost so far.

        Args:
            target: Service, third party or address.
            share: From 0, which loses nothing, to 1.
            source: Only what this service sends; empty for anybody.
        """
        fault = Lose(target, probability=share or 1.0, source=(source,) if source else ())
        with self._lock:
            taken = tuple(self._entry(each.number) for each in self._losses(target, source))
            link = f"{source} → {target}" if source else target
            put = (_Entry(fault),) if share else ()
            return self._do(Act(f"loss of {link}: {share:.0%}", put, taken)) if put or taken else ""

    def undo(self) -> str:
        """Take the last act back, and return what it was.

        Raises:
            NothingToUndo: Nothing was done here, or all of it was undone.
            NotInForce: It is over by now; the next to be undone is what was done before.
        """
        with self._lock:
            if not self._done:
                raise NothingToUndo(what="undo")
            act = self._done.pop()  # also where it cannot be taken back: what was done before it can
            self._apply(act.reverse)
            self._undone.append(act)
            return act.title

    def redo(self) -> str:
        """Do again what was undone last, and return what it was.

        Raises:
            NothingToUndo: Nothing was undone since something else was done.
        """
        with self._lock:
            if not self._undone:
                raise NothingToUndo(what="redo")
            act = self._undone.pop()
            self._apply(act)
            self._done.append(act)
            return act.title

    # -- helpers ----------------------------------------------------------------------------------------------------

    @property
    def _alive(self) -> World:
        world = self._world()
        assert world is not None, "who asks a bench holds its world"
        return world

    def _losses(self, target: str, source: str) -> list[StandingFault]:
        wanted = (source,) if source else ()
        return [each for each in self.in_force() if _is_quick_loss(each.fault, target, wanted)]

    def _entry(self, number: int) -> _Entry:
        """Return the entry of a fault in force; one that was put there by other means gets its own."""
        if number in self._entries:
            return self._entries[number]
        found = [each.fault for each in self.in_force() if each.number == number]
        if not found:
            self._alive.lift(number)  # which refuses, and names those that there are
        return _Entry(found[0], (number,))

    def _do(self, act: Act) -> str:
        self._apply(act)
        self._done = [*self._done[1 - HISTORY_MAX :], act]
        self._undone.clear()
        return act.title

    def _apply(self, act: Act) -> None:
        """Take faults back, and put others in force; where that is refused, all is as it was."""
        standing = {each.number for each in self.in_force()}
        left = [each for each in act.taken if standing.intersection(each.numbers)]
        if act.taken and not left and not act.put:
            self._alive.lift(act.taken[0].numbers[0])  # which refuses, since it is over
        for each in left:
            for number in sorted(standing.intersection(each.numbers)):
                self._alive.lift(number)
        try:
            self._put(act.put)
        except StudioError:
            self._put(tuple(left))
            raise

    def _put(self, entries: tuple[_Entry, ...]) -> None:
        before = len(self.standing())
        is_drawn = any(isinstance(each.fault, Swarm) for each in entries)
        for some in [[each] for each in entries] if is_drawn else [entries] if entries else []:
            self._alive.inject(*(each.fault for each in some))
            made = [each.number for each in self.standing()[before:]]
            before += len(made)
            for place, each in enumerate(some):
                each.numbers = tuple(made) if is_drawn else (made[place],)
                self._entries.update(dict.fromkeys(each.numbers, each))


def _is_quick_loss(fault: Fault, target: str, source: tuple[str, ...]) -> bool:
    is_plain = not (fault.also or fault.to or fault.occurrence or fault.every or fault.until_ns is not None)
    return isinstance(fault, Lose) and is_plain and fault.target == target and fault.source == source


_BENCHES: weakref.WeakKeyDictionary[World, FaultBench] = weakref.WeakKeyDictionary()
_LOCK = threading.Lock()


def bench_of(world: World) -> FaultBench:
    """Return the bench of a world, the same for all who act on it."""
    with _LOCK:
        if world not in _BENCHES:
            _BENCHES[world] = FaultBench(world)
        return _BENCHES[world]
