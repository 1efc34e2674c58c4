"""Choose among a callee's replicas, by what this caller knows: whose turn it is, how many of its calls each has.

Random two is the power of two choices (Mitzenmacher, 2001), as in Envoy's least-request balancer; consistent hashing is
rendezvous hashing (Thaler and Ravishankar, 1998): each key ranks all replicas, so one that leaves moves only its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from studio.model.routing import Balance, ConsistentHash
from studio.runtime.identifiers import causal_key, key_of_text

__all__ = ["Balancer", "ranked"]

Draw = Callable[[int], float]
"""Return a number in [0, 1) for the first or second draw of an attempt."""


class Balancer:
    """One caller's view of one callee's load.

    Args:
        balance: How to choose.
    """

    __slots__ = ("_turn", "balance", "under_way")

    def __init__(self, balance: Balance) -> None:
        self.balance = balance
        self.under_way: Counter[int] = Counter()
        self._turn = 0

    def pick(self, replicas: Sequence[int], key: str, draw: Draw) -> int:
        """Return the replica to call.

        Args:
            replicas: Those to choose from, at least one.
            key: Of the message, for consistent hashing.
            draw: Randomness, for random two.
        """
        if isinstance(self.balance, ConsistentHash):
            return ranked(replicas, key)[0]
        if self.balance == "random-two":
            return min(_two(replicas, draw), key=lambda replica: self.under_way[replica])
        self._turn += 1
        if self.balance == "round-robin":
            return replicas[(self._turn - 1) % len(replicas)]
        # Among equally loaded ones it goes round, or an idle system would send everything to the first.
        order = [replicas[(self._turn - 1 + step) % len(replicas)] for step in range(len(replicas))]
        return min(order, key=lambda replica: self.under_way[replica])

    def begin(self, replica: int) -> None:
        """Count a call that is under way at a replica."""
        self.under_way[replica] += 1

    def end(self, replica: int) -> None:
        """Count it no longer."""
        self.under_way[replica] -= 1
        if not self.under_way[replica]:
            del self.under_way[replica]


def ranked(replicas: Sequence[int], key: str) -> list[int]:
    """Return replicas in the order in which a key prefers them."""
    hashed = key_of_text(key)
    # The mix ends in a multiplication, whose high bits are the good ones.
    return sorted(replicas, key=lambda replica: (causal_key(hashed, key_of_text(f"replica {replica}"), 1), replica))


def _two(replicas: Sequence[int], draw: Draw) -> tuple[int, int]:
    """Return two different replicas drawn at random; the same twice where there is only one."""
    first = int(draw(1) * len(replicas))
    if len(replicas) == 1:
        return replicas[0], replicas[0]
    second = int(draw(2) * (len(replicas) - 1))
    return replicas[first], replicas[second + (second >= first)]
