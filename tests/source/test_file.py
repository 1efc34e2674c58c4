"""Python files, read as sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.errors import InvalidSyntax, MixedFile, UnreadableFile
from studio.source.cell import Source, source_from_cell
from studio.source.file import module_path, read_file, source_from_text
from studio.source.render import render


def classified(text: str) -> tuple[str, str]:
    source = source_from_text(text, origin="shop/sample.py")
    return source.kind, source.name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('from studio import Service\nservice = Service("Inventory")', ("service", "Inventory")),
        ('import studio\ninventory = studio.Service(name="Inventory")', ("service", "Inventory")),
        ('from studio import Service as Made\nx: Made = Made("A")', ("service", "A")),
        ('from studio.model import *\nsaga = Saga("Ordering")', ("saga", "Ordering")),
        ('from studio import External\nexternal = External("cards")', ("external", "cards")),
        ('from studio import Scenario\nscenario = Scenario("outage")', ("scenario", "outage")),
        ("from studio import Service\nservice = Service(NAME)", ("service", "shop.sample")),
        ('from studio import Invariant\ninvariant = Invariant("one", sql="")', ("invariant", "shop.sample")),
        ("from studio import invariant\n@invariant(mode='always')\ndef one(run): ...", ("invariant", "shop.sample")),
        ("from studio import sequence\nFlow = sequence(A.b, C.d)", ("compose", "shop.sample")),
        ("from studio import Contract\nclass Order(Contract): ...", ("contracts", "shop.sample")),
        ("from studio import ServiceError\nclass A(ServiceError): ...\nclass B(A): ...", ("contracts", "shop.sample")),
        ("from studio import S, event\nevent(S.A.b, int)", ("contracts", "shop.sample")),
        ("from other import Service, Contract\nx = Service('A')\nclass B(Contract): ...", ("module", "shop.sample")),
        ("def f():\n    return Service('A')", ("module", "shop.sample")),
    ],
)
def test_file_is_classified_by_what_it_declares(text: str, expected: tuple[str, str]) -> None:
    assert classified(text) == expected


def test_service_with_contracts_of_its_own_is_a_service() -> None:
    text = 'from studio import Contract, Service\nclass A(Contract): ...\nservice = Service("B")'
    assert classified(text) == ("service", "B")


@pytest.mark.parametrize("second", ['Service("B")', 'Saga("B")'])
def test_two_of_what_needs_its_own_file_are_refused(second: str) -> None:
    with pytest.raises(MixedFile, match="service A and") as caught:
        classified(f'from studio import *\na = Service("A")\nb = {second}')
    assert str(caught.value.where) == "shop/sample.py, line 3"


def test_file_by_hand_has_its_own_imports_and_lines() -> None:
    source = source_from_text("x = 1\r\n", origin="shop/sample.py")
    assert source == Source("module", "shop.sample", "x = 1\n", implicit=False)
    assert (source.origin, source.first_line, source.label) == ("shop/sample.py", 1, "shop/sample.py")


def test_file_with_a_header_is_the_cell_it_was() -> None:
    cell = source_from_cell("service", "Inventory --replicas 2", "x = $.A.b")
    assert source_from_text(render(cell, imports="from studio import S"), origin="a.py") == cell


def test_file_is_named_from_where_its_package_is(tmp_path: Path) -> None:
    (tmp_path / "shop" / "parts").mkdir(parents=True)
    for folder in ("shop", "shop/parts"):
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "shop" / "parts" / "tax.py").write_text("x = 1\n", encoding="utf-8")
    source = read_file(tmp_path / "shop" / "parts" / "tax.py")
    assert (source.origin, source.name) == ("shop/parts/tax.py", "shop.parts.tax")


def test_package_file_goes_by_its_package() -> None:
    assert module_path("shop/__init__.py") == "shop"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.py", b"\xff", "UTF-8"),
        ("a.txt", b"", "suffix"),
        ("a.sql", b"select 1", "header"),
        ("b.py", None, "No such file"),
    ],
)
def test_unreadable_file_is_refused(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableFile, match=says):
        read_file(tmp_path / name)


def test_dollar_in_a_file_is_told_what_files_say() -> None:
    with pytest.raises(InvalidSyntax, match=r"write S\. for \$\.") as caught:
        classified("x = 1\ny = $.Order.created\n")
    assert str(caught.value.where) == "shop/sample.py, line 2"
