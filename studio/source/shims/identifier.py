"""Stand in for `uuid`: identifiers made from the world's clock and draws where a world is running.

Layouts are those of RFC 9562. Versions 1 and 6 draw clock sequence and node anew each time (61 bits) unless they are
given, so that two identifiers made at the same virtual instant differ.
"""

from __future__ import annotations

import uuid as machine
from uuid import UUID

from studio.source.ambient import AMBIENT, Ambient, caller
from studio.source.shims.mirror import mirror

__all__ = ["MODULE"]

_GREGORIAN_TICKS = 0x01B21DD213814000  # 100 ns ticks from 1582-10-15, where versions 1 and 6 begin, to 1970
_NODE_BITS = 48
_CLOCK_BITS = 14
_MULTICAST = 1 << 40  # marks a node number that is not a network card's
_WORLD_NODE = _MULTICAST


def getnode() -> int:
    """Return the machine's network address; in a world, one constant."""
    return machine.getnode() if AMBIENT.get() is None else _WORLD_NODE


def uuid1(node: int | None = None, clock_seq: int | None = None) -> UUID:
    """Return an identifier of the time, a clock sequence and a node."""
    ambient = AMBIENT.get()
    if ambient is None:
        return machine.uuid1(node, clock_seq)
    ticks, sequence, node = _timed(ambient, "uuid.uuid1", node, clock_seq, caller())
    fields = (ticks & 0xFFFFFFFF, ticks >> 32 & 0xFFFF, ticks >> 48 & 0x0FFF, sequence >> 8, sequence & 0xFF, node)
    return UUID(fields=fields, version=1)


def uuid4() -> UUID:
    """Return a random identifier."""
    ambient = AMBIENT.get()
    return machine.uuid4() if ambient is None else UUID(int=ambient.bits("uuid.uuid4", 128, caller()), version=4)


def uuid6(node: int | None = None, clock_seq: int | None = None) -> UUID:
    """Return an identifier like `uuid1`'s that sorts by time."""
    ambient = AMBIENT.get()
    if ambient is None:
        return _real("uuid6", node, clock_seq)
    ticks, sequence, node = _timed(ambient, "uuid.uuid6", node, clock_seq, caller())
    return _versioned((ticks >> 12 << 80) | ((ticks & 0xFFF) << 64) | (sequence << 48) | node, 6)


def uuid7() -> UUID:
    """Return an identifier of the time in milliseconds and 74 random bits, which sorts by time."""
    ambient = AMBIENT.get()
    if ambient is None:
        return _real("uuid7")
    milliseconds = ambient.now_ns() // 1_000_000
    return _versioned(milliseconds << 80 | ambient.bits("uuid.uuid7", 80, caller()), 7)


def uuid8(a: int | None = None, b: int | None = None, c: int | None = None) -> UUID:
    """Return an identifier of three numbers of 48, 12 and 62 bits; those not given are drawn."""
    ambient = AMBIENT.get()
    if ambient is None:
        return _real("uuid8", a, b, c)
    drawn = ambient.bits("uuid.uuid8", 128, caller())
    high = drawn >> 80 if a is None else a & 0xFFFF_FFFF_FFFF
    middle = drawn >> 64 if b is None else b
    low = drawn if c is None else c
    return _versioned(high << 80 | (middle & 0xFFF) << 64 | low & 0x3FFF_FFFF_FFFF_FFFF, 8)


def _timed(
    ambient: Ambient, function: str, node: int | None, clock_seq: int | None, author: str
) -> tuple[int, int, int]:
    """Return the ticks since 1582, the clock sequence and the node; the latter two drawn when not given."""
    drawn = ambient.bits(function, _CLOCK_BITS + _NODE_BITS, author)
    sequence = (drawn >> _NODE_BITS if clock_seq is None else clock_seq) & 0x3FFF
    station = (drawn | _MULTICAST if node is None else node) & 0xFFFF_FFFF_FFFF
    return ambient.now_ns() // 100 + _GREGORIAN_TICKS, sequence, station


def _versioned(number: int, version: int) -> UUID:
    """Set version and variant by hand, since `UUID` refuses versions 6 to 8 before Python 3.14."""
    number = number & ~(0xF << 76) | version << 76
    return UUID(int=number & ~(0x3 << 62) | 0x2 << 62)


def _real(name: str, *given: int | None) -> UUID:
    """Call a function that only newer Pythons have."""
    made: UUID = getattr(machine, name)(*given)
    return made


MODULE = mirror(machine, {each.__name__: each for each in (getnode, uuid1, uuid4, uuid6, uuid7, uuid8)})
"""What a studio module gets for `import uuid`."""
