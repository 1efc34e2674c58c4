"""The system that undoes what it knows to be done."""

from ..shared import calm, payment, promises, seats, storm

__all__ = ["calm", "payment", "promises", "seats", "storm"]
