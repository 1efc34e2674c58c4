"""Make plans for the system at hand that people reach for: a lossy network, crashes in turn, a zone that is down.

Besides these there are the plans that its scenarios declare, moved to begin now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from studio.errors import StudioError
from studio.graph.build import Graph
from studio.model.distribution import Exponential, LogNormal
from studio.model.duration import SECOND_NS, duration_ns
from studio.model.fault import Fault
from studio.model.faults.composed_faults import Swarm, Together
from studio.model.faults.delivery_faults import Duplicate, Reorder
from studio.model.faults.handler_faults import Respond, Slow
from studio.model.faults.network_faults import Latency, Lose, Partition
from studio.model.faults.process_faults import Crash, Down
from studio.model.faults.storage_faults import StorageStall
from studio.model.scenario import Scenario
from studio.simulation.harming.fault_targets import check_fault

__all__ = ["Preset", "presets_of", "shifted"]

TURN_NS = 10 * SECOND_NS
"""From one crash to the next, where services crash in turn."""
DOWN_NS = 3 * SECOND_NS
ZONE_NS = 20 * SECOND_NS
HICCUP_NS = 10 * SECOND_NS


@dataclass(frozen=True, slots=True)
class Preset:
    """Faults that are put in force as one.

    Attributes:
        name: For people.
        about: What it does, in one line.
        faults: Of the system at hand.
        is_declared: Whether a scenario of the system states them.
    """

    name: str
    about: str
    faults: tuple[Fault, ...]
    is_declared: bool = False


def presets_of(graph: Graph, now_ns: int = 0) -> tuple[Preset, ...]:
    """Return what can be applied to a system: what we know of, then what its scenarios declare.

    Args:
        graph: Of the system.
        now_ns: Virtual time; whatever has an instant is counted from it.
    """
    made = (Preset(name, about, tuple(make(graph, now_ns))) for name, about, make in _BUILT_IN)
    declared = (_declared(scenario, now_ns) for scenario in graph.scenarios.values())
    return tuple(each for each in (*made, *declared) if each.faults and _fits(graph, each.faults))


def shifted(fault: Fault, by_ns: int, lasts_ns: int) -> Fault:
    """Return a fault that happens later.

    Args:
        fault: Whose times are counted from a run's beginning.
        by_ns: How much later.
        lasts_ns: Within which a swarm draws that states no end.
    """
    until_ns = None if fault.until_ns is None else fault.until_ns + by_ns
    if isinstance(fault, Swarm):
        return replace(
            fault, from_ns=fault.from_ns + by_ns, until_ns=by_ns + lasts_ns if until_ns is None else until_ns
        )
    if isinstance(fault, Together):
        parts = tuple(shifted(part, by_ns, lasts_ns) for part in fault.parts)
        has_window = bool(fault.from_ns or until_ns is not None)
        return replace(fault, from_ns=fault.from_ns + by_ns if has_window else 0, until_ns=until_ns, parts=parts)
    return replace(fault, from_ns=fault.from_ns + by_ns, until_ns=until_ns)


def _lossy(graph: Graph, _: int) -> Iterator[Fault]:
    for all_of in _as_one(_asked(graph)):
        yield Lose(**all_of, probability=0.05)
    for all_of in _as_one(_events(graph)):
        yield Duplicate(**all_of, probability=0.05)


def _slow_network(graph: Graph, _: int) -> Iterator[Fault]:
    for all_of in _as_one(_asked(graph)):
        yield Latency(**all_of, extra=Exponential("200ms"), leg="both")


def _slow_party(graph: Graph, _: int) -> Iterator[Fault]:
    for all_of in _as_one([*graph.externals]):
        yield Slow(**all_of, extra=LogNormal("1500ms", 0.8))


def _failing_party(graph: Graph, _: int) -> Iterator[Fault]:
    for all_of in _as_one([*graph.externals]):
        yield Respond(**all_of, status=503, probability=0.3)


def _rolling(graph: Graph, now_ns: int) -> Iterator[Fault]:
    for turn, name in enumerate(graph.services):
        yield Crash(name, from_ns=now_ns + turn * TURN_NS, down_ns=DOWN_NS)


def _zone(graph: Graph, now_ns: int) -> Iterator[Fault]:
    """Take the first replica of everything that has several; where nothing has, the first half of the services."""
    owners: dict[str, Any] = {**graph.services, **graph.sagas}
    first = [f"{name}/1" for name, each in owners.items() if each.replicas > 1]
    for all_of in _as_one(first or list(graph.services)[: (len(graph.services) + 1) // 2]):
        yield Down(**all_of, from_ns=now_ns, until_ns=now_ns + ZONE_NS)


def _hiccup(graph: Graph, now_ns: int) -> Iterator[Fault]:
    """Hold what goes to and from the broker; when it is back, it delivers some again, in another order."""
    back_ns = now_ns + HICCUP_NS
    for all_of in _as_one(_events(graph)):
        yield Partition("bus", mode="hold", from_ns=now_ns, until_ns=back_ns)
        yield Duplicate(**all_of, probability=0.2, from_ns=back_ns, until_ns=back_ns + HICCUP_NS)
        yield Reorder(**all_of, probability=0.3, from_ns=back_ns, until_ns=back_ns + HICCUP_NS)


def _again(graph: Graph, _: int) -> Iterator[Fault]:
    for all_of in _as_one(_events(graph)):
        yield Lose(**all_of, leg="acknowledgement", probability=0.2)


def _slow_storage(graph: Graph, _: int) -> Iterator[Fault]:
    if graph.services:
        yield StorageStall("*", extra=Exponential("150ms"))


_BUILT_IN: tuple[tuple[str, str, Callable[[Graph, int], Iterable[Fault]]], ...] = (
    ("Lossy network", "5 % of calls and requests are lost, 5 % of events come twice", _lossy),
    ("Slow network", "Calls and requests take 200 ms longer on average, each way", _slow_network),
    ("Slow third party", "Third parties take 1.5 s longer, some far longer", _slow_party),
    ("Failing third party", "Third parties answer 30 % of requests with 503", _failing_party),
    ("Rolling crashes", "Each service crashes in turn, one every 10 s, down for 3 s", _rolling),
    ("One zone down", "The first replicas of all that have several refuse connections for 20 s", _zone),
    ("Broker hiccup", "Nothing passes the broker for 10 s; then some events come twice, or out of order", _hiccup),
    ("Redeliveries", "20 % of acknowledgements are lost, so that events come again", _again),
    ("Slow storage", "Every read and commit takes 150 ms longer on average", _slow_storage),
)


def _as_one(names: list[str]) -> list[dict[str, Any]]:
    """Return the fields of one fault on all of some names; nothing where there are none."""
    return [{"target": names[0], "also": tuple(names[1:])}] if names else []


def _asked(graph: Graph) -> list[str]:
    """Return who is asked: services that own operations, and third parties."""
    owners = sorted({owner for owner, _ in graph.operations.values()})
    return [*owners, *graph.externals]


def _events(graph: Graph) -> list[str]:
    """Return the events that somebody consumes."""
    return [each for each in graph.addresses() if graph.kind_of(each) == "event" and _is_consumed(graph, each)]


def _is_consumed(graph: Graph, address: str) -> bool:
    return bool(graph.subscribers(address) or graph.triggered(address))


def _fits(graph: Graph, faults: Iterable[Fault]) -> bool:
    try:
        for fault in faults:
            check_fault(graph, fault, lambda _: None)
    except StudioError:  # a scenario that is out of date: a run of it says so
        return False
    return True


def _declared(scenario: Scenario, now_ns: int) -> Preset:
    lasts_ns = duration_ns(scenario.duration)
    faults = tuple(shifted(each, now_ns, lasts_ns) for each in scenario.faults)
    about = f"The plan of the scenario, {_count(scenario.faults)}, beginning now"
    return Preset(scenario.name, about, faults, is_declared=True)


def _count(faults: list[Fault]) -> str:
    return f"{len(faults)} fault{'' if len(faults) == 1 else 's'}"
