"""Stand in for `secrets`: tokens that a world draws where one is running.

They are reproducible there, which is the point; elsewhere the operating system's generator answers.
"""

from __future__ import annotations

import base64
import random
import secrets as machine
from collections.abc import Sequence
from typing import TypeVar

from studio.source.ambient import AMBIENT, Ambient, caller
from studio.source.shims.dice import SystemRandom
from studio.source.shims.mirror import mirror

__all__ = ["MODULE"]

_T = TypeVar("_T")
_SEED_BITS = 128


def randbits(k: int) -> int:
    """Return a number of `k` random bits."""
    ambient = AMBIENT.get()
    return machine.randbits(k) if ambient is None or k <= 0 else ambient.bits("secrets.randbits", k, caller())


def randbelow(exclusive_upper_bound: int) -> int:
    """Return a number in [0, `exclusive_upper_bound`), uniformly."""
    ambient = AMBIENT.get()
    if ambient is None or exclusive_upper_bound <= 0:
        return machine.randbelow(exclusive_upper_bound)
    return _generator(ambient, "secrets.randbelow", caller()).randrange(exclusive_upper_bound)


def choice(seq: Sequence[_T]) -> _T:
    """Return one element of a sequence that is not empty."""
    ambient = AMBIENT.get()
    if ambient is None:
        return machine.choice(seq)
    return _generator(ambient, "secrets.choice", caller()).choice(seq)


def token_bytes(nbytes: int | None = None) -> bytes:
    """Return that many random bytes, a reasonable number by default."""
    return _token("secrets.token_bytes", nbytes, caller())


def token_hex(nbytes: int | None = None) -> str:
    """Return that many random bytes as hexadecimal digits."""
    return _token("secrets.token_hex", nbytes, caller()).hex()


def token_urlsafe(nbytes: int | None = None) -> str:
    """Return that many random bytes as text that a URL can hold."""
    return base64.urlsafe_b64encode(_token("secrets.token_urlsafe", nbytes, caller())).rstrip(b"=").decode()


def _generator(ambient: Ambient, function: str, author: str) -> random.Random:
    return random.Random(ambient.bits(function, _SEED_BITS, author))  # noqa: S311 - the world's draw decides


def _token(function: str, size_bytes: int | None, author: str) -> bytes:
    ambient = AMBIENT.get()
    size = machine.DEFAULT_ENTROPY if size_bytes is None else size_bytes
    if ambient is None or size <= 0:
        return machine.token_bytes(size)
    return ambient.bits(function, size * 8, author).to_bytes(size, "big")


MODULE = mirror(
    machine,
    {each.__name__: each for each in (randbits, randbelow, choice, token_bytes, token_hex, token_urlsafe)}
    | {"SystemRandom": SystemRandom},
)
"""What a studio module gets for `import secrets`."""
