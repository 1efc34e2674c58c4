"""What appliers of all families share: the faults of theirs that are in force, and how one tells whom it strikes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeVar

from studio.address import matches, parse, pattern
from studio.errors import StudioError
from studio.model.fault import Fault

if TYPE_CHECKING:
    from studio.simulation.harm import Harm

__all__ = ["ANYWAY", "Applier", "Standing", "Way"]

Kind = TypeVar("Kind", bound=Fault)


class Way(NamedTuple):
    """Between whom something passes.

    Attributes:
        source: Service, saga, `world`, or `bus`; empty where it is not known.
        replica: Of the source, from 1.
        to: Service, saga, third party or `bus`; empty where it is not known.
    """

    source: str = ""
    replica: int = 0
    to: str = ""


ANYWAY = Way()


class Standing:
    """A fault in force.

    Args:
        number: Its place in the plan, from 1; records name it so.
        fault: Which.
        key: Of its draws.
    """

    __slots__ = ("_memo", "fault", "key", "number")

    def __init__(self, number: int, fault: Fault, key: int) -> None:
        self.number, self.fault, self.key = number, fault, key
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

    def is_on(self, way: Way) -> bool:
        """Say whether the fault concerns what passes between two."""
        fault = self.fault
        if fault.source and way.source not in fault.source and f"{way.source}/{way.replica}" not in fault.source:
            return False
        return not fault.to or way.to in fault.to


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

    def of(self, kind: type[Kind], *names: str, way: Way = ANYWAY) -> Iterator[tuple[Standing, Kind]]:
        """Iterate over the faults of a kind that strike one of some names, in the order of the plan."""
        for standing in self.standing:
            fault = standing.fault
            if isinstance(fault, kind) and any(map(standing.names, names)) and standing.is_on(way):
                yield standing, fault


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
