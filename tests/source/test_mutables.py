"""Test which module-level names services may share."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from studio.errors import SharedMutable, Where
from studio.source.mutables import SharedState, find_shared_state, refuse_shared_state

PRELUDE = """
import array, asyncio, collections, dataclasses, enum, functools, io, itertools, logging, random, re, types, uuid
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import *
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from studio.contract import Contract
"""


def find(body: str) -> tuple[SharedState, ...]:
    """Execute a module's body and return what it would share."""
    namespace: dict[str, Any] = {"__name__": "pricing"}
    # Without the flags of this file: string annotations would ask for a module that is registered.
    exec(compile(PRELUDE + body, "module pricing", "exec", dont_inherit=True), namespace)  # noqa: S102 - the loader's work
    return find_shared_state(ast.parse(body), namespace)


@pytest.mark.parametrize(
    "value",
    [
        *("1", "1.5", "'text'", "b'raw'", "None", "...", "(1, ('a', 2))", "frozenset({1})", "range(3)", "slice(1)"),
        *("Decimal('1.5')", "datetime(2024, 1, 1)", "timedelta(1)", "uuid.UUID(int=1)", "Path('a')", "re.compile('a')"),
        *("types.MappingProxyType({'a': (1,)})", "logging.getLogger('a')", "TypeAdapter(int)", "random.SystemRandom()"),
        *("lambda: []", "list", "list[int]", "int | None", "Annotated[str, Field(min_length=1)]", "TypeVar('value')"),
        *("functools.partial(max, 1)", "collections.namedtuple('P', 'x y')(1, 2)", "json_module", "object()", "len"),
        *("NewType('Sku', str)", "functools.cache(len)", "Field(ge=0)", "[].copy", "str.join"),
    ],
)
def test_constants_and_types_are_allowed(value: str) -> None:
    assert find(f"import json as json_module\nvalue = {value}") == ()


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        *(("[]", "a list"), ("{}", "a dict"), ("set()", "a set"), ("bytearray()", "a bytearray")),
        *(("collections.deque()", "a deque"), ("collections.defaultdict(int)", "a defaultdict")),
        *(("collections.Counter()", "a Counter"), ("array.array('i')", "an array"), ("io.StringIO()", "an open file")),
        *(("itertools.count()", "an iterator with a position"), ("(x for x in ())", "an iterator with a position")),
        *(("random.Random(1)", "a generator with a state"), ("asyncio.Lock()", "a Lock")),
        *(("asyncio.Queue()", "a Queue"), ("collections.ChainMap()", "a ChainMap")),
    ],
)
def test_what_can_change_is_found(value: str, kind: str) -> None:
    [state] = find(f"\nvalue = {value}")
    assert (state.name, state.line, state.kind) == ("value", 2, kind)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("(1, [2])", "value[1]"),
        ("types.MappingProxyType({'a': []})", "value['a']"),
        ("functools.partial(print, [])", "value.args"),
        ("collections.namedtuple('P', 'x')({})", "value[0]"),
    ],
)
def test_what_can_change_inside_a_constant_is_found(value: str, name: str) -> None:
    assert [state.name for state in find(f"value = {value}")] == [name]


