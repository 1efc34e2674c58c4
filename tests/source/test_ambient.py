"""Test that a context, and only it, is in a world."""

from __future__ import annotations

import contextvars
import threading
from typing import Any

from studio.source.ambient import AMBIENT, Ambient, caller
from studio.source.shims import shim


def test_a_world_is_an_ambient(world: Any) -> None:
    assert isinstance(world, Ambient)


def test_no_world_answers_by_default() -> None:
    assert contextvars.Context().run(AMBIENT.get) is None


def test_another_context_asks_the_machine(world: Any) -> None:
    time: Any = shim("time")
    outside = contextvars.Context().run(time.time_ns)
    assert time.time_ns() == world.wall_ns
    assert outside != world.wall_ns


def test_another_thread_asks_the_machine(world: Any) -> None:
    time: Any = shim("time")
    seen: list[int] = []
    thread = threading.Thread(target=lambda: seen.append(time.time_ns()))
    thread.start()
    thread.join()
    assert seen != [world.wall_ns]


def test_caller_is_named_by_its_qualified_name() -> None:
    def shimmed() -> str:
        return caller()

    assert shimmed() == "test_caller_is_named_by_its_qualified_name"
