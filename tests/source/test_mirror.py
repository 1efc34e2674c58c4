"""Test what holds for every shim."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from studio.source.shims import SHIMS, shim
from studio.source.shims.mirror import mirror


@pytest.mark.parametrize("name", sorted(SHIMS))
def test_a_shim_has_every_public_name_of_its_module(name: str) -> None:
    stands: Any = shim(name)
    original = importlib.import_module(name)
    assert [public for public in dir(original) if not hasattr(stands, public)] == []
    assert stands.__name__ == name
    assert stands is not original


@pytest.mark.parametrize("name", sorted(SHIMS))
def test_a_shim_keeps_what_it_does_not_replace(name: str) -> None:
    stands: Any = shim(name)
    assert stands.__doc__ == importlib.import_module(name).__doc__


def test_other_modules_have_no_shim() -> None:
    assert shim("json") is None
    assert shim("os.path") is None


def test_a_mirror_finds_names_that_come_later() -> None:
    original = type(importlib)("original")
    copy: Any = mirror(original, {})
    original.later = 1  # type: ignore[attr-defined]  # a submodule that is imported afterwards
    assert copy.later == 1


def test_setting_a_name_on_a_mirror_leaves_the_original() -> None:
    original = type(importlib)("original")
    copy: Any = mirror(original, {})
    copy.changed = 1
    assert not hasattr(original, "changed")


def test_a_mirror_leaves_out_what_this_python_does_not_have() -> None:
    copy = mirror(type(importlib)("original"), {"newer": 1})
    assert not hasattr(copy, "newer")
