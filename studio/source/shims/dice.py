"""Stand in for `random`: in a world, every call of a global function is one named draw.

A call asks the world for one seed and answers with what a fresh `random.Random` of that seed gives, so a distribution
that rejects samples, or keeps a spare one (`gauss`), never shifts another draw. `Random(seed)` is the ordinary one;
`Random()` takes its seed from the world.
"""

from __future__ import annotations

import random as machine
import sys
from collections.abc import Callable
from functools import wraps
from types import FrameType
from typing import Any, NoReturn

from studio.errors import RefusedCall
from studio.source.ambient import AMBIENT, caller
from studio.source.shims.mirror import mirror

__all__ = ["MODULE", "Random", "SystemRandom"]

_SEED_BITS = 128
_FRACTION_BITS = 53
_FUNCTIONS = (
    *("betavariate", "binomialvariate", "choice", "choices", "expovariate", "gammavariate", "gauss", "lognormvariate"),
    *("normalvariate", "paretovariate", "randbytes", "randint", "randrange", "sample", "shuffle", "triangular"),
    *("uniform", "vonmisesvariate", "weibullvariate"),
)


def random() -> float:
    """Return a number in [0, 1), uniformly."""
    ambient = AMBIENT.get()
    if ambient is None:
        return machine.random()  # noqa: S311 - authors choose what they draw from
    return _fraction(ambient.bits("random.random", _FRACTION_BITS, caller()))


def getrandbits(k: int, /) -> int:
    """Return a number of `k` random bits."""
    ambient = AMBIENT.get()
    if ambient is None or k <= 0:
        return machine.getrandbits(k)
    return ambient.bits("random.getrandbits", k, caller())


def seed(a: Any = None, version: int = 2) -> None:
    """Seed the machine's generator; refused in a world, where the world's seed decides."""
    if AMBIENT.get() is None:
        machine.seed(a, version)
    elif a is not None:
        _refuse("random.seed")


def getstate() -> Any:
    """Return the state of the machine's generator; refused in a world, which has none."""
    return machine.getstate() if AMBIENT.get() is None else _refuse("random.getstate")


def setstate(state: Any, /) -> None:
    """Set the state of the machine's generator; refused in a world, which has none."""
    if AMBIENT.get() is not None:
        _refuse("random.setstate")
    machine.setstate(state)


class _Standing(type):
    """Count real generators as instances, whether or not they were made through the shim."""

    def __instancecheck__(cls, instance: Any) -> bool:
        return super().__instancecheck__(instance) or (cls in _STANDS_FOR and isinstance(instance, _STANDS_FOR[cls]))

    def __subclasscheck__(cls, subclass: type) -> bool:
        return super().__subclasscheck__(subclass) or (cls in _STANDS_FOR and issubclass(subclass, _STANDS_FOR[cls]))


class Random(machine.Random, metaclass=_Standing):
    """Generate like `random.Random`; without a seed, from one that the world draws."""

    def seed(self, a: Any = None, version: int = 2) -> None:
        """Start again from a seed; from one of the world's when none is given."""
        ambient = AMBIENT.get()
        if a is None and ambient is not None:
            a = ambient.bits("random.Random", _SEED_BITS, _author())
        super().seed(a, version)


class SystemRandom(machine.SystemRandom, metaclass=_Standing):
    """Generate like `random.SystemRandom`; in a world, each number is one of the world's draws."""

    def random(self) -> float:
        """Return a number in [0, 1), uniformly."""
        ambient = AMBIENT.get()
        if ambient is None:
            return super().random()
        return _fraction(ambient.bits("random.SystemRandom", _FRACTION_BITS, _author()))

    def getrandbits(self, k: int, /) -> int:
        """Return a number of `k` random bits."""
        ambient = AMBIENT.get()
        if ambient is None or k <= 0:
            return super().getrandbits(k)
        return ambient.bits("random.SystemRandom", k, _author())

    def randbytes(self, n: int) -> bytes:
        """Return `n` random bytes."""
        return super().randbytes(n) if AMBIENT.get() is None else self.getrandbits(n * 8).to_bytes(n, "little")

    def gauss(self, mu: float = 0.0, sigma: float = 1.0) -> float:
        """Return a normally distributed number, without the spare one that the real method keeps for its next call."""
        self.gauss_next = None
        return super().gauss(mu, sigma)


_STANDS_FOR: dict[type, type] = {Random: machine.Random, SystemRandom: machine.SystemRandom}


def _fraction(bits: int) -> float:
    return bits / (1 << _FRACTION_BITS)


def _author() -> str:
    """Return the qualified name of the nearest function outside the generators' own code."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - as in `caller`, but methods call each other
    while frame is not None and frame.f_globals.get("__name__") in (__name__, "random"):
        frame = frame.f_back
    return "<module>" if frame is None else frame.f_code.co_qualname


def _refuse(function: str) -> NoReturn:
    raise RefusedCall(function=function, instead="use a generator of your own: `generator = random.Random(seed)`")


def _drawn(name: str) -> Callable[..., Any]:
    """Return the global function of that name, which draws from the world where there is one."""
    label = f"random.{name}"
    original = getattr(machine, name)

    @wraps(original)
    def draw(*args: Any, **kwargs: Any) -> Any:
        ambient = AMBIENT.get()
        if ambient is None:
            return original(*args, **kwargs)
        generator = machine.Random(ambient.bits(label, _SEED_BITS, caller()))  # noqa: S311 - the world's draw decides
        return getattr(generator, name)(*args, **kwargs)

    return draw


MODULE = mirror(
    machine,
    {name: _drawn(name) for name in _FUNCTIONS if hasattr(machine, name)}
    | {each.__name__: each for each in (random, getrandbits, seed, getstate, setstate, Random, SystemRandom)},
)
"""What a studio module gets for `import random`."""
