"""Takes orders over HTTP, and knows how each one fares."""

from __future__ import annotations

from collections.abc import AsyncIterator

from studio import Failure, S, Service, call, publish, stream

from . import pricing
from .contracts import NewOrder, Order, OrderExists, OrderNotFound, OrderState, Quote, StatusChanged
from .flows import Announced, Screening

service = Service("Orders", version="1.0.0", kind="api", replicas=2)

orders = service.collection("orders", OrderState, key="id")
requests = service.counter("requests_total", labels=["endpoint"])


# The state and the event leave together: without `transactional` a crash between them would leave an order that nobody
# works on.
@service.operation(S.Orders.place, transactional=True, raises=[OrderExists])
async def place(order: Order) -> OrderState:
    if await orders.get(order.id) is not None:
        raise OrderExists(f"{order.id} was placed before", order_id=order.id)
    state = OrderState(id=order.id, total=order.total)
    await orders.insert(state)
    await publish(S.Order.created, order)
    return state


@service.post("/orders", status_code=201)
async def create(new: NewOrder) -> OrderState:
    requests.inc(endpoint="create")
    order = Order(**new.model_dump(), total=pricing.total(new.items))
    state: OrderState = await call(S.Orders.place, order)
    return state


@service.post("/quotes")
async def quote(new: NewOrder) -> Quote:
    requests.inc(endpoint="quote")
    order = Order(**new.model_dump(), total=pricing.total(new.items))
    screened = await Screening(order)
    available = not isinstance(screened.stock, Failure) and not screened.stock.missing
    risk = "unknown" if isinstance(screened.risk, Failure) else screened.risk.level
    return Quote(order_id=order.id, total=order.total, available=available, risk=risk)


@service.get("/orders/{id}")
async def read(id: str) -> OrderState:
    requests.inc(endpoint="read")
    state = await orders.get(id)
    if state is None:
        raise OrderNotFound(f"there is no {id}", order_id=id)
    return state


@service.get("/orders/{id}/changes")
async def changes(id: str) -> AsyncIterator[StatusChanged]:
    """Stream the order's changes, from now on, until it has come to an end."""
    async for change in stream(S.Order.status_changed):
        if change.order_id == id:
            yield change
            return


@service.on(S.Order.completed, transactional=True)
async def completed(order: Order) -> None:
    await settle(order, "completed")


@service.on(S.Order.failed, transactional=True)
async def cancelled(order: Order) -> None:
    await settle(order, "cancelled")


@service.on(S.Order.stuck, transactional=True)
async def stuck(order: Order) -> None:
    await settle(order, "stuck")


async def settle(order: Order, status: str) -> None:
    await orders.put(OrderState.model_validate({"id": order.id, "total": order.total, "status": status}))
    await publish(S.Order.status_changed, StatusChanged(order_id=order.id, status=status))


# A composition answers calls like any handler.
service.operation(S.Orders.dispatch_again)(Announced)
