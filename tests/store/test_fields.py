"""Which columns a contract's fields become."""

from __future__ import annotations

import enum
from datetime import datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel

from studio.store import common_fields, field_types


class Size(enum.Enum):
    SMALL = "s"


class Charge(BaseModel):
    order_id: str
    amount: Decimal
    tries: int | None
    paid: bool
    size: Size
    status: Literal["open", "done"]
    at: datetime
    items: list[str]
    either: int | str


class Refund(BaseModel):
    order_id: int
    reason: str


def test_fields_become_columns_of_their_type() -> None:
    assert field_types(Charge) == {
        "order_id": "VARCHAR",
        "amount": "DECIMAL(28,6)",
        "tries": "BIGINT",
        "paid": "BOOLEAN",
        "size": "VARCHAR",
        "status": "VARCHAR",
        "at": "TIMESTAMP",
        "items": "JSON",
        "either": "JSON",
    }


def test_a_field_on_which_contracts_disagree_is_text() -> None:
    found = common_fields([Charge, Refund])
    assert (found["order_id"], found["reason"], found["amount"]) == ("VARCHAR", "VARCHAR", "DECIMAL(28,6)")
