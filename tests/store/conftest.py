"""What tests of the log share: a run's beginning, some records of an order, any record at all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from studio.records import (
    Delivery,
    DocumentChange,
    LedgerEntry,
    Message,
    Record,
    SagaChange,
    Span,
)
from studio.store import RunInfo, Shape

SHAPE = Shape(
    {"order_id": "VARCHAR", "amount": "DECIMAL(28,6)"},
    {"Inventory.stock": {"sku": "VARCHAR", "quantity": "BIGINT"}},
)


@pytest.fixture(scope="session")
def info() -> RunInfo:
    """What is known of a run when it begins."""
    return RunInfo("payment_outage", 7, "abc", "0.1.0", "3.11", datetime(2026, 1, 1, tzinfo=UTC), SHAPE)


@pytest.fixture(scope="session")
def orders() -> list[Record]:
    """Three orders: an event, its delivery, the work, the stock, the charge, the saga."""
    return [record for order in range(1, 4) for record in _order(order)]


def _order(order: int) -> list[Record]:
    at = order * 1_000_000_000
    saga, body = f"OrderProcessing:o{order}", f'{{"order_id":"o{order}","amount":"12.50"}}'
    return [
        Message(at, order, "event", "Order.created", "world", 0, f"o{order}", order, 0, 0, 2**64 - order, "", body),
        Delivery(at + 5, order, "Inventory", 0, 1, "delivered", ""),
        SagaChange(at + 6, saga, "OrderProcessing", "1", "running", 1, order, ""),
        DocumentChange(at + 7, "Inventory", "stock", "tea", order, "put", order, f'{{"sku":"tea","quantity":{order}}}'),
        LedgerEntry(at + 8, "cards", "ledger", order, body),
        Span(at, at + 9, order, 0, order, "handle", "Order.created", "Inventory", 0, "ok", "", order, "",
             "service Inventory", 3, "secret words of a library"),
        SagaChange(at + 10, saga, "OrderProcessing", "1", "completed", 1, order, ""),
    ]  # fmt: skip
