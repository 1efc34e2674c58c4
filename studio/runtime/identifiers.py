"""Derive keys that stay the same from run to run: causal keys for draws, idempotency keys for repeated sends."""

from __future__ import annotations

import functools
import hashlib

__all__ = ["causal_key", "key_of_text", "short_key"]

_MASK = (1 << 63) - 1
_KEY_MAX = 120


def causal_key(parent: int, address_key: int, ordinal: int) -> int:
    """Return the key of a message: its cause's key, its address and the ordinal of the send decide it, nothing else.

    A multiplicative mix suffices here, since every draw mixes again.

    Args:
        parent: Causal key of the message being handled.
        address_key: Stable key of the address.
        ordinal: Of the send within the handling, from 1.
    """
    return (((parent ^ address_key) * 0x9E3779B97F4A7C15) + ordinal * 0xBF58476D1CE4E5B9) & _MASK


def short_key(key: str) -> str:
    """Return an idempotency key as it is, or a hash of one that has grown long through nested calls."""
    if len(key) <= _KEY_MAX:
        return key
    return "h" + hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


@functools.lru_cache(maxsize=65_536)
def key_of_text(text: str) -> int:
    """Return a 63-bit key of a name or an id, the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") & _MASK
