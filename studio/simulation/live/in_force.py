"""What stands in a world that is played: its faults and its workloads, as values for whoever looks."""

from __future__ import annotations

from dataclasses import dataclass

from studio.model.fault import Fault
from studio.model.workload import Workload

__all__ = ["StandingFault", "StandingWorkload"]


@dataclass(frozen=True, slots=True)
class StandingFault:
    """A fault of a world.

    Attributes:
        number: Its place in the plan, from 1; records name it so.
        fault: Which, as it was stated.
        is_in_force: Whether it strikes now, or may later.
        played: The same with the window that it had: from when it was put in until it was lifted.
    """

    number: int
    fault: Fault
    is_in_force: bool
    played: Fault


@dataclass(frozen=True, slots=True)
class StandingWorkload:
    """A workload of a world from which messages still come.

    Attributes:
        number: From 1; `world.end_workload` takes it.
        workload: What.
        sent: How many messages have come so far.
    """

    number: int
    workload: Workload
    sent: int
