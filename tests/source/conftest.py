"""Worlds for tests of deterministic Python: a clock that stands still and draws that are counted."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import pytest

from studio.source.ambient import AMBIENT

NOON_NS = 1_700_000_000_123_456_789


@dataclass
class StillWorld:
    """Answer as a world does, from a seed, and keep what was asked."""

    seed: int = 0
    wall_ns: int = NOON_NS
    passed_ns: int = 5_000_000_000
    asked: list[tuple[str, int, str]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def now_ns(self) -> int:
        return self.wall_ns

    def monotonic_ns(self) -> int:
        return self.passed_ns

    def bits(self, function: str, count: int, caller: str) -> int:
        self.asked.append((function, count, caller))
        self.counts[function, caller] += 1
        key = f"{self.seed}/{function}/{caller}/{self.counts[function, caller]}".encode()
        return int.from_bytes(hashlib.shake_256(key).digest((count + 7) // 8)) >> -count % 8

    def sleep_sync(self, seconds: float) -> None:
        self.slept.append(seconds)


InWorld = Callable[..., AbstractContextManager[StillWorld]]


@contextmanager
def _in_world(seed: int = 0) -> Iterator[StillWorld]:
    world = StillWorld(seed)
    token = AMBIENT.set(world)
    try:
        yield world
    finally:
        AMBIENT.reset(token)


@pytest.fixture(scope="session")
def in_world() -> InWorld:
    """Enter a world for the length of a `with`."""
    return _in_world


@pytest.fixture
def world() -> Iterator[StillWorld]:
    """Run the test inside a world."""
    with _in_world() as entered:
        yield entered
