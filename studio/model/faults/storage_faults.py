"""Faults of the storage: commits that fail, stall or lose their answer, reads that lag, writes that were never synced.

A target is a service or saga (all that is kept in its space, Studio's own inbox, outbox and journal too), one
collection (`Inventory.stock`), or `*` for the storage of all. An occasion is one read, or one commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from studio.model.distribution import Constant, Distribution, distribution
from studio.model.duration import SECOND_NS, duration_ns
from studio.model.fault import Fault, Target, add, aim, registered, when

__all__ = [
    "LoseUnsynced",
    "StaleRead",
    "StorageClash",
    "StorageError",
    "StorageStall",
    "lose_unsynced",
    "stale_read",
    "storage_conflict",
    "storage_error",
    "storage_stall",
]

_OPERATIONS = ("commit", "read", "any")


@registered
@dataclass(frozen=True, slots=True)
class StorageError(Fault):
    """The storage is away: a read or a commit raises `StorageUnavailable`."""

    kind: ClassVar[str] = "storage-error"
    strikes: ClassVar[tuple[str, ...]] = ("storage", "owner", "party", "collection")
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"operation": _OPERATIONS}
    operation: str = "commit"
    committed: bool = False

    def complaint(self) -> str:
        """Refuse a read that is committed."""
        return "only a commit can be committed" if self.committed and self.operation != "commit" else ""


@registered
@dataclass(frozen=True, slots=True)
class StorageStall(Fault):
    """A read or a commit takes long, and then happens."""

    kind: ClassVar[str] = "storage-stall"
    strikes: ClassVar[tuple[str, ...]] = ("storage", "owner", "party", "collection")
    choices: ClassVar[dict[str, tuple[str, ...]]] = {"operation": _OPERATIONS}
    extra: Distribution = Constant("1s")  # noqa: RUF009 - frozen
    operation: str = "any"


@registered
@dataclass(frozen=True, slots=True)
class StorageClash(Fault):
    """Another writer comes first: a document that a commit expects at a version is written again before it."""

    kind: ClassVar[str] = "storage-conflict"
    strikes: ClassVar[tuple[str, ...]] = ("storage", "owner", "collection")


@registered
@dataclass(frozen=True, slots=True)
class StaleRead(Fault):
    """A read answers with what stood some time ago, as a replica of the storage that lags behind."""

    kind: ClassVar[str] = "stale-read"
    strikes: ClassVar[tuple[str, ...]] = ("storage", "owner", "collection")
    behind_ns: int = SECOND_NS


@registered
@dataclass(frozen=True, slots=True)
class LoseUnsynced(Fault):
    """The storage crashes, and the last commits of a service were never synced: they vanish, and its processes die."""

    kind: ClassVar[str] = "lose-unsynced"
    tempo: ClassVar[str] = "instant"
    strikes: ClassVar[tuple[str, ...]] = ("owner",)
    written: ClassVar[dict[str, str]] = {"down_for": "down_ns"}
    last_ns: int = SECOND_NS // 5
    down_ns: int = SECOND_NS


def storage_error(target: Target, *, operation: str = "commit", committed: bool = False, **options: Any) -> Fault:
    """Let the storage of a service be away.

    Args:
        target: Service, saga, collection (`Inventory.stock`), a list of them, or `*` for all.
        operation: `commit`, `read` or `any`.
        committed: Whether the commit stands all the same, and only its answer was lost; its writer cannot tell.
        options: `at`, `until` (durations since the run began), `probability` (of each), `occurrence` (only the n-th),
            `every` (each n-th).
    """
    return add(StorageError(**aim(target), **when(options), operation=operation, committed=committed))


def storage_stall(target: Target, extra: str | Distribution = "1s", *, operation: str = "any", **options: Any) -> Fault:
    """Let the storage of a service take long.

    Args:
        target: Service, saga, collection (`Inventory.stock`), a list of them, or `*` for all.
        extra: Duration or distribution, for each.
        operation: `commit`, `read` or `any`.
        options: As for `storage_error`.
    """
    return add(StorageStall(**aim(target), **when(options), extra=distribution(extra), operation=operation))


def storage_conflict(target: Target, **options: Any) -> Fault:
    """Let another writer come first: the commit finds its document at another version, and is refused.

    The document keeps its content and gets the next version, so the conflict is one that any port may report. It
    concerns commits that expect a version of an author's document; Studio's own (journal, inbox) have one writer.

    Args:
        target: Service, collection (`Inventory.stock`), a list of them, or `*` for all.
        options: As for `storage_error`.
    """
    return add(StorageClash(**aim(target), **when(options)))


def stale_read(target: Target, *, behind: str = "1s", **options: Any) -> Fault:
    """Let reads answer with what stood some time ago.

    It concerns authors' collections; Studio's own are read where they are written. A transactional handler that
    decides by a stale read is refused at its commit, and runs again.

    Args:
        target: Service, collection (`Inventory.stock`), a list of them, or `*` for all.
        behind: How far what is read lags.
        options: As for `storage_error`.
    """
    return add(StaleRead(**aim(target), **when(options), behind_ns=duration_ns(behind)))


def lose_unsynced(target: Target, *, at: str = "0s", last: str = "200ms", down_for: str = "1s") -> Fault:
    """Let the last commits of a service vanish, and crash all its replicas.

    This goes beyond the port Storage, which keeps what it has committed: it is what a storage does that acknowledges
    before it has synced (`synchronous_commit = off`, `appendfsync everysec`) when its machine loses power.

    Args:
        target: Service, saga, or a list of them.
        at: Instant since the run began.
        last: How far back commits are lost.
        down_for: Until its replicas start again.
    """
    last_ns, down_ns = duration_ns(last), duration_ns(down_for)
    return add(LoseUnsynced(**aim(target), from_ns=duration_ns(at), last_ns=last_ns, down_ns=down_ns))
