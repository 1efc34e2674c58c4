"""Exporting a notebook whose latest cell failed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from studio.errors import UnsettledCell
from studio.notebook import acts

if TYPE_CHECKING:
    from tests.notebook.conftest import Notebook

BROKEN = "%%service Inventory --version 1.2.0\nundefined_name\n"


@pytest.fixture
def shop(notebook: Notebook) -> Notebook:
    """A notebook with an order and a service."""
    notebook.run('%%contracts shop\nclass Order(Contract):\n    id: str\n\nevent($.Order.created, Order, key="id")\n')
    notebook.run("%%service Inventory\nx = 1\n")
    return notebook


def test_a_cell_that_failed_is_named_before_its_older_declaration_ships(shop: Notebook, tmp_path: Path) -> None:
    shop.fail(BROKEN)
    assert shop.session.unsettled() == ["service Inventory"]
    with pytest.raises(UnsettledCell, match="STU704"):
        acts.export(shop.session, {"dir": str(tmp_path / "shop"), "name": None, "force": False})
    assert list(tmp_path.iterdir()) == []


def test_a_cell_that_was_mended_is_settled(shop: Notebook) -> None:
    shop.run("%%service Other\nx = 1\n")
    shop.run("%%service Other\nx = 2\n")
    assert shop.session.unsettled() == []


def test_an_older_version_of_a_saga_is_no_failure(shop: Notebook) -> None:
    shop.run(SAGA.format(version="1.0.0", name="one"))
    shop.run(SAGA.format(version="2.0.0", name="two"))
    assert shop.session.unsettled() == []


SAGA = """%%saga Counting --version {version} --on $.Order.created
@saga.step
async def {name}(order: Order) -> Order:
    return order
"""
