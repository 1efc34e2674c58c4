"""Folders, read in the order in which they can be executed."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from studio.errors import UnreadableFile
from studio.source.cell import Source
from studio.source.directory import in_order, read, read_directory
from studio.source.options import KINDS


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def names(sources: tuple[Source, ...]) -> list[str]:
    return [source.name for source in sources]


def test_kinds_come_in_their_order_however_they_are_given() -> None:
    given = [Source(kind, f"a_{kind}", "") for kind in KINDS]
    assert in_order(reversed(given)) == tuple(given)


def test_what_is_used_by_name_comes_first() -> None:
    given = [
        Source("contracts", "a", "class A(B): ..."),
        Source("contracts", "b", "class B(Contract): x: T"),
        Source("module", "types", "T = int"),
        Source("service", "S", "x: A"),
    ]
    for order in itertools.permutations(given):
        assert names(in_order(order)) == ["types", "b", "a", "S"]


def test_circles_are_taken_as_kind_and_path_have_them() -> None:
    given = [Source("module", "a", "x = y"), Source("module", "b", "y = x"), Source("module", "c", "z = x")]
    assert names(in_order(reversed(given))) == ["a", "b", "c"]


def test_services_that_call_each_other_stay_in_order_of_names() -> None:
    given = [Source("service", "A", "B.b()"), Source("service", "B", "A.a()")]
    assert names(in_order(reversed(given))) == ["A", "B"]


def test_package_is_read_in_order_of_its_imports(tmp_path: Path) -> None:
    files = {
        "shop/__init__.py": "",
        "shop/a.py": "from studio import Contract\nfrom shop.money import Money\nclass A(Contract): m: Money",
        "shop/b.py": "from studio import Contract\nfrom . import c\nclass B(c.C): ...\nclass D(Contract): ...",
        "shop/c.py": "from studio import Contract\nclass C(Contract): ...",
        "shop/money.py": "Money = int",
        "shop/parts/__init__.py": "from ..services import stock\nfrom .. import money",
        "shop/services/stock.py": 'from studio import Service\nfrom ..a import A\nservice = Service("Stock")',
    }
    found = read_directory(write(tmp_path, files) / "shop")
    assert names(found) == ["shop.c", "shop.b", "shop.money", "shop.a", "shop.parts", "Stock"]
    assert {source.origin.partition("/")[0] for source in found} == {"shop"}


def test_what_is_no_declaration_is_left_out(tmp_path: Path) -> None:
    left_out = ["tests/a.py", "test_a.py", "conftest.py", ".hidden/a.py", "__pycache__/a.py", "venv/a.py", "a.txt"]
    files = {**dict.fromkeys(left_out, "x = 1"), "venv/pyvenv.cfg": "", "a.py": "x = 1", "empty.py": "\n"}
    assert names(read_directory(write(tmp_path, files))) == ["a"]


def test_exported_files_are_ordered_by_their_names_too(tmp_path: Path) -> None:
    files = {
        "services/stock.py": "# studio: service Stock\n# ---\nx: Order\n",
        "contracts/orders.py": "# studio: contracts orders\n# ---\nclass Order(Money): ...\n",
        "contracts/zmoney.py": "# studio: contracts zmoney\n# ---\nclass Money: ...\n",
        "invariants/one.sql": "-- studio: invariant one\n-- ---\nselect 1\n",
    }
    assert names(read_directory(write(tmp_path, files))) == ["zmoney", "orders", "Stock", "one"]


def test_a_path_is_read_for_what_it_is(tmp_path: Path) -> None:
    cells = [{"cell_type": "code", "source": "%%module b\ny = 1"}]
    write(tmp_path, {"a.py": "x = 1", "b.ipynb": json.dumps({"nbformat": 4, "cells": cells})})
    assert names(read(tmp_path)) == ["a"]
    assert names(read(tmp_path / "a.py")) == ["a"]
    assert names(read(tmp_path / "b.ipynb")) == ["b"]


@pytest.mark.parametrize("reader", [read, read_directory])
def test_nothing_at_a_path_is_said_so(tmp_path: Path, reader: object) -> None:
    assert callable(reader)
    with pytest.raises(UnreadableFile):
        reader(tmp_path / "none")


def test_what_is_imported_from_beside_the_folder_belongs_to_the_system(tmp_path: Path) -> None:
    for name in ("", "shared/", "broken/"):
        (tmp_path / "pay" / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / "pay" / name / "__init__.py").write_text('"""Nothing."""\n')
    (tmp_path / "pay/shared/contracts.py").write_text(
        "from studio import Contract\nclass Charge(Contract):\n    id: str\n"
    )
    (tmp_path / "pay/shared/cards.py").write_text(
        "from studio import External\nfrom .contracts import Charge\nexternal = External('cards')\n"
    )
    (tmp_path / "pay/shared/unused.py").write_text("from studio import Service\nservice = Service('Unused')\n")
    (tmp_path / "pay/broken/__init__.py").write_text("from ..shared import cards\n")
    origins = [source.origin for source in read_directory(tmp_path / "pay" / "broken")]
    assert origins == ["pay/shared/contracts.py", "pay/broken/__init__.py", "pay/shared/cards.py"]
