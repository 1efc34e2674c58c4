"""Where sources go."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from studio.errors import BadPackageName, NotPackaged
from studio.export.placement import FOLDERS, distribution_name, import_name, paths_of
from studio.source.cell import Kind, Source
from studio.source.options import KINDS


def named(name: str, kind: Kind = "service", body: str = "") -> Source:
    return Source(kind, name, body)


def file(path: str, body: str = "x = 1\n") -> Source:
    return Source("module", path.removesuffix(".py").replace("/", "."), body, origin=path, implicit=False)


def places(*sources: Source, package: str) -> dict[str, PurePosixPath]:
    return paths_of({source.name: source for source in sources}, package)


def test_every_kind_has_a_folder() -> None:
    assert FOLDERS.keys() == KINDS.keys()


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Inventory", "inventory"), ("OrderProcessing", "order_processing"), ("HTTPGate", "http_gate"),
        ("Class", "class_"), ("Setup", "setup_"), ("TestBench", "_test_bench"), ("Größe", "größe"),
    ],
)  # fmt: skip
def test_files_are_named_in_words(name: str, stem: str) -> None:
    assert str(places(named(name), package="shop")[name]) == f"shop/services/{stem}.py"


def test_names_that_differ_in_case_alone_get_files_of_their_own() -> None:
    paths = places(named("Ab"), named("AB"), named("ab"), package="shop")
    assert {name: path.name for name, path in paths.items()} == {"AB": "ab.py", "Ab": "ab_2.py", "ab": "ab_3.py"}


def test_sql_is_a_file_of_sql() -> None:
    assert str(places(named("held", "invariant", "select 1\n"), package="shop")["held"]) == "shop/simulations/held.sql"


def test_files_written_by_hand_keep_their_package() -> None:
    sources = [file("orders/payment.py"), named("Extra")]
    assert import_name("shop", sources) == "orders"
    assert str(places(*sources, package="orders")["orders.payment"]) == "orders/payment.py"


def test_files_side_by_side_get_a_package() -> None:
    sources = [file("payment.py"), file("orders.py", "from .payment import x\n")]
    assert str(places(*sources, package="shop")["orders"]) == "shop/orders.py"


def test_files_side_by_side_may_not_import_each_other_by_name() -> None:
    with pytest.raises(NotPackaged, match=r"orders\.py imports payment") as caught:
        places(file("payment.py"), file("orders.py", "\nfrom payment import x\n"), package="shop")
    assert str(caught.value.where) == "orders.py, line 2"


@pytest.mark.parametrize("name", ["json", "studio", "tests", "class", "2nd"])
def test_a_package_cannot_take_anothers_name(name: str) -> None:
    with pytest.raises(BadPackageName, match=name):
        import_name(name, [])


def test_a_package_cannot_hide_what_it_imports() -> None:
    with pytest.raises(BadPackageName, match="system imports"):
        import_name("yaml", [named("A", body="import yaml\n")])


def test_distributions_are_named_as_registries_name_them() -> None:
    assert distribution_name("Order_Shop.v2") == "order-shop-v2"
    with pytest.raises(BadPackageName):
        distribution_name("…")
