"""What is said between the services."""

from __future__ import annotations

from studio import Contract


class Question(Contract):
    sku: str


class Price(Contract):
    sku: str
    cents: int