@pytest.mark.parametrize(
    "body",
    [
        "class Basket(Contract):\n    items: tuple[str, ...] = ()\nBASKET = Basket(items=('a',))",
        "class Size(enum.Enum):\n    SMALL = [1]\nSMALL = Size.SMALL",
        "@dataclasses.dataclass(frozen=True)\nclass P:\n    x: int = 0\nORIGIN = P()",
        "class P(NamedTuple):\n    x: int = 0\nORIGIN = P()",
        "class Missing:\n    pass\nMISSING = Missing()",
        "class P(BaseModel):\n    model_config = ConfigDict(frozen=True)\n    x: int = 0\nORIGIN = P()",
        "class P:\n    __slots__ = ['x']\n    __match_args__ = ('x',)",
    ],
)
def test_frozen_objects_of_own_classes_are_allowed(body: str) -> None:
    assert find(body) == ()


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("class Basket(Contract):\n    tags: list[str] = []\nBASKET = Basket()", "BASKET.tags"),
        ("@dataclasses.dataclass\nclass P:\n    x: int = 0\nORIGIN = P()", "ORIGIN"),
        ("@dataclasses.dataclass(frozen=True)\nclass P:\n    x: list\nORIGIN = P([])", "ORIGIN.x"),
        ("class P:\n    def __init__(self): self.x = 1\nORIGIN = P()", "ORIGIN"),
        ("class P:\n    __slots__ = ('x',)\nORIGIN = P()", "ORIGIN"),
        ("class P(BaseModel):\n    x: int = 0\nORIGIN = P()", "ORIGIN"),
        ("class Cache:\n    items: ClassVar[dict] = {}", "Cache.items"),
    ],
)
def test_objects_that_can_change_are_found(body: str, name: str) -> None:
    assert [state.name for state in find(body)] == [name]


def test_a_name_that_a_function_rebinds_is_found() -> None:
    [state] = find("count = 0\ndef up():\n    global count\n    count += 1")
    assert (state.name, state.line, state.kind) == ("count", 3, "rebound by a function")


@pytest.mark.parametrize(
    "body",
    [
        "if True:\n    seen = []",
        "try:\n    seen = []\nfinally:\n    pass",
        "for seen in ([],):\n    pass",
        "with io.BytesIO() as file:\n    seen = []\nfile = 0",
        "seen: list[int] = []",
        "other, (seen, *_) = 1, ([], 2)\n_ = 0",
        "print(seen := [])",
    ],
)
def test_every_way_of_binding_is_seen(body: str) -> None:
    assert [state.name for state in find(body)] == ["seen"]


@pytest.mark.parametrize(
    "body",
    [
        "__all__ = ['price']",
        "from os import environ",
        "def price():\n    seen = []",
        "total = sum([x for x in [1, 2]])",
        "seen = []\ndel seen",
        "seen = []\nseen = tuple(seen)",
    ],
)
def test_names_that_are_not_the_modules_state_are_left_alone(body: str) -> None:
    assert find(body) == ()


def test_an_unhashable_object_of_a_package_is_found() -> None:
    [state] = find("import polars\nframe = polars.DataFrame()\nkind = polars.Int64\n")
    assert state.name == "frame"


def test_findings_come_by_line() -> None:
    assert [state.line for state in find("b = []\na = {}\nclass C:\n    d = set()\n")] == [1, 2, 4]


def test_the_first_finding_is_raised_with_its_remedy() -> None:
    body = "rates = {}\nother = []"
    with pytest.raises(SharedMutable) as refusal:
        refuse_shared_state(ast.parse(body), {"rates": {}, "other": []}, "module pricing")
    assert refusal.value.where == Where("module pricing", 1)
    assert str(refusal.value).startswith("STU242: name=rates is a dict, and every replica")
    assert "types.MappingProxyType, or move it into the service" in str(refusal.value)


def test_lines_of_a_file_count_from_its_top() -> None:
    with pytest.raises(SharedMutable) as refusal:
        refuse_shared_state(ast.parse("\nseen = []"), {"seen": []}, "shop/pricing.py", first_line=5)
    assert refusal.value.where == Where("shop/pricing.py", 6)


def test_classes_of_neighbouring_modules_are_the_authors_own() -> None:
    basket: Any = type("Basket", (), {"__module__": "cells.orders"})()
    basket.items = 1
    body = ast.parse("BASKET = None")
    assert find_shared_state(body, {"__name__": "cells.pricing", "BASKET": basket})
    assert not find_shared_state(body, {"__name__": "other", "BASKET": basket})


def test_a_module_without_state_passes() -> None:
    refuse_shared_state(ast.parse("RATE = 3"), {"RATE": 3}, "module pricing")
