"""Counter-based draws: each is a hash of who draws, why, where in the code, and for the how-manyeth time.

There is no generator whose state every draw moves on. So one more call in one handler shifts nothing elsewhere, and the
same world without one fault stays the same up to the first difference that the fault causes. All arithmetic is on
integers, or on floats by operations whose result IEEE 754 fixes to the last bit: the draws agree between processes,
Python versions and machines.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from math import sqrt
from typing import TypeVar

from studio.model.elementary import exponential, logarithm

__all__ = ["Draws", "Stream", "mix", "share", "stable_key"]

_MASK = 0xFFFF_FFFF_FFFF_FFFF
_GOLDEN = 0x9E37_79B9_7F4A_7C15
_UNIT = 2.0**-53

T = TypeVar("T")


def mix(*values: int) -> int:
    """Hash integers to 64 bits, each bit depending on every value and on their order.

    The finaliser is that of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).

    Args:
        values: Integers, taken modulo 2**64.
    """
    state = len(values)
    for value in values:
        state = (state ^ value) + _GOLDEN & _MASK
        state = (state ^ state >> 30) * 0xBF58_476D_1CE4_E5B9 & _MASK
        state = (state ^ state >> 27) * 0x94D0_49BB_1331_11EB & _MASK
        state ^= state >> 31
    return state


def share(*values: int) -> float:
    """Hash integers to a float in [0, 1), in steps of 2**-53."""
    return (mix(*values) >> 11) * _UNIT


@lru_cache(maxsize=65_536)
def stable_key(text: str) -> int:
    """Hash a name to 64 bits, the same in every process, unlike `hash`."""
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


class Stream:
    """Draw numbers that depend on the seed, the keys and how many were drawn from this stream before.

    Args:
        seed: The run's seed.
        keys: What the stream is for, such as an entity's and a purpose's `stable_key`.
    """

    __slots__ = ("base", "occurrence")

    def __init__(self, seed: int, *keys: int) -> None:
        self.base = mix(seed, *keys)
        self.occurrence = 0

    def bits64(self) -> int:
        """Draw 64 random bits as an integer."""
        self.occurrence += 1
        return mix(self.base, self.occurrence)

    def bits(self, count: int) -> int:
        """Draw `count` random bits as an integer; counts as one draw.

        Args:
            count: Not negative.
        """
        if count < 0:
            raise ValueError(f"count={count} is negative")
        self.occurrence += 1
        words = (count + 63) // 64
        value = 0
        for word in range(words):
            value = value << 64 | mix(self.base, self.occurrence, word)
        return value >> (words * 64 - count)

    def uniform(self) -> float:
        """Draw from [0, 1), in steps of 2**-53."""
        return (self.bits64() >> 11) * _UNIT

    def integer(self, n: int) -> int:
        """Draw from 0, 1, … n - 1, all equally likely; counts as one draw.

        Args:
            n: At least 1, of any size.
        """
        if n < 1:
            raise ValueError(f"n={n} is below 1")
        self.occurrence += 1
        size = n.bit_length()
        attempt = 0
        while True:  # a candidate is below n with a chance of at least one half
            value = 0
            for word in range((size + 63) // 64):
                value = value << 64 | mix(self.base, self.occurrence, attempt, word)
            value >>= -size % 64
            if value < n:
                return value
            attempt += 1

    def exponential(self, mean: float) -> float:
        """Draw a waiting time of the stated mean."""
        return -mean * logarithm(1.0 - self.uniform())

    def normal(self, mean: float = 0.0, deviation: float = 1.0) -> float:
        """Draw from the normal distribution; counts as one draw.

        Marsaglia's polar method (Marsaglia, Bray: A convenient method for generating normal variables, 1964).
        """
        self.occurrence += 1
        attempt = 0
        while True:
            word = mix(self.base, self.occurrence, attempt)
            u = (word >> 32) * 2.0**-31 - 1.0
            v = (word & 0xFFFF_FFFF) * 2.0**-31 - 1.0
            radius = u * u + v * v
            if 0.0 < radius < 1.0:
                return mean + deviation * u * sqrt(-2.0 * logarithm(radius) / radius)
            attempt += 1

    def pareto(self, alpha: float, minimum: float = 1.0) -> float:
        """Draw from the Pareto distribution: heavy-tailed, of infinite mean when `alpha` is 1 or less.

        Args:
            alpha: Tail index, positive; the smaller, the heavier the tail.
            minimum: The least value drawn.
        """
        return minimum * exponential(-logarithm(1.0 - self.uniform()) / alpha)

    def choice(self, items: Sequence[T]) -> T:
        """Draw one item of a sequence that is not empty."""
        return items[self.integer(len(items))]


class Draws:
    """Give the streams of one handling of one message by one entity.

    It lives as long as the handling does, so the counters are forgotten with it. A redelivery is another handling: its
    cause must differ, or the same numbers are drawn again.

    Args:
        seed: The run's seed.
        entity_key: Who draws: the key of a replica, not of its incarnation, if a restart shall draw alike.
        cause_key: Key of the message and the delivery attempt that made it draw; 0 for none.
    """

    __slots__ = ("_streams", "cause_key", "entity_key", "seed")

    def __init__(self, seed: int, entity_key: int, cause_key: int = 0) -> None:
        self.seed = seed
        self.entity_key = entity_key
        self.cause_key = cause_key
        self._streams: dict[tuple[str, str], Stream] = {}

    def stream(self, function: str, drawn: str) -> Stream:
        """Return the stream of a place in the code, which counts its own occurrences.

        Args:
            function: Qualified name of the function that draws.
            drawn: Name of what it calls, such as `random.randint`.
        """
        place = (function, drawn)
        stream = self._streams.get(place)
        if stream is None:
            keys = (self.entity_key, self.cause_key, stable_key(function), stable_key(drawn))
            stream = self._streams[place] = Stream(self.seed, *keys)
        return stream
