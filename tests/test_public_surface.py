"""The public surface: `__all__` is what exists, and everything in it says what it is for."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from types import ModuleType

import pytest

import studio

PACKAGES = [
    "studio",
    *sorted(f"studio.{p.parent.name}" for p in Path(studio.__file__).parent.glob("[a-z]*/__init__.py")),
]


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest) -> ModuleType:
    """Each package users import from."""
    return importlib.import_module(request.param)


def test_all_is_what_exists(package: ModuleType) -> None:
    bound = {name for name, value in vars(package).items() if not name.startswith("_") and not is_plumbing(value)}
    listed = set(getattr(package, "__all__", ())) - {"__version__"}
    assert bound <= listed, "public, yet not in __all__"
    assert [name for name in sorted(listed) if not hasattr(package, name)] == [], "in __all__, yet not there"


def test_all_names_nothing_twice(package: ModuleType) -> None:
    listed = list(getattr(package, "__all__", ()))
    assert len(listed) == len(set(listed))


def test_every_public_item_says_what_it_is_for(package: ModuleType) -> None:
    items = {name: getattr(package, name) for name in getattr(package, "__all__", ())}
    silent = [name for name, item in items.items() if is_described(item) and not (item.__doc__ or "").strip()]
    assert silent == []


def is_plumbing(value: object) -> bool:
    """Tell names that come with the language: submodules and `from __future__ import annotations`."""
    return isinstance(value, ModuleType) or type(value).__module__ == "__future__" or value is importlib.import_module


def is_described(item: object) -> bool:
    """Tell what carries a docstring of its own: classes and functions, not constants and aliases."""
    return inspect.isclass(item) or inspect.isroutine(item)
