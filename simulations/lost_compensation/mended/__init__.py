"""The system that undoes whatever may have been done."""

from ..shared import calm, payment, promises, seats, storm

__all__ = ["calm", "payment", "promises", "seats", "storm"]
