"""Stand in for the standard modules that would ask the machine for time, chance or identity.

One file for each module, and one table here. A shim has every public name of its module; only what asks the machine is
replaced, and that asks `studio.source.ambient` first.
"""

from __future__ import annotations

import functools
from importlib import import_module
from types import ModuleType

__all__ = ["SHIMS", "shim"]

SHIMS: dict[str, str] = {
    "datetime": "datebook",
    "os": "machine",
    "random": "dice",
    "secrets": "secrecy",
    "time": "timekeeper",
    "uuid": "identifier",
}
"""Standard module to the file in this package that stands in for it."""


@functools.lru_cache(maxsize=4096)
def shim(name: str) -> ModuleType | None:
    """Return what stands in for a standard module, or None when nothing does.

    Args:
        name: Such as `datetime`; of a package's modules only the package itself (`os`, not `os.path`).
    """
    file = SHIMS.get(name)
    if file is None:
        return None
    module: ModuleType = import_module(f"{__name__}.{file}").MODULE
    return module
