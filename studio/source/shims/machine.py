"""Stand in for `os`: random bytes and process numbers from the world, and no other processes.

Files, paths and the environment are the real module's.
"""

from __future__ import annotations

import os as machine
from collections.abc import Callable
from typing import Any, NoReturn

from studio.errors import RefusedCall
from studio.source.ambient import AMBIENT, caller
from studio.source.shims.mirror import mirror

__all__ = ["MODULE"]

_PROCESS = 1
_PARENT = 0
_SPAWNING = (
    *("execl", "execle", "execlp", "execlpe", "execv", "execve", "execvp", "execvpe", "fork", "forkpty", "popen"),
    *("posix_spawn", "posix_spawnp", "spawnl", "spawnle", "spawnlp", "spawnlpe", "spawnv", "spawnve", "spawnvp"),
    *("spawnvpe", "startfile", "system"),
)
_ENDING = ("_exit", "abort", "kill", "killpg")


def urandom(size: int, /) -> bytes:
    """Return that many random bytes."""
    ambient = AMBIENT.get()
    if ambient is None or size <= 0:
        return machine.urandom(size)
    return ambient.bits("os.urandom", size * 8, caller()).to_bytes(size, "big")


def getrandom(size: int, flags: int = 0) -> bytes:
    """Return that many random bytes."""
    ambient = AMBIENT.get()
    if ambient is None or size <= 0:
        return machine.getrandom(size, flags)
    return ambient.bits("os.getrandom", size * 8, caller()).to_bytes(size, "big")


def getpid() -> int:
    """Return this process's number; in a world, the one that a container's first process has."""
    return machine.getpid() if AMBIENT.get() is None else _PROCESS


def getppid() -> int:
    """Return the number of the parent process; 0 in a world."""
    return machine.getppid() if AMBIENT.get() is None else _PARENT


def times() -> machine.times_result:
    """Return the processor times of this process, which are 0 in a world, and the elapsed seconds."""
    ambient = AMBIENT.get()
    if ambient is None:
        return machine.times()
    return machine.times_result((0.0, 0.0, 0.0, 0.0, ambient.monotonic_ns() / 1_000_000_000))


def _refused(name: str, instead: str) -> Callable[..., NoReturn]:
    def refuse(*_args: Any, **_kwargs: Any) -> NoReturn:
        raise RefusedCall(function=f"os.{name}", instead=instead)

    refuse.__name__ = refuse.__qualname__ = name
    return refuse


_SPAWN_INSTEAD = "declare what runs elsewhere with %%external, and reach it through service.client"
_END_INSTEAD = "let a scenario end the replica: crash(service, at=...)"

MODULE = mirror(
    machine,
    {each.__name__: each for each in (urandom, getrandom, getpid, getppid, times)}
    | {name: _refused(name, _SPAWN_INSTEAD) for name in _SPAWNING}
    | {name: _refused(name, _END_INSTEAD) for name in _ENDING},
)
"""What a studio module gets for `import os`."""
