"""Knows what things cost: each of two workers answers five questions a second."""

from __future__ import annotations

from studio import Retry, S, Service

from ..shared.contracts import Price, Question

service = Service("Prices", version="1.0.0", kind="query", concurrency=2)
service.policy(timeout="1s", retry=Retry(attempts=10, backoff="fixed", first="500ms"))


@service.operation(S.Prices.find)
async def find(question: Question) -> Price:
    return Price(sku=question.sku, cents=100 * len(question.sku))
