"""What has to be changed inside anyio so that it is deterministic and threadless under a virtual loop.

A private patch, which is why it stands alone: anyio is pinned below its next major version, and
`tests/simulation/test_anyio_order.py` fails when its internals move. Two things are replaced, only while a virtual loop
runs, and only for code that runs on it:

- A cancel scope keeps its child scopes in a set, which Python orders by memory address, and delivers cancellation in
  that order. It gets a set that is ordered by insertion. (Its set of tasks is in order already: tasks hash by ordinal.)
- `anyio.to_thread.run_sync`, which FastAPI uses for plain functions, starts threads by itself without asking the loop.
  It is sent to the loop's `run_in_executor`, which suspends virtually, or refuses.
"""

from __future__ import annotations

import threading
from asyncio import events
from collections.abc import Callable, Iterator, MutableSet
from typing import Any, TypeVar, final

__all__ = ["OrderedSet", "install", "uninstall"]

T = TypeVar("T")


class OrderedSet(MutableSet[T]):
    """A set that iterates in order of insertion."""

    __slots__ = ("_items",)

    def __init__(self) -> None:
        self._items: dict[T, None] = {}

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def add(self, value: T) -> None:
        """Add an item, at the end where it is new."""
        self._items[value] = None

    def discard(self, value: T) -> None:
        """Remove an item where it is there."""
        self._items.pop(value, None)


@final
class _Patch:
    """Count the virtual loops that run, over all threads: the first installs, the last uninstalls."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.users = 0
        self.undo: list[Callable[[], None]] = []


_patch = _Patch()


def install() -> None:
    """Change anyio, for one more running loop."""
    with _patch.lock:
        _patch.users += 1
        if _patch.users == 1:
            _apply()


def uninstall() -> None:
    """Change anyio back when the last running loop ends."""
    with _patch.lock:
        _patch.users -= 1
        if _patch.users == 0:
            while _patch.undo:
                _patch.undo.pop()()


def _apply() -> None:
    from anyio._backends import _asyncio as backend

    scope, threads = backend.CancelScope, backend.AsyncIOBackend
    make, run_sync = scope.__init__, threads.__dict__["run_sync_in_worker_thread"]

    def make_ordered(self: Any, *arguments: Any, **options: Any) -> None:
        make(self, *arguments, **options)
        if _is_virtual():
            self._child_scopes = OrderedSet()

    async def run_sync_virtually(
        cls: type, func: Callable[..., Any], args: tuple[Any, ...], *rest: Any, **options: Any
    ) -> Any:
        if _is_virtual():
            return await events.get_running_loop().run_in_executor(None, func, *args)
        return await run_sync.__get__(None, cls)(func, args, *rest, **options)

    scope.__init__ = make_ordered  # type: ignore[method-assign]
    threads.run_sync_in_worker_thread = classmethod(run_sync_virtually)  # type: ignore[assignment]
    _patch.undo.append(lambda: setattr(scope, "__init__", make))
    _patch.undo.append(lambda: setattr(threads, "run_sync_in_worker_thread", run_sync))


def _is_virtual() -> bool:
    from studio.simulation.virtual.loop import VirtualLoop

    return isinstance(events._get_running_loop(), VirtualLoop)  # noqa: SLF001 - the accessor that does not raise
