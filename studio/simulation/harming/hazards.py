"""The families of faults that reach into machines: what a cluster asks when it makes processes and while they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.simulation.harming.clock_harm import ClockHarm
from studio.simulation.harming.storage_harm import StorageHarm

if TYPE_CHECKING:
    from studio.simulation.cluster import Cluster

__all__ = ["Hazards"]


class Hazards:
    """Those families, one of each.

    Args:
        cluster: Whose.

    Attributes:
        storage: What befalls the storage; `clocks` what befalls clocks.
    """

    __slots__ = ("clocks", "storage")

    def __init__(self, cluster: Cluster) -> None:
        self.storage = StorageHarm(cluster)
        self.clocks = ClockHarm(cluster)
