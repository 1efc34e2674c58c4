"""Draw what nobody can foretell: the real engine's Randomness and Identity, both from the machine's own source."""

from __future__ import annotations

import secrets
from random import Random

__all__ = ["RandomIdentity", "SecretRandomness"]

_BITS = 63  # so that an identifier is a positive integer in every database and encoding


class SecretRandomness:
    """Implement `studio.ports.Randomness`: seeded once from the machine's source, alike for all streams.

    It spreads retries and sampling; tokens and keys are drawn by those who make them, from `secrets` itself.
    """

    __slots__ = ("_random",)

    def __init__(self) -> None:
        self._random = Random(secrets.randbits(256))  # noqa: S311 - jitter, no secret

    def uniform(self, stream: str, *keys: int) -> float:
        """Return a float in [0, 1); stream and keys change nothing here."""
        return self._random.random()


class RandomIdentity:
    """Implement `studio.ports.Identity`: random positive 63-bit integers, so that no two processes need to agree."""

    __slots__ = ()

    def message(self) -> int:
        """Return an id for a message."""
        return _identifier()

    def span(self) -> int:
        """Return an id for a span."""
        return _identifier()

    def trace(self) -> int:
        """Return an id for a trace."""
        return _identifier()


def _identifier() -> int:
    return secrets.randbits(_BITS) or 1  # 0 means none
