"""Writes to customers; each letter once."""

from __future__ import annotations

from studio import S, Service, UniqueViolation, log

from .contracts import Letter, OrderState, Sent

service = Service("Email", version="1.0.0", kind="command")

sent = service.collection("sent", Sent, key="order_id", unique=["subject"])


@service.operation(S.Email.write, idempotent=True)
async def write(letter: Letter) -> Sent:
    done = Sent(order_id=f"{letter.order_id}: {letter.subject}", subject=f"{letter.subject} ({letter.order_id})")
    try:
        await sent.put(done)
    except UniqueViolation:
        log.info("written before", order=letter.order_id)
    return done


@service.operation(S.Email.tell)
async def tell(state: OrderState) -> Sent:
    return await write(Letter(order_id=state.id, to="", subject=f"Your order is {state.status}"))
