"""Apply what befalls messages on their way: calls, replies, events, acknowledgements, requests to third parties."""

from __future__ import annotations

from studio.model.faults.delivery_faults import Duplicate
from studio.model.faults.network_faults import Latency, Lose, Timeout
from studio.model.faults.process_faults import Down
from studio.simulation.harming.applier import ANYWAY, Applier, Way
from studio.simulation.randomness import mix, stable_key

__all__ = ["MessageHarm"]

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


class MessageHarm(Applier):
    """Faults on messages.

    Every question names an address or a third party, the causal key of what is carried (another attempt has another),
    its id for the record, and between whom it passes, where that is known.
    """

    kinds = (Latency, Lose, Duplicate, Down, Timeout)

    def extra_ns(self, target: str, leg: str, causal: int, message: int, way: Way = ANYWAY) -> int:
        """Return how much longer a leg takes.

        Args:
            target: Address or third party.
            leg: request, reply, publish, delivery (of an event) or acknowledgement.
            causal: Key of what is carried.
            message: Its id.
            way: Between whom.
        """
        extra_ns = 0
        for standing, fault in self.of(Latency, target, way.to, way=way):
            key = mix(causal, stable_key(leg))
            if leg in LEGS[fault.leg] and self.harm.strikes(standing, key):
                added_ns = fault.extra.quantile_ns(self.harm.draw(standing, key, 7))
                if added_ns:
                    self.harm.note(standing, message, f"{leg} +{added_ns} ns")
                extra_ns += added_ns
        return extra_ns

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
        return False

    def duplicates_ns(self, target: str, causal: int, message: int, way: Way = ANYWAY) -> int | None:
        """Return after how long an event is delivered once more; None when it is not."""
        for standing, fault in self.of(Duplicate, target, way.to, way=way):
            if self.harm.strikes(standing, causal):
                self.harm.note(standing, message, "delivered twice")
                return fault.after_ns
        return None

    def is_down(self, target: str, causal: int, message: int, way: Way = ANYWAY) -> bool:
        """Say whether a service or third party refuses connections."""
        for standing, _ in self.of(Down, target, way=way):
            if self.harm.strikes(standing, causal):
                self.harm.note(standing, message, "refused the connection")
                return True
        return False
