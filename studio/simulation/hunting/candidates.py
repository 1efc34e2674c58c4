"""Make faults for places: which of them can strike what kind of place, and at which occasions."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from studio.errors import InvalidFault, UnknownFaultKind, nearest
from studio.model.fault import KINDS, Fault, plan_to
from studio.simulation.hunting.places import Place
from studio.simulation.hunting.recipes import TABLE, Recipe

__all__ = ["Candidate", "candidates_of", "check_kinds", "key_of", "whens"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fault that could strike, and where.

    Attributes:
        fault: The fault.
        place: What it strikes.
        key: Tells it from other candidates, in whatever run.
        family: The same for one kind of fault at all occasions of a place.
        is_lasting: Whether it strikes for a while, whatever comes.
    """

    fault: Fault
    place: Place
    key: str
    family: tuple[object, ...]
    is_lasting: bool = False


def candidates_of(places: Sequence[Place], kinds: Collection[str] | None = None) -> list[Candidate]:
    """Return the faults that can strike some places: at the first occasions of all, then at second and last ones.

    Args:
        places: As a run revealed them.
        kinds: Kinds of faults to make; None makes all that differ in what they do to the system.
    """
    ranked: list[tuple[int, int, Candidate]] = []
    for rank, recipe in enumerate(TABLE):
        if recipe.only_asked if kinds is None else recipe.kind not in kinds:
            continue
        for place in places:
            if place.kind in recipe.places and recipe.kind in KINDS:
                for turn, nth in enumerate(whens(place, recipe)):
                    ranked += [(turn, rank, made) for made in _made(recipe, place, nth, rank)]
    ranked.sort(key=lambda each: each[:2])
    return list({candidate.key: candidate for _, _, candidate in reversed(ranked)}.values())[::-1]


def whens(place: Place, recipe: Recipe) -> list[int]:
    """Return the occasions to try at a place: the first, the second, the last."""
    if recipe.strikes == "lasting":
        return [1]
    count = len(place.times_ns)
    return sorted({min(nth, count) for nth in (1, 2, count)})


def check_kinds(kinds: Iterable[str] | None) -> tuple[str, ...] | None:
    """Return kinds of faults to try; None for all.

    Raises:
        UnknownFaultKind: The hunt knows no way to make one.
    """
    if kinds is None:
        return None
    known = sorted({recipe.kind for recipe in TABLE})
    wanted = tuple(dict.fromkeys(kinds))
    for kind in wanted:
        if kind not in known:
            made = f"known: {', '.join(known)}" if kind not in KINDS else f"hunts make {', '.join(known)}"
            raise UnknownFaultKind(kind=kind, known=f"{nearest(kind, known)} ({made})")
    return wanted


def key_of(fault: Fault) -> str:
    """Return what tells a fault from others."""
    return json.dumps(plan_to((fault,)), sort_keys=True)


def _made(recipe: Recipe, place: Place, nth: int, rank: int) -> list[Candidate]:
    try:
        fault = recipe.make(place, nth)
    except InvalidFault:  # this fault cannot be stated of this place
        return []
    return [Candidate(fault, place, key_of(fault), (rank, *place.key), recipe.strikes == "lasting")]
