"""Apply what befalls messages on their way: calls, replies, events, acknowledgements, requests to third parties."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.faults.data_faults import Mismatch
from studio.model.faults.delivery_faults import Duplicate, Reorder
from studio.model.faults.handler_faults import Garbage
from studio.model.faults.network_faults import Late, Latency, Lose, Refuse, Timeout
from studio.model.faults.process_faults import Down
from studio.simulation.harming.applier import ANYWAY, Applier, Standing, Way
from studio.simulation.harming.data_harm import DataHarm
from studio.simulation.harming.link_harm import LinkHarm
from studio.simulation.randomness import mix, stable_key

if TYPE_CHECKING:
    from studio.simulation.harming.harm import Harm

__all__ = ["GARBAGE", "MessageHarm"]

# Which legs a fault means by what its author calls a leg. To an author the way of an event to its consumer is the
# request; that of an event to the broker is `publish`.
LEGS = {
    "request": ("request", "delivery"),
    "reply": ("reply",),
    "acknowledgement": ("acknowledgement",),
    "publish": ("publish",),
    "both": ("request", "delivery", "reply"),
}
NOT_RUN = ("request", "publish")
_NAMED = (Latency, Lose, Duplicate, Down, Timeout, Refuse, Late, Reorder, Garbage)
"""Those that strike what goes to an address or an owner that they name; others may look at who sends."""
GARBAGE = {"bytes": b"\x81garbage", "json": b'[["garbage"]]'}
"""What arrives instead of a message: bytes that are no UTF-8, and JSON that no contract has."""


class MessageHarm(Applier):
    """Faults on messages, and on the links that they pass.

    Every question names an address or a third party, the causal key of what is carried (another attempt has another),
    its id for the record, and between whom it passes, where that is known.

    Attributes:
        links: Those that ask between whom something passes, and not what it is.
        data: Those that change what is carried.
        calm_ns: Address to an instant before which no fault strikes calls of it, where that is known: a plan that
            waits for its hour, or strikes elsewhere, must not slow down all the rest.
    """

    kinds = (Latency, Lose, Duplicate, Down, Timeout, Refuse, Late, Reorder, Garbage, Mismatch, *LinkHarm.kinds)

    def __init__(self, harm: Harm) -> None:
        self.calm_ns: dict[str, int] = {}
        self.links = LinkHarm(harm)
        self.data = DataHarm(harm)
        super().__init__(harm)

    def take(self, standing: Standing) -> None:
        """Apply one more fault from now on."""
        super().take(standing)
        self.calm_ns.clear()

    def is_calm(self, address: str, owner: str) -> bool:
        """Say whether no fault can strike calls of an address now; what it looks at is known until then."""
        until_ns = self.calm_ns[address] = self.calm_until_ns(
            lambda each: not isinstance(each.fault, _NAMED) or each.names(address) or each.names_part_of(owner)
        )
        return self.harm.now_ns < until_ns

    def extra_ns(self, target: str, leg: str, causal: int, message: int, way: Way = ANYWAY) -> int:
        """Return how much longer a leg takes.

        Args:
            target: Address or third party.
            leg: request, reply, publish, delivery (of an event) or acknowledgement.
            causal: Key of what is carried.
            message: Its id.
            way: From who asked, or published, to who answers or takes it; the same for all legs.
        """
        extra_ns, key = 0, mix(causal, stable_key(leg))
        for standing, fault in self.of(Latency, target, way.to, way=way):
            if leg in LEGS.get(fault.leg, ()) and self.harm.strikes(standing, key):
                added_ns = fault.extra.quantile_ns(self.harm.draw(standing, key, 7))
                if added_ns:
                    self.harm.note(standing, message, f"{leg} +{added_ns} ns")
                extra_ns += added_ns
        if leg == "delivery":
            extra_ns += self._held_ns(target, causal, message, way)
        return extra_ns + self.links.extra_ns(target, leg, causal, message, way) if self.links.is_on else extra_ns

    def _held_ns(self, target: str, causal: int, message: int, way: Way) -> int:
        """Return how long an event is held back, so that others overtake it."""
        held_ns = 0
        for standing, fault in self.of(Reorder, target, way.to, way=way):
            if self.harm.strikes(standing, causal):
                own_ns = int(fault.within_ns * self.harm.draw(standing, causal, 8))
                self.harm.note(standing, message, f"held back {own_ns} ns")
                held_ns += own_ns
        return held_ns

    def loses(self, target: str, leg: str, causal: int, message: int, way: Way = ANYWAY) -> bool:
        """Say whether a leg loses what it carries; arguments as for `extra_ns`."""
        for standing, fault in self.of(Lose, target, way.to, way=way):
            if leg in LEGS[fault.leg] and self.harm.strikes(standing, causal):
                self.harm.note(standing, message, f"{leg} lost")
                return True
        for standing, late in self.of(Timeout, target, way.to, way=way):
            if leg in (("reply",) if late.ran else NOT_RUN) and self.harm.strikes(standing, causal):
                self.harm.note(standing, message, "timed out, having run" if late.ran else "timed out, not run")
                return True
        return self.links.is_on and self.links.loses(target, leg, causal, message, way)

    def duplicates_ns(self, target: str, causal: int, message: int, way: Way = ANYWAY) -> int | None:
        """Return after how long an event is delivered once more; None when it is not."""
        for standing, fault in self.of(Duplicate, target, way.to, way=way):
            if self.harm.strikes(standing, causal):
                self.harm.note(standing, message, "delivered twice")
                return fault.after_ns
        return None

    def is_down(self, owner: str, causal: int, message: int, way: Way = ANYWAY) -> bool:
        """Say whether a service, a replica (`Payment/2`) or a third party refuses connections."""
        for standing, _ in self.of(Down, owner, way=way):
            if self.harm.strikes(standing, causal):
                self.harm.note(standing, message, f"{owner} refused the connection")
                return True
        return False

    def refuses(self, target: str, owner: str, causal: int, message: int, way: Way = ANYWAY) -> bool:
        """Say whether a call, or a request to a third party, is refused on its way."""
        if self.is_down(owner, causal, message, way):
            return True
        for standing, _ in self.of(Refuse, target, owner, way=way):
            if self.harm.strikes(standing, causal):
                self.harm.note(standing, message, "refused")
                return True
        return False

    def late_ns(self, target: str, causal: int, message: int, way: Way = ANYWAY) -> int | None:
        """Return how long after the caller has given up a reply comes; None when it comes as it does."""
        for standing, fault in self.of(Late, target, way.to, way=way):
            if self.harm.strikes(standing, causal):
                self.harm.note(standing, message, "reply late")
                return fault.by_ns
        return None

    def arriving(  # noqa: PLR0917 - as above
        self, target: str, leg: str, body: bytes, causal: int, message: int, way: Way = ANYWAY
    ) -> bytes | None:
        """Return what arrives instead of a body: garbage, or what another version made; None where it arrives as it is.

        Args:
            target: Address.
            leg: request or reply.
            body: As it was sent.
            causal: Key of what is carried.
            message: Its id.
            way: As for `extra_ns`.
        """
        spoilt = self.garbage(target, leg, causal, message, way)
        if spoilt is None and self.data.is_on:
            spoilt = self.data.arriving(target, leg, body, causal, message, way)
        return spoilt

    def garbage(  # noqa: PLR0917 - as above
        self, target: str, leg: str, causal: int, message: int, way: Way = ANYWAY, usual: str = "request"
    ) -> bytes | None:
        """Return what arrives instead of a body; None where it arrives as it is.

        Args:
            target: Address or third party.
            leg: request or reply.
            causal: Key of what is carried.
            message: Its id: an event, once garbage, is so at every delivery.
            way: As for `extra_ns`.
            usual: The leg that a fault means which names none.
        """
        for standing, fault in self.of(Garbage, target, way.to, way=way):
            thing = mix(message, stable_key(leg))
            if (fault.leg or usual) == leg and self.harm.strikes_for_good(standing, thing, causal):
                self.harm.note(standing, message, f"{leg} garbage")
                return GARBAGE[fault.shape]
        return None
