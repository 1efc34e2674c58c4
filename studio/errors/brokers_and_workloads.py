"""Errors STU580 to STU589: delivery models and workloads."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = ["InvalidWorkload", "UnknownBus"]


class UnknownBus(StudioError):
    """A delivery model is named that does not exist."""

    code = "STU580"
    problem = "{what}: bus={bus} is no delivery model"
    remedy = "Nearest: {known}. What each promises is in docs/delivery."

    what: str
    bus: str
    known: str


class InvalidWorkload(StudioError):
    """A workload's arrivals contradict each other, or are nothing."""

    code = "STU581"
    problem = "workload({address}): {reason}"
    remedy = "{remedy_text}"

    address: str
    reason: str
    remedy_text: str
