"""Build a module that has all names of another, some of them replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

__all__ = ["mirror"]


def mirror(original: ModuleType, replaced: Mapping[str, Any], *, live: Iterable[str] = ()) -> ModuleType:
    """Return a module that looks like `original` but for the replaced names.

    Names that the original gains later (a submodule that someone imports) are found too. Setting a name on the mirror
    leaves the original as it was.

    Args:
        original: Module to mirror; it is not changed.
        replaced: Names that differ; those the original does not have in this Python version are left out.
        live: Names that `replaced["__getattr__"]` answers anew each time they are read.
    """
    module = ModuleType(original.__name__, original.__doc__)
    names = dict(vars(original))
    for name in live:
        names.pop(name, None)

    def missing(name: str) -> Any:
        return getattr(original, name)

    names["__getattr__"] = missing
    names.update({name: value for name, value in replaced.items() if name == "__getattr__" or hasattr(original, name)})
    vars(module).update(names)
    return module
