"""Apply what befalls links: partitions that drop or hold what passes, and clogs on which messages queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.model.duration import SECOND_NS, format_ns
from studio.model.faults.network_faults import Clog, Partition
from studio.simulation.harming.applier import Applier, Standing, Way, is_side

if TYPE_CHECKING:
    from studio.simulation.harming.harm import Harm

__all__ = ["LinkHarm"]

_CLOGGED = ("request", "delivery", "publish")


class LinkHarm(Applier):
    """Faults on links, which ask between whom something passes and not what it is."""

    kinds = (Partition, Clog)

    def __init__(self, harm: Harm) -> None:
        self._free_ns: dict[int, int] = {}
        super().__init__(harm)

    def loses(self, target: str, leg: str, causal: int, message: int, way: Way) -> bool:
        """Say whether what passes is lost: cut off for good, or beyond a clogged link's queue."""
        hop = _hop(way, leg)
        for standing, cut in self.of_kind(Partition):
            if _is_cut(cut, hop) and not _is_held(cut) and self.harm.strikes(standing, causal):
                self.harm.note(standing, message, f"{leg} cut off")
                return True
        for standing, clog in self.of(Clog, target, way.to, way=way):
            if leg in _CLOGGED and clog.is_due(self.harm.now_ns) and self._queued(standing, clog) > clog.most:
                self.harm.note(standing, message, f"{leg} lost, {clog.most} queue")
                return True
        return False

    def extra_ns(self, target: str, leg: str, causal: int, message: int, way: Way) -> int:
        """Return how much longer what passes takes, since it is held or queues."""
        extra_ns, now_ns, hop = 0, self.harm.now_ns, _hop(way, leg)
        for standing, cut in self.of_kind(Partition):
            if _is_cut(cut, hop) and _is_held(cut) and self.harm.strikes(standing, causal):
                assert cut.until_ns is not None
                self.harm.note(standing, message, f"{leg} held until {format_ns(cut.until_ns)}")
                extra_ns = max(extra_ns, cut.until_ns - now_ns)
        for standing, clog in self.of(Clog, target, way.to, way=way):
            if leg in _CLOGGED and self.harm.strikes(standing, causal):
                extra_ns += self._queue(standing, clog, leg, message)
        return extra_ns

    def cuts_node(self, leg: str, causal: int, message: int, way: Way) -> bool:
        """Say whether a replica is cut off that only now, on arrival, turns out to be the one.

        What is held by it is lost too: there is no connection yet that would send it again.
        """
        hop = _hop(way, leg)
        for standing, cut in self.of_kind(Partition):
            is_by_replica = _is_cut(cut, hop) and not _is_cut(cut, hop._replace(number=0))
            if is_by_replica and self.harm.strikes(standing, causal):
                self.harm.note(standing, message, f"{leg} cut off from {way.to}/{way.number}")
                return True
        return False

    def _queued(self, standing: Standing, clog: Clog) -> int:
        """Return how many messages wait to pass."""
        waits_ns = self._free_ns.get(standing.key, 0) - self.harm.now_ns
        return 0 if waits_ns <= 0 else -(-waits_ns // _interval_ns(clog))

    def _queue(self, standing: Standing, clog: Clog, leg: str, message: int) -> int:
        """Let a message queue, and return for how long."""
        now_ns = self.harm.now_ns
        start_ns = max(self._free_ns.get(standing.key, 0), now_ns)
        self._free_ns[standing.key] = start_ns + _interval_ns(clog)
        if start_ns > now_ns:
            self.harm.note(standing, message, f"{leg} queues {format_ns(start_ns - now_ns)}")
        return start_ns - now_ns


def _hop(way: Way, leg: str) -> Way:
    """Return between whom a leg really passes: events go through the bus, answers go back."""
    if leg == "delivery":
        return way._replace(source="bus", replica=0)
    if leg == "acknowledgement":
        return Way(way.to, way.number, "bus")
    return way.back if leg == "reply" else way


def _interval_ns(clog: Clog) -> int:
    return max(round(SECOND_NS / clog.per_s), 1)


def _is_held(cut: Partition) -> bool:
    return cut.mode == "hold" and cut.until_ns is not None


def _is_cut(cut: Partition, way: Way) -> bool:
    """Say whether a partition lies between two, in that direction."""
    is_to, is_from = is_side(cut.targets, way.to, way.number), is_side(cut.targets, way.source, way.replica)
    if is_to and not is_from and cut.ways != "from":
        return not cut.source or is_side(cut.source, way.source, way.replica)
    if is_from and not is_to and cut.ways != "to":
        return not cut.source or is_side(cut.source, way.to, way.number)
    return False
