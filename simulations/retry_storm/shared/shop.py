"""Shows customers what things cost."""

from __future__ import annotations

from studio import S, Service, call

from .contracts import Price, Question

service = Service("Shop", version="1.0.0", kind="query")


@service.operation(S.Shop.show, timeout="5s")
async def show(question: Question) -> Price:
    price: Price = await call(S.Prices.find, question)
    return price
