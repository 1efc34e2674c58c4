"""Test what an import statement gives a studio module."""

from __future__ import annotations

import importlib
import importlib.metadata
import os.path
from types import ModuleType
from typing import Any

import pytest

from studio.errors import RefusedImport, Where
from studio.source.cell import source_from_cell
from studio.source.importing import REFUSED, make_builtins, make_import
from studio.source.loader import execute
from studio.source.shims import SHIMS, shim

Modules = dict[str, ModuleType]


def local(*names: str) -> Modules:
    """Make empty modules of those names."""
    return {name: ModuleType(name) for name in names}


def run(body: str, modules: Modules | None = None, **names: Any) -> dict[str, Any]:
    """Execute a module's body under the hook, with these modules in its system, and return its globals."""
    known = modules or {}

    def resolve(name: str, level: int, package: str | None) -> ModuleType | None:
        return known.get(importlib.util.resolve_name("." * level + name, package) if level else name)

    namespace = {"__name__": "cell", "__builtins__": make_builtins(resolve), **names}
    exec(compile(body, "module pricing", "exec"), namespace)  # noqa: S102 - the loader's work
    return namespace


@pytest.mark.parametrize("name", sorted(SHIMS))
def test_shimmed_modules_answer_by_name(name: str) -> None:
    made = run(f"import {name}\nimport {name} as other")
    assert made[name] is made["other"] is shim(name)


def test_names_are_taken_from_the_shim() -> None:
    made = run("from datetime import datetime, timedelta as span\nfrom random import *")
    stands: Any = shim("datetime")
    assert made["datetime"] is stands.datetime
    assert made["span"] is importlib.import_module("datetime").timedelta
    assert made["randint"] is getattr(shim("random"), "randint")  # noqa: B009 - mypy does not know the name


def test_submodules_of_a_shimmed_package_are_right() -> None:
    made = run("import os.path\nimport os.path as p\nfrom os.path import join\nfrom os import path")
    assert made["os"] is shim("os")
    assert made["p"] is made["path"] is os.path
    assert made["join"] is os.path.join


def test_everything_else_is_the_real_import() -> None:
    made = run("import json, collections.abc\nfrom decimal import Decimal\nimport xml.etree.ElementTree as tree")
    assert made["json"] is importlib.import_module("json")
    assert made["collections"].abc.Mapping
    assert made["tree"] is importlib.import_module("xml.etree.ElementTree")


def test_imports_inside_functions_are_hooked_too() -> None:
    made = run("def f():\n    import time\n    return time")
    assert made["f"]() is shim("time")


def test_import_module_gives_the_shim() -> None:
    made = run("import importlib\nfrom importlib import import_module as load\na = load('random'), load('os.path')")
    assert made["a"] == (shim("random"), os.path)
    assert made["importlib"].import_module("json") is importlib.import_module("json")


def test_the_rest_of_importlib_is_there() -> None:
    made = run("import importlib.metadata\nfrom importlib import metadata, resources")
    assert made["importlib"].metadata is made["metadata"] is importlib.metadata


def test_dunder_import_is_the_hook() -> None:
    assert run("made = __import__('uuid')")["made"] is shim("uuid")


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_modules_that_reach_outside_are_refused_with_a_remedy(name: str) -> None:
    with pytest.raises(RefusedImport) as refusal:
        run(f"import {name}")
    assert str(refusal.value).startswith(f"STU240: import={name} ")
    assert REFUSED[name] in str(refusal.value)


@pytest.mark.parametrize(
    "statement",
    [
        "from socket import socket",
        "from concurrent import futures",
        "import concurrent.futures.thread",
        "from asyncio import subprocess",
        "__import__('socket')",
        "import importlib; importlib.import_module('socket')",
        "import importlib; importlib.import_module('.futures', 'concurrent')",
    ],
)
def test_a_refused_module_is_refused_however_it_is_named(statement: str) -> None:
    with pytest.raises(RefusedImport):
        run(statement)


def test_a_refusal_names_the_authors_line() -> None:
    with pytest.raises(RefusedImport) as direct:
        run("\n\nimport threading")
    with pytest.raises(RefusedImport) as indirect:
        run("import importlib\nimportlib.import_module('threading')")
    assert direct.value.where == Where("module pricing", 3)
    assert indirect.value.where == Where("module pricing", 2)


def test_a_refusal_in_a_cell_names_the_cell() -> None:
    source = source_from_cell("module", "pricing", "RATE = 3\nimport socket\n")
    with pytest.raises(RefusedImport) as refusal:
        execute(source, module_name="cells.pricing", namespace={"__builtins__": make_builtins(lambda *_: None)})
    assert refusal.value.where == Where("module pricing", 2)


def test_the_place_of_a_refusal_can_be_told() -> None:
    hook = make_import(lambda *_: None, place=lambda frame: Where("there", frame.f_lineno * 0))
    with pytest.raises(RefusedImport) as refusal:
        hook("socket")
    assert refusal.value.where == Where("there", 0)


def test_packages_that_import_sockets_themselves_are_allowed() -> None:
    assert run("import asyncio, anyio, httpx")["httpx"] is importlib.import_module("httpx")


def test_type_checking_imports_are_never_refused() -> None:
    run("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import socket")


def test_modules_of_the_system_come_first() -> None:
    modules = local("pricing", "signal", "random")
    made = run("import pricing, signal\nimport random", modules)
    assert (made["pricing"], made["signal"], made["random"]) == tuple(modules.values())


def test_dotted_modules_of_the_system_bind_as_python_does() -> None:
    modules = local("shop", "shop.services", "shop.services.stock")
    made = run("import shop.services.stock\nimport shop.services.stock as stock\nfrom shop import services", modules)
    assert made["shop"] is modules["shop"]
    assert made["shop"].services.stock is made["stock"] is modules["shop.services.stock"]
    assert made["services"] is modules["shop.services"]


def test_relative_imports_are_resolved_in_the_system() -> None:
    modules = local("shop", "shop.pricing", "shop.services", "shop.services.stock")
    modules["shop.pricing"].RATE = 3  # type: ignore[attr-defined]  # the module's own name
    body = "from . import stock\nfrom ..pricing import RATE\nfrom .. import pricing"
    made = run(body, modules, __package__="shop.services")
    assert made["stock"] is modules["shop.services.stock"]
    assert (made["RATE"], made["pricing"]) == (3, modules["shop.pricing"])


def test_the_package_is_found_without_its_name() -> None:
    modules = local("shop", "shop.pricing")
    assert run("from . import pricing", modules, __name__="shop.order")["pricing"] is modules["shop.pricing"]
    assert run("from . import pricing", modules, __name__="shop", __path__=[])["pricing"] is modules["shop.pricing"]


def test_relative_imports_outside_the_system_are_pythons() -> None:
    made = run("from . import decoder", __package__="json")
    assert made["decoder"] is importlib.import_module("json.decoder")
    with pytest.raises(ImportError):
        run("from . import nothing")


def test_missing_modules_and_names_fail_as_ever() -> None:
    with pytest.raises(ModuleNotFoundError):
        run("import no_such_module_at_all")
    with pytest.raises(ImportError):
        run("from pricing import missing", local("pricing"))


def test_the_hook_is_in_the_modules_builtins_only() -> None:
    import builtins

    made = run("import time")
    assert made["__builtins__"]["__import__"] is not builtins.__import__
    assert made["__builtins__"]["len"] is len
