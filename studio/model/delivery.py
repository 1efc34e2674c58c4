"""Name the delivery models: what "stored", "redelivered" and "in order" mean; each has a page in `docs/delivery`."""

from __future__ import annotations

from studio.errors import UnknownBus, nearest

__all__ = ["BUSES", "check_bus"]

BUSES = ("jetstream", "rabbitmq", "kafka")
"""Delivery models; the first is taken unless another is named."""


def check_bus(bus: str, *, what: str) -> str:
    """Return a delivery model's name if it is one.

    Args:
        bus: The name.
        what: Who asks for it, for the error: `scenario=calm`.

    Raises:
        UnknownBus: With the nearest names.
    """
    if bus not in BUSES:
        raise UnknownBus(what=what, bus=bus, known=nearest(bus, BUSES))
    return bus
