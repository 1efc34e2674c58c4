"""Declare scenarios: what the world starts with, what is asked of it, what goes wrong, for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from studio.address import Address
from studio.errors import InvalidDeclaration
from studio.model.by_hand import Act
from studio.model.declaring import declare, declared, scenario_demanded
from studio.model.delivery import check_bus
from studio.model.distribution import Constant, Distribution, distribution
from studio.model.duration import duration_ns, optional_ns
from studio.model.fault import Fault
from studio.model.phases import phases_of
from studio.model.workload import Workload, workload

__all__ = ["Given", "Scenario", "ServiceTime", "Workload", "given", "network", "service_time", "workload"]


@dataclass(frozen=True, slots=True)
class Given:
    """What stands before the run: documents of a collection (`Inventory.stock`), or a setting or secret by name."""

    target: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ServiceTime:
    """How long a handler works, on top of what it awaits."""

    target: str
    time: Distribution


NETWORK = Constant("1ms")
CHECKS = ("marks", "commits")


@dataclass(slots=True)
class Scenario:
    """A scenario.

    Args:
        name: Such as `payment_outage`.
        duration: Virtual time during which work arrives; the run then goes on until nothing is left to do, at most
            `settle` longer.
        seed: Default seed.
        bus: Delivery model: `jetstream`, `rabbitmq` or `kafka`.
        settle: Longest time to come to rest after the last arrival.
        quiet: Since the run began: until then no fault strikes; see `phases`.
        heal: Since the run began: from then on every fault is over.
        converge: Instead of `settle`.
        queue_age: No event may wait longer for a consumer; empty for no bound.
        without: Promises of Studio's own that this scenario is not held to, such as `no_message_lost`; in a cell's
            line several with commas between. `studio.promises()` lists them.
        check: When *always* invariants are checked: at `marks` of virtual time, which is quick and misses what breaks
            and mends itself between two of them, or at `commits`: after every step that wrote what they read.

    Example:
        scenario = Scenario("payment_outage", duration="10m")
    """

    name: str
    duration: str = "1m"
    seed: int = 0
    bus: str = "jetstream"
    settle: str = "10m"
    doc: str = ""
    givens: list[Given] = field(default_factory=list)
    workloads: list[Workload] = field(default_factory=list)
    service_times: list[ServiceTime] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    network: Distribution = NETWORK
    quiet: str = ""
    heal: str = ""
    converge: str = ""
    queue_age: str = ""
    without: Sequence[str] = ()
    check: str = "marks"
    acts: list[Act] = field(default_factory=list)

    def __post_init__(self) -> None:
        duration_ns(self.settle)
        phases_of(self)
        optional_ns(self.queue_age or None)
        if isinstance(self.without, str):
            self.without = [name.strip() for name in self.without.split(",") if name.strip()]
        check_bus(self.bus, what=f"scenario={self.name}")
        if self.check not in CHECKS:
            raise InvalidDeclaration(
                what=f"scenario={self.name} check={self.check}",
                reason=f"invariants are checked at one of {', '.join(CHECKS)}",
                remedy_text="Take --check marks, which is quick, or --check commits, which misses nothing.",
            )
        gathering = declared()
        if gathering is not None:
            gathering.scenario = self
        declare(self)

    def __repr__(self) -> str:
        return f"Scenario({self.name!r}, {self.duration}, {len(self.workloads)} workloads, {len(self.faults)} faults)"


def given(target: str, values: Any) -> None:
    """State what stands before the run.

    Args:
        target: `Inventory.stock` for a collection's documents (a list), else the name of a setting or secret (a
            string).
        values: Documents, or the value.
    """
    items = tuple(values) if isinstance(values, Sequence) and not isinstance(values, str) else (values,)
    scenario_demanded("given").givens.append(Given(str(target), items))


def service_time(target: Address | str, time: str | Distribution) -> None:
    """State how long a handler works: an address, or a service's name for all its handlers."""
    scenario_demanded("service_time").service_times.append(ServiceTime(str(target), distribution(time)))


def network(latency: str | Distribution) -> None:
    """State the ordinary latency of one leg between any two parts; 1 ms unless stated."""
    scenario_demanded("network").network = distribution(latency)
