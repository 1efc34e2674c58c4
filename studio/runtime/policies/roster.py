"""Keep a caller's own list of a callee's replicas: asked for again when its time is up, thinned by health checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from studio.model.duration import duration_ns
from studio.model.routing import Discovery
from studio.ports import Directory

__all__ = ["Found", "Roster"]


@dataclass(frozen=True, slots=True)
class Found:
    """Something that changed in a list, for the record.

    Attributes:
        change: refreshed (with other members than before), ejected or returned.
        replica: Number; 0 where the list as a whole is meant.
        detail: In words.
    """

    change: str
    replica: int
    detail: str


Note = Callable[[Found], None]


class Roster:
    """The replicas of one service, as one caller knows them.

    Args:
        service: Whose.
        directory: Where they are asked for.
        discovery: How long the list is used; None asks at every call.
    """

    __slots__ = (
        "_checked_ns", "_directory", "_ejected", "_health_ns", "_members", "_refreshed_ns", "_service", "_ttl_ns",
    )  # fmt: skip

    def __init__(self, service: str, directory: Directory, discovery: Discovery | None) -> None:
        self._service, self._directory = service, directory
        self._ttl_ns = 0 if discovery is None else duration_ns(discovery.ttl)
        self._health_ns = 0 if discovery is None or not discovery.health else duration_ns(discovery.health)
        self._members: tuple[int, ...] = ()
        self._ejected: set[int] = set()
        self._refreshed_ns = self._checked_ns = 0

    def replicas(self, now_ns: int, note: Note) -> tuple[int, ...]:
        """Return those to choose from; all of the list where every one is ejected, none where there are none.

        Args:
            now_ns: Now.
            note: Told of every change.
        """
        if not self._members or now_ns >= self._refreshed_ns + self._ttl_ns:
            self._refresh(now_ns, note)
        if self._health_ns and now_ns >= self._checked_ns + self._health_ns:
            self._check(now_ns, note)
        return tuple(each for each in self._members if each not in self._ejected) or self._members

    def _refresh(self, now_ns: int, note: Note) -> None:
        before = self._members
        self._members = tuple(standing.replica for standing in self._directory.replicas(self._service))
        self._refreshed_ns = now_ns
        self._ejected &= set(self._members)
        if self._ttl_ns and self._members != before:
            note(Found("refreshed", 0, f"replicas {', '.join(map(str, self._members)) or 'none'}"))

    def _check(self, now_ns: int, note: Note) -> None:
        """Look at the health of those on the list; what is not up is not well."""
        self._checked_ns = now_ns
        standing = {each.replica: each.is_healthy for each in self._directory.replicas(self._service)}
        for replica in self._members:
            is_well = standing.get(replica, False)
            if not is_well and replica not in self._ejected:
                self._ejected.add(replica)
                note(Found("ejected", replica, "unhealthy" if replica in standing else "gone"))
            elif is_well and replica in self._ejected:
                self._ejected.discard(replica)
                note(Found("returned", replica, "healthy"))
