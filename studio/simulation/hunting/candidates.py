"""Make faults for places: one table says which faults can strike what kind of place, simplest and most frequent first.

The order is that in which such things are met in production: answers that do not come, redeliveries, requests lost,
refused connections, processes that die between an effect and the word of it; then what is rarer or takes more to state.
A new kind of fault is one more row.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from studio.errors import InvalidFault, UnknownFaultKind, nearest
from studio.model.distribution import Constant
from studio.model.duration import format_ns
from studio.model.fault import KINDS, Fault, plan_to
from studio.model.faults.delivery_faults import Duplicate
from studio.model.faults.network_faults import Latency, Lose, Timeout
from studio.model.faults.process_faults import Crash, CrashPoint, Down
from studio.simulation.hunting.places import Place

__all__ = ["TABLE", "Candidate", "Recipe", "candidates_of", "check_kinds", "key_of", "whens"]

OUTAGE_NS = 30_000_000_000
"""How long a service is down for a while."""
BEYOND_NS = 1_000_000_000
"""By how much a late message outlasts the patience of whoever waits for it."""

Make = Callable[[Place, int], Fault]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way to make faults.

    Attributes:
        kind: Of the fault, as in plans.
        places: Kinds of places that it strikes.
        make: Takes the place and the occasion, from 1.
        same_as: Kind that does the same to the system; the fault is then tried only when it is asked for by name.
        is_lasting: It strikes every occasion from the first on; one is made for a place, not one for each occasion.
    """

    kind: str
    places: tuple[str, ...]
    make: Make
    same_as: str = ""
    is_lasting: bool = False


def lost(leg: str) -> Make:
    """Return what makes losses of a leg."""
    return lambda place, nth: Lose(place.name, occurrence=nth, leg=leg)


def dies(point: str) -> Make:
    """Return what makes crashes at a named point."""
    return lambda place, nth: CrashPoint(place.name, occurrence=nth, point=point)


def late(place: Place, nth: int) -> Fault:
    """Make a message come when nobody waits for its answer any more."""
    return Latency(place.name, occurrence=nth, extra=Constant(format_ns(place.patience_ns + BEYOND_NS)), leg="request")


def outage(place: Place, _: int) -> Fault:
    """Make a service refuse connections for a while, from when it is first asked on."""
    from_ns = place.times_ns[0]
    return Down(place.name, from_ns=from_ns, until_ns=from_ns + OUTAGE_NS)


def killed(place: Place, nth: int) -> Fault:
    """Kill a replica in the midst of its work."""
    return Crash(place.name, from_ns=place.times_ns[nth - 1], replica=place.replica)


ASKED = ("call", "third-party")

TABLE: tuple[Recipe, ...] = (
    Recipe("lose", ASKED, lost("reply")),
    Recipe("lose", ("delivery",), lost("acknowledgement")),
    Recipe("duplicate", ("delivery",), lambda place, nth: Duplicate(place.name, occurrence=nth)),
    Recipe("lose", ASKED, lost("request")),
    Recipe("down", ("service", "third-party"), lambda place, nth: Down(place.name, occurrence=nth)),
    Recipe("crash-point", ("delivery",), dies("before-acknowledge")),
    Recipe("crash-point", ("collection", "third-party", "call", "event"), dies("after-effect")),
    Recipe("crash-point", ("handler", "delivery", "step", "job"), dies("before-handler")),
    Recipe("crash-point", ("step",), dies("before-journal")),
    Recipe("crash-point", ("event",), dies("before-publish")),
    Recipe("crash-point", ("compensation",), dies("during-compensation")),
    Recipe("down", ("service", "third-party"), outage, is_lasting=True),
    Recipe("latency", ASKED, late),
    Recipe("lose", ("event",), lost("reply")),
    Recipe("lose", ("event",), lost("publish")),
    Recipe("lose", ("delivery",), lost("request")),
    Recipe("crash", ("replica",), killed),
    Recipe("timeout", ASKED, lambda place, nth: Timeout(place.name, occurrence=nth), same_as="lose"),
    Recipe("timeout", ASKED, lambda place, nth: Timeout(place.name, occurrence=nth, ran=False), same_as="lose"),
)
"""Every way, in the order in which they are tried."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A fault that could strike, and where.

    Attributes:
        fault: The fault.
        place: What it strikes.
        key: Tells it from other candidates, in whatever run.
    """

    fault: Fault
    place: Place
    key: str


def candidates_of(places: Sequence[Place], kinds: Collection[str] | None = None) -> list[Candidate]:
    """Return the faults that can strike some places: at the first occasions of all, then at second and last ones.

    Args:
        places: As a run revealed them.
        kinds: Kinds of faults to make; None makes all that differ in what they do to the system.
    """
    ranked: list[tuple[int, int, Candidate]] = []
    for rank, recipe in enumerate(TABLE):
        if recipe.same_as if kinds is None else recipe.kind not in kinds:
            continue
        for place in places:
            if place.kind in recipe.places:
                for turn, nth in enumerate(whens(place, recipe)):
                    ranked += [(turn, rank, made) for made in _made(recipe, place, nth)]
    ranked.sort(key=lambda each: each[:2])
    return list({candidate.key: candidate for _, _, candidate in reversed(ranked)}.values())[::-1]


def whens(place: Place, recipe: Recipe) -> list[int]:
    """Return the occasions to try at a place: the first, the second, the last."""
    if recipe.is_lasting:
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


def _made(recipe: Recipe, place: Place, nth: int) -> list[Candidate]:
    try:
        fault = recipe.make(place, nth)
    except InvalidFault:  # this fault cannot be stated of this place
        return []
    return [Candidate(fault, place, key_of(fault))]
