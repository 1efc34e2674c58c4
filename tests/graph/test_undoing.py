"""What sagas say that their steps leave is checked: when a saga is declared, as far as can be, and before a run."""

from __future__ import annotations

from textwrap import dedent

import pytest

from studio.errors import UnknownTarget
from studio.graph.system import System
from studio.source.cell import cell_from_text

CONTRACTS = '%%contracts shop\nclass Order(Contract):\n    id: str\nevent($.Order.created, Order, key="id")'
STOCK = '%%service Stock\nheld = service.collection("held", Order, key="id")'
CARDS = "%%external cards\nledger = external.ledger(Order)"


def saga(effect: str) -> str:
    return dedent(
        f"""\
        %%saga Ordering --on $.Order.created
        @saga.step(effect={effect})
        async def hold(order: Order) -> Order:
            return order

        @hold.compensation
        async def let_go(order: Order, done: Order | None) -> None: ..."""
    )


def define(*cells: str) -> System:
    system = System()
    for cell in cells:
        source = cell_from_text(cell + "\n")
        assert source is not None
        system.define(source)
    return system


@pytest.mark.parametrize(
    ("effect", "near"),
    [
        ("'Stock.hold'", r"Stock\.held"),
        ("Effect('Stock.held', key='order_id')", "id"),
        ("Effect('cards.leger', key='id')", r"cards\.ledger"),
        ("['Stock.held', 'Stock.hled']", r"Stock\.held"),
    ],
)
def test_effect_on_what_does_not_exist_is_refused_where_it_stands(effect: str, near: str) -> None:
    with pytest.raises(UnknownTarget, match=f"Nearest: {near}") as caught:
        define(CONTRACTS, STOCK, CARDS, saga(effect))
    assert caught.value.where is not None
    assert caught.value.where.cell == "saga Ordering"


@pytest.mark.parametrize("effect", ["'Stock.held'", "Effect('cards.ledger', key='id', where='true')"])
def test_effect_on_what_exists_is_taken_in_whatever_order(effect: str) -> None:
    define(CONTRACTS, STOCK, CARDS, saga(effect)).build()
    define(CONTRACTS, saga(effect), STOCK, CARDS).build()


def test_effect_on_what_nobody_declares_is_refused_before_a_run() -> None:
    system = define(CONTRACTS, saga("'Stok.held'"), STOCK)
    with pytest.raises(UnknownTarget, match=r"effect of Ordering\.hold: target=Stok\.held"):
        system.build()
    system = define(CONTRACTS, saga("'Stock.hold'"), STOCK)
    with pytest.raises(UnknownTarget, match=r"Nearest: Stock\.held"):
        system.build()
