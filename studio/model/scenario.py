"""Declare scenarios: what the world starts with, what is asked of it, what goes wrong, for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from studio.address import Address, parse
from studio.errors import InvalidDeclaration
from studio.model.declaring import declare, declared, scenario_at_hand
from studio.model.delivery import check_bus
from studio.model.distribution import Constant, Distribution, Zipf, distribution
from studio.model.duration import duration_ns
from studio.model.fault import Fault

__all__ = ["Given", "Scenario", "ServiceTime", "Workload", "given", "network", "service_time", "workload"]


@dataclass(frozen=True, slots=True)
class Given:
    """What stands before the run: documents of a collection (`Inventory.stock`), or a setting or secret by name."""

    target: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Workload:
    """Messages from outside.

    Attributes:
        address: Where they go: an event is published, a command called.
        rate_per_s: Mean arrivals; 0 for a list.
        arrivals: `poisson` or `fixed`.
        messages: The messages themselves; when empty they are made from the contract and the seed.
        like: Contract to make data from; None takes the address's own.
        count: At most so many; 0 for as long as the run's duration allows.
        skew: Field path to skew.
        changes: Fixed field values for made data.
    """

    address: str
    rate_per_s: float = 0.0
    arrivals: Literal["poisson", "fixed"] = "poisson"
    messages: tuple[Any, ...] = ()
    like: Any = None
    count: int = 0
    skew: tuple[tuple[str, Zipf], ...] = ()
    changes: tuple[tuple[str, Any], ...] = ()
    from_ns: int = 0
    until_ns: int = 0
    every_ns: int = 0


@dataclass(frozen=True, slots=True)
class ServiceTime:
    """How long a handler works, on top of what it awaits."""

    target: str
    time: Distribution


NETWORK = Constant("1ms")


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

    def __post_init__(self) -> None:
        duration_ns(self.duration)
        duration_ns(self.settle)
        check_bus(self.bus, what=f"scenario={self.name}")
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
    _scenario("given").givens.append(Given(str(target), items))


def workload(  # noqa: PLR0913 - one line of a scenario, all but two by keyword
    address: Address | str,
    messages: Sequence[Any] = (),
    *,
    rate_per_s: float = 0.0,
    arrivals: Literal["poisson", "fixed"] = "poisson",
    like: Any = None,
    count: int = 0,
    skew: dict[str, Zipf] | None = None,
    at: str = "0s",
    until: str = "",
    every: str = "0s",
    **changes: Any,
) -> None:
    """State what is asked of the system, from outside.

    Args:
        address: Event to publish or command to call.
        messages: A list to send, `every` so often from `at` on; without it they are made of the contract and the seed.
        rate_per_s: Mean arrivals per second of virtual time.
        arrivals: `poisson` or `fixed`.
        like: Contract, or an example message whose fields are kept where not varied.
        count: Stop after so many.
        skew: Field path to a skewed choice, `{"customer.id": Zipf(1.1)}`.
        at: First instant.
        until: Last instant; by default the scenario's duration.
        every: Interval between messages of a list.
        changes: Fields to fix in made messages.
    """
    scenario = _scenario("workload")
    if rate_per_s < 0 or count < 0 or not (messages or rate_per_s or count):
        raise InvalidDeclaration(
            what=f"workload({address})",
            reason="has neither messages nor a rate nor a count, or a negative one",
            remedy_text="Give a list of messages, or rate_per_s=….",
        )
    if arrivals not in ("poisson", "fixed"):
        raise InvalidDeclaration(
            what=f"workload(arrivals={arrivals!r})", reason="unknown", remedy_text='Use "poisson" or "fixed".'
        )
    scenario.workloads.append(
        Workload(
            str(parse(address)),
            rate_per_s,
            arrivals,
            tuple(messages),
            like,
            count,
            tuple(sorted((skew or {}).items())),
            tuple(sorted(changes.items())),
            duration_ns(at),
            duration_ns(until or scenario.duration),
            duration_ns(every),
        )
    )


def service_time(target: Address | str, time: str | Distribution) -> None:
    """State how long a handler works: an address, or a service's name for all its handlers."""
    _scenario("service_time").service_times.append(ServiceTime(str(target), distribution(time)))


def network(latency: str | Distribution) -> None:
    """State the ordinary latency of one leg between any two parts; 1 ms unless stated."""
    _scenario("network").network = distribution(latency)


def _scenario(verb: str) -> Scenario:
    scenario = scenario_at_hand(depth=3)
    if scenario is None:
        raise InvalidDeclaration(
            what=f"{verb}(...)",
            reason="no scenario is being declared",
            remedy_text=f"Use {verb}(...) in a %%scenario cell, or after `scenario = Scenario(...)`.",
        )
    return scenario  # type: ignore[no-any-return]
