"""Faults made of faults: those that strike together or not at all, and swarms, of which each seed draws its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from studio.errors import nearest
from studio.model.fault import KINDS, Fault, add, registered, when

__all__ = ["Swarm", "Together", "swarm", "together"]

_COMPOSED = ("together", "swarm")


@registered
@dataclass(frozen=True, slots=True)
class Together(Fault):
    """Faults with one cause: one window, one draw, one count of occasions for all of them.

    A window or occurrence of its own takes the place of those of its parts. A probability is that of the cause: whether
    it comes up in a run at all is drawn once.
    """

    kind: ClassVar[str] = "together"
    target: str = ""
    parts: tuple[Fault, ...] = ()

    def complaint(self) -> str:
        """Say what is wrong with its parts."""
        if not self.parts:
            return "it has no parts"
        if any(isinstance(part, Together | Swarm) for part in self.parts):
            return "a part is made of faults itself"
        return "its parts have targets, sources and `to` of their own" if self.also or self.source or self.to else ""


@registered
@dataclass(frozen=True, slots=True)
class Swarm(Fault):
    """A plan that each seed draws for itself: of the parts, or of the kinds, a random subset at random rates and times.

    Each is in with a chance of `share`: runs that leave some kinds out reach states that runs with all of them do not
    (Groce, Zhang, Eide, Chen, Regehr: Swarm Testing, 2012, where the chance is one half).
    """

    kind: ClassVar[str] = "swarm"
    target: str = ""
    parts: tuple[Fault, ...] = ()
    kinds: tuple[str, ...] = ()
    share: float = 0.5

    def complaint(self) -> str:
        """Say what is wrong with its parts."""
        unknown = next((name for name in self.kinds if name not in KINDS or name in _COMPOSED), None)
        if unknown is not None:
            return f"unknown kind {unknown}; nearest: {nearest(unknown, sorted(set(KINDS) - set(_COMPOSED)))}"
        if any(isinstance(part, Swarm) for part in self.parts):
            return "a part is a swarm itself"
        return "" if 0 <= self.share <= 1 else f"share={self.share} is not between 0 and 1"


def together(*parts: Fault, **options: Any) -> Fault:
    """Let several faults strike as one: a service, a link, a zone that go down together.

    Args:
        parts: Faults; in a scenario they are then no faults of their own.
        options: `at`, `until` (one window for all), `probability` (that it comes up in a run), `occurrence` (only the
            n-th occasion of all of them).
    """
    return add(Together(**when(options), parts=parts), parts)


def swarm(*parts: Fault | str, kinds: Sequence[str] = (), share: float = 0.5, **options: Any) -> Fault:
    """Draw, for each seed, some of many faults, at rates and times of its own.

    What was drawn is in `run.plan`, as an ordinary plan.

    Args:
        parts: Faults, of which times and rates are drawn anew, or names of kinds (`"crash"`).
        kinds: More names of kinds; of these, targets are drawn too. Where neither faults nor kinds are given, it is
            every kind that can strike the system.
        share: Chance of each to be in.
        options: `at`, `until`: within which all of them fall.

    Example:
        swarm("crash", "lose", "duplicate", until="30s")
    """
    faults = tuple(part for part in parts if isinstance(part, Fault))
    named = (*(part for part in parts if not isinstance(part, Fault)), *kinds)
    return add(Swarm(**when(options), parts=faults, kinds=named, share=share), faults)
