"""What appliers of all families share: the faults of theirs that are in force, and how one tells whom it strikes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeVar

from studio.address import matches, parse, pattern
from studio.errors import StudioError
from studio.model.fault import Fault

if TYPE_CHECKING:
    from studio.simulation.harming.harm import Harm

__all__ = ["ANYWAY", "NEVER_NS", "Applier", "Kind", "Standing", "Way", "is_side"]

Kind = TypeVar("Kind", bound=Fault)


class Way(NamedTuple):
    """Between whom something passes.

    Attributes:
        source: Service, saga, `world`, or `bus`; empty where it is not known.
        replica: Of the source, from 1.
        to: Service, saga, third party or `bus`; empty where it is not known.
        number: Of the replica that it goes to, from 1; 0 where that is not known yet.
    """

    source: str = ""
    replica: int = 0
    to: str = ""
    number: int = 0

    @property
    def back(self) -> Way:
        """Return the way of an answer."""
        return Way(self.to, self.number, self.source, self.replica)


ANYWAY = Way()
NEVER_NS = 1 << 62
"""An instant that no run comes to."""


class Standing:
    """A fault in force.

    Args:
        number: Its place in the plan, from 1; records name it so.
        fault: Which.
        key: Of its draws, its own among all.
        place: Among faults of one cause, from 1; 0 where their occasions are counted together.
    """

    __slots__ = ("_memo", "counter", "fault", "key", "number")

    def __init__(self, number: int, fault: Fault, key: int, place: int = 0) -> None:
        self.number, self.fault, self.key = number, fault, key
        self.counter = (number, place)
        self._memo: dict[str, bool] = {}

    def names(self, name: str) -> bool:
        """Say whether a name is among the fault's targets, by itself or by a pattern."""
        known = self._memo.get(name)
        if known is None:
            known = self._memo[name] = any(_matches(wanted, name) for wanted in self.fault.targets)
        return known

    def names_node(self, owner: str, number: int) -> bool:
        """Say whether a replica is among the fault's targets, by itself or by its owner."""
        return self.names(owner) or self.names(f"{owner}/{number}")

    def names_part_of(self, owner: str) -> bool:
        """Say whether an owner, or any of its replicas, is among the fault's targets."""
        return self.names(owner) or any(each.startswith(f"{owner}/") for each in self.fault.targets)

    def is_on(self, way: Way) -> bool:
        """Say whether the fault concerns what passes between two."""
        fault = self.fault
        if fault.source and not is_side(fault.source, way.source, way.replica):
            return False
        return not fault.to or is_side(fault.to, way.to, way.number)


class Applier:
    """Base of the families: keeps those of their faults that are in force.

    Args:
        harm: The plan in force.

    Attributes:
        is_on: Whether there are any; where not, the engine asks nothing else.
    """

    kinds: ClassVar[tuple[type[Fault], ...]] = ()
    """What it applies."""

    def __init__(self, harm: Harm) -> None:
        self.harm = harm
        self.is_on = False
        self.standing: list[Standing] = []
        harm.join(self)

    def take(self, standing: Standing) -> None:
        """Apply one more fault from now on."""
        self.is_on = True
        self.standing.append(standing)

    def calm_until_ns(self, concerns: Callable[[Standing], bool]) -> int:
        """Return the next instant at which a fault that concerns something may strike; one passed if it may by now.

        Args:
            concerns: Says whether a fault can ever strike what is asked about; True where that is not certain.
        """
        now_ns = self.harm.now_ns
        left = (each.fault for each in self.standing if concerns(each))
        return min((each.from_ns for each in left if each.until_ns is None or now_ns < each.until_ns), default=NEVER_NS)

    def of_kind(self, kind: type[Kind]) -> Iterator[tuple[Standing, Kind]]:
        """Iterate over the faults of a kind, whomever they strike."""
        for standing in self.standing:
            if isinstance(standing.fault, kind):
                yield standing, standing.fault

    def of(self, kind: type[Kind], *names: str, way: Way = ANYWAY) -> Iterator[tuple[Standing, Kind]]:
        """Iterate over the faults of a kind that strike one of some names, in the order of the plan."""
        for standing in self.standing:
            fault = standing.fault
            if isinstance(fault, kind) and any(map(standing.names, names)) and standing.is_on(way):
                yield standing, fault


def is_side(names: tuple[str, ...], owner: str, number: int) -> bool:
    """Say whether an owner, or its replica of that number, is among some names."""
    return owner in names or f"{owner}/{number}" in names or f"{owner}/*" in names


def _matches(wanted: str, name: str) -> bool:
    if wanted == name:
        return True
    if wanted.endswith("/*"):  # all replicas of a service
        return name.startswith(wanted[:-1])
    if "*" not in wanted and ">" not in wanted:
        return False
    try:
        return matches(pattern(wanted), parse(name))
    except StudioError:
        return False
