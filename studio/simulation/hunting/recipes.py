"""List the ways in which faults strike: one row says which kind, at what places, with which fields.

The order is that in which such things are met in production, simplest first: answers that do not come, redeliveries,
requests lost, refused connections, processes that die between an effect and the word of it, errors of others; then what
is rarer, or takes more to state. A new kind of fault is one more row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from studio.model.distribution import Constant, Distribution
from studio.model.duration import format_ns
from studio.model.fault import KINDS, Fault
from studio.simulation.hunting.places import Place

__all__ = ["TABLE", "Recipe"]

SECOND_NS = 1_000_000_000
LASTING_NS = 30 * SECOND_NS
"""How long a service is down, or cut off, for a while."""
PAUSE_NS = 65 * SECOND_NS
"""How long a paused process stands still: longer than brokers wait for an acknowledgement, and callers for answers, and
no multiple of that: who wakes at the instant of a redelivery finds his damage mended as he does it."""
REPLACED_NS = 10 * SECOND_NS
JUMP_NS = 5 * SECOND_NS
"""By how much a clock that was away is set anew."""

Value = Any  # a field's value, or what makes it for a place
Strikes = Literal["nth", "instant", "lasting"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way to make faults.

    Attributes:
        kind: Of the fault, as in plans; a row of a kind that is not registered makes nothing.
        places: Kinds of places that it strikes.
        fields: Of the fault, besides its target and when it strikes; a function takes the place and gives the value.
        strikes: At the n-th occasion, at the instant of the n-th, or from the first on for a while.
        only_asked: Why it is tried only when its kind is asked for by name; empty where it always is.
        target: What it strikes instead of the place.
    """

    kind: str
    places: tuple[str, ...]
    fields: Mapping[str, Value] = field(default_factory=dict)
    strikes: Strikes = "nth"
    only_asked: str = ""
    target: str = ""

    def make(self, place: Place, nth: int) -> Fault:
        """Return the fault that strikes a place.

        Args:
            place: Where.
            nth: The occasion, from 1.

        Raises:
            InvalidFault: It cannot be stated of this place.
        """
        values = {name: value(place) if callable(value) else value for name, value in self.fields.items()}
        return KINDS[self.kind](self.target or place.name, **self._when(place, nth), **values)

    def _when(self, place: Place, nth: int) -> dict[str, Any]:
        match self.strikes:
            case "nth":
                return {"occurrence": nth}
            case "instant":
                return {"from_ns": place.times_ns[nth - 1]}
        from_ns = place.times_ns[0]
        return {"from_ns": from_ns, "until_ns": from_ns + LASTING_NS}


def beyond(place: Place) -> Distribution:
    """Return a time for which nobody waits there."""
    return Constant(format_ns(place.patience_ns + SECOND_NS))


def replica(place: Place) -> int:
    """Return the number of the replica that is at work there."""
    return place.replica


def older(place: Place) -> str:
    """Return the version before the latest of the saga that is at work there."""
    return place.older


def point(name: str) -> dict[str, Value]:
    """Return the fields of a crash at a named point."""
    return {"point": name}


def leg(name: str) -> dict[str, Value]:
    """Return the fields of a loss on a leg."""
    return {"leg": name}


ASKED = ("call", "third-party")
STUB = ("third-party",)
EVENT = ("event",)
TAKEN = ("delivery",)
RUN = ("handler", "delivery")
SERVED = ("service", "third-party")
KEPT = ("collection",)
AT_WORK = ("replica",)

AS_LOST = "it does to the system what a loss does"
AS_DOWN = "it does to the system what a service that is down does"
AS_LATE = "it does to the system what latency does"
AS_JUMP = "it does to the system what a jump of the clock does"
FORGETS = "what was acknowledged is forgotten, which no system survives that rests on it"
FOR_EVER = "no handler ever takes the message, so that whatever waits for it never comes"

TABLE: tuple[Recipe, ...] = (
    Recipe("lose", ASKED, leg("reply")),
    Recipe("lose", TAKEN, leg("acknowledgement")),
    Recipe("duplicate", TAKEN),
    Recipe("lose", ASKED, leg("request")),
    Recipe("down", SERVED),
    Recipe("crash-point", TAKEN, point("before-acknowledge")),
    Recipe("crash-point", ("collection", "third-party", "call", "event"), point("after-effect")),
    Recipe("crash-point", ("handler", "delivery", "step", "job"), point("before-handler")),
    Recipe("crash-point", ("step",), point("before-journal")),
    Recipe("crash-point", EVENT, point("before-publish")),
    Recipe("crash-point", ("compensation",), point("during-compensation")),
    Recipe("fail", RUN),
    Recipe("fail", ("compensation",), {"during": "compensation"}),
    Recipe("respond", STUB, {"status": 503}),
    Recipe("respond", STUB, {"status": 503, "ran": True}),
    Recipe("down", SERVED, strikes="lasting"),
    Recipe("latency", ASKED, {"extra": beyond, "leg": "request"}),
    Recipe("lose", EVENT, leg("reply")),
    Recipe("lose", EVENT, leg("publish")),
    Recipe("lose", TAKEN, leg("request")),
    Recipe("reorder", TAKEN, {"within_ns": 5 * SECOND_NS}),
    Recipe("storage-error", KEPT),
    Recipe("storage-error", KEPT, {"committed": True}),
    Recipe("storage-conflict", KEPT),
    Recipe("crash", AT_WORK, {"replica": replica}, "instant"),
    Recipe("pause", AT_WORK, {"replica": replica, "lasts_ns": PAUSE_NS}, "instant"),
    Recipe("pause", AT_WORK, {"replica": replica, "lasts_ns": PAUSE_NS, "replaced_after_ns": REPLACED_NS}, "instant"),
    Recipe("poison", TAKEN, only_asked=FOR_EVER),
    Recipe("hang", RUN),
    Recipe("throttle", STUB),
    Recipe("partition", SERVED, strikes="lasting"),
    Recipe("deploy", AT_WORK, strikes="instant"),
    Recipe("deploy", ("version",), {"before": older}, "instant"),
    Recipe("garbage", ASKED),
    Recipe("poison", TAKEN, {"kills": True}, only_asked=FOR_EVER),
    Recipe("storage-stall", KEPT, {"extra": beyond}),
    Recipe("stale-read", KEPT, strikes="lasting", only_asked=FORGETS),
    Recipe("broker-loses", EVENT, {}, "instant", target="bus", only_asked=FORGETS),
    Recipe("lose-unsynced", AT_WORK, strikes="instant", only_asked=FORGETS),
    Recipe("clock-jump", AT_WORK, {"by_ns": JUMP_NS}, "instant"),
    Recipe("clock-jump", AT_WORK, {"by_ns": JUMP_NS, "back": True}, "instant"),
    Recipe("exhaust", STUB, strikes="lasting"),
    Recipe("call-back", STUB),
    Recipe("timeout", ASKED, only_asked=AS_LOST),
    Recipe("timeout", ASKED, {"ran": False}, only_asked=AS_LOST),
    Recipe("late", ASKED, only_asked=AS_LOST),
    Recipe("refuse", ASKED, only_asked=AS_DOWN),
    Recipe("slow", RUN, {"extra": beyond}, only_asked=AS_LATE),
    Recipe("clog", ("call",), {"per_s": 1.0}, "lasting"),
    Recipe("clock-offset", AT_WORK, {"by_ns": JUMP_NS}, "lasting", only_asked=AS_JUMP),
    Recipe("clock-drift", AT_WORK, {"ppm": 100_000}, "lasting", only_asked=AS_JUMP),
)
"""Every way, in the order in which they are tried."""
