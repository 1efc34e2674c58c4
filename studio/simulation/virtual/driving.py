"""What surrounds a virtual loop while it is driven, and is put back afterwards whatever happens.

The running loop of the thread (another one, under Jupyter), the hooks of asynchronous generators, the interrupt signal,
the garbage collector, anyio's patch and the watchdog.
"""

from __future__ import annotations

import gc
import signal
import sys
import threading
from asyncio import events
from collections.abc import Callable
from itertools import count
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from studio.errors import HandlerStalledError
from studio.model.duration import format_ns
from studio.simulation.virtual import anyio_order
from studio.simulation.virtual.watchdog import Interruption, Watchdog

if TYPE_CHECKING:
    from studio.simulation.virtual.loop import VirtualLoop

__all__ = ["Drive", "sweep_ended"]

RUNS_PER_SWEEP = 8
"""After so many runs the garbage collector looks at everything once."""


class Drive:
    """Let a loop be the thread's running loop; a context manager.

    Ctrl-C, and the notebook's stop button, end the drive between two steps, so that it can be run on; then
    KeyboardInterrupt is raised to whoever drove it. A second one, or a handler that does not yield, is raised where the
    handler is, and the run is aborted.

    The garbage collector rests: finalisers of cyclic garbage would run at moments that depend on what else the process
    did. The loop collects at fixed steps instead. What existed before is frozen, so that this costs nothing for it.

    Args:
        loop: What is driven.
        hooks: The loop's hooks for the first iteration and the finalising of an asynchronous generator.
    """

    def __init__(self, loop: VirtualLoop, hooks: tuple[Callable[[Any], None], Callable[[Any], None]]) -> None:
        self._loop = loop
        self._hooks = hooks
        self._watchdog = Watchdog(loop, stall_s=loop.stall_s)
        self._interrupted = False
        self._undo: list[Callable[[], object]] = []

    def __enter__(self) -> Self:
        try:
            self._set_up()
        except BaseException:
            self._tear_down()
            raise
        return self

    def _set_up(self) -> None:
        outer, hooks = events._get_running_loop(), sys.get_asyncgen_hooks()  # noqa: SLF001 - nesting has no public form
        anyio_order.install()
        self._undo.append(anyio_order.uninstall)
        events._set_running_loop(self._loop)  # noqa: SLF001
        self._undo.append(lambda: events._set_running_loop(outer))  # noqa: SLF001
        sys.set_asyncgen_hooks(*self._hooks)
        self._undo.append(lambda: sys.set_asyncgen_hooks(*hooks))
        self._rest_collector()
        self._take_signal()
        self._watchdog.__enter__()

    def _rest_collector(self) -> None:
        if gc.isenabled():
            gc.disable()
            gc.freeze()
            self._undo += [gc.enable, gc.unfreeze]

    def _take_signal(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        before = signal.getsignal(signal.SIGINT)
        if before is signal.default_int_handler or getattr(before, "gives_way", False):
            signal.signal(signal.SIGINT, self._interrupt)
            self._undo.append(lambda: signal.signal(signal.SIGINT, before))

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self._interrupted:
            raise KeyboardInterrupt
        self._interrupted = True
        self._loop.request_stop()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while True:
            try:
                self._watchdog.__exit__(None, None, None)
                break
            except Interruption:  # it arrived only now
                continue
        self._tear_down()
        if self._watchdog.fired or isinstance(error, KeyboardInterrupt):
            self._loop.aborted = True
        if self._interrupted:
            raise KeyboardInterrupt from error
        if self._watchdog.fired:
            raise HandlerStalledError(
                where=self._watchdog.where,
                handler=self._watchdog.handler,
                stall_s=self._loop.stall_s,
                now_ns=self._loop.now_ns,
                now=format_ns(self._loop.now_ns),
            ) from None

    def _tear_down(self) -> None:
        while self._undo:
            self._undo.pop()()


_ended = count(1)


def sweep_ended() -> None:
    """Free what ended runs hold, every so many of them; called when a run ends.

    While a run is driven the garbage collector rests, and what it is thawed with afterwards does not count for its next
    full collection. So that never comes by itself, and each run would leave its frames: 3 MB, most of them outside
    Python's own heap.
    """
    if not next(_ended) % RUNS_PER_SWEEP and gc.isenabled():
        gc.collect()
