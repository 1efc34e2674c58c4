"""Apply what befalls the storage: say which reads and commits fail, stall, clash or lag; lose what was never synced."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

from studio.model.fault import Fault
from studio.model.faults.storage_faults import LoseUnsynced, StaleRead, StorageClash, StorageError, StorageStall
from studio.ports import ACTING, Storage, Write
from studio.simulation.cluster.faulty_storage import FaultyStorage
from studio.simulation.harming.applier import Applier, Standing
from studio.simulation.randomness import mix, stable_key

if TYPE_CHECKING:
    from studio.simulation.cluster.cluster import Cluster

__all__ = ["StorageHarm"]

Kind = TypeVar("Kind", bound=Fault)


class StorageHarm(Applier):
    """Faults of the storage; while there are none, processes have the storage itself.

    Args:
        cluster: Whose.

    Attributes:
        port: What processes use.
        kept_ns: How far back the storage must remember what stood.
    """

    kinds = (StorageError, StorageStall, StorageClash, StaleRead, LoseUnsynced)

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.port: Storage = cluster.storage
        self.kept_ns = 0
        self._faulty = FaultyStorage(cluster, self)
        self._times: Counter[tuple[str, int]] = Counter()
        self._aimed: dict[tuple[type[Fault], str, str, tuple[str, ...]], list[tuple[Standing, Any]]] = {}
        super().__init__(cluster.harm)

    def take(self, standing: Standing) -> None:
        """Apply one more fault from now on; what has happened before is not remembered."""
        if not self.is_on:
            self.port = self._faulty
            if self._cluster.fleets:  # else nobody acts yet
                for actor in self._cluster.actors():
                    self._cluster.refit(actor, storage=self._faulty)
        super().take(standing)
        self._aimed.clear()
        fault = standing.fault
        if isinstance(fault, StaleRead):
            self.kept_ns = max(self.kept_ns, fault.behind_ns)
        elif isinstance(fault, LoseUnsynced):
            self.kept_ns = max(self.kept_ns, fault.last_ns)
            loop = self._cluster.loop
            loop.at(max(fault.from_ns, loop.now_ns), 0, self._lose, standing)

    # -- what the storage asks --------------------------------------------------------------------------------------

    def stall_ns(self, operation: str, space: str, collections: tuple[str, ...], key: str) -> int:
        """Return how long an operation is held up.

        Args:
            operation: commit or read.
            space: Whose.
            collections: What it concerns.
            key: Of the first document.
        """
        stall_ns = 0
        for standing, fault, causal in self._striking(StorageStall, operation, space, collections, key):
            added_ns = fault.extra.quantile_ns(self.harm.draw(standing, causal, 7))
            self._note(standing, f"{operation} of {space}.{collections[0]} +{added_ns} ns")
            stall_ns += added_ns
        return stall_ns

    def failure(self, operation: str, space: str, collections: tuple[str, ...], key: str) -> StorageError | None:
        """Return the fault that fails an operation; arguments as for `stall_ns`."""
        for standing, fault, _ in self._striking(StorageError, operation, space, collections, key):
            what = "stands, its answer is lost" if fault.committed else "failed"
            self._note(standing, f"{operation} of {space}.{collections[0]} {what}")
            return fault
        return None

    def clashes(self, write: Write) -> bool:
        """Say whether another writer comes before this one."""
        for standing, _, _ in self._striking(StorageClash, "commit", write.space, (write.collection,), write.key):
            self._note(standing, f"{write.space}.{write.collection} {write.key} is written before")
            return True
        return False

    def behind_ns(self, space: str, collection: str, key: str) -> int | None:
        """Return how far what is read lags; None where it does not."""
        if collection[0] != "$":
            for standing, fault, _ in self._striking(StaleRead, "read", space, (collection,), key):
                self._note(standing, f"read of {space}.{collection} lags by {fault.behind_ns} ns")
                return fault.behind_ns
        return None

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _striking(
        self, kind: type[Kind], operation: str, space: str, collections: tuple[str, ...], key: str
    ) -> list[tuple[Standing, Kind, int]]:
        """Return the faults of a kind that take an operation, and the key of this occasion."""
        at = (kind, operation, space, collections)
        found = self._aimed.get(at)
        if found is None:
            names = ("*", space, *(f"{space}.{collection}" for collection in collections))
            every = self.of(kind, *names)
            found = [each for each in every if getattr(each[1], "operation", "any") in ("any", operation)]
            self._aimed[at] = found
        now_ns = self.harm.now_ns
        due = [each for each in found if each[1].is_due(now_ns)]
        if not due:
            return []
        acting = getattr(ACTING.get(), "causal", 0)
        place = (f"{kind.kind} {operation} {space}.{collections[0]}/{key}", acting)
        self._times[place] += 1
        causal = mix(acting, stable_key(place[0]), self._times[place])
        return [(standing, fault, causal) for standing, fault in due if self.harm.strikes(standing, causal)]

    def _note(self, standing: Standing, detail: str) -> None:
        self.harm.note(standing, getattr(ACTING.get(), "cause", 0), detail)

    def _lose(self, standing: Standing) -> None:
        """Crash the processes of each service that is named, and take its last commits back."""
        fault = standing.fault
        assert isinstance(fault, LoseUnsynced)
        if not self.harm.strikes(standing, 0):
            return
        for owner in fault.targets:
            lost = self._faulty.since(owner, self._cluster.loop.now_ns - fault.last_ns)
            self.harm.note(standing, 0, f"{len(lost)} writes of {owner} lost")
            for node in self._cluster.fleets[owner].nodes:
                self._cluster.crash(node, fault.down_ns, "its storage crashed")
            self._faulty.take_back(lost)
