"""The system with the breaker that was written by hand."""

from ..shared import calm, payment, promises, storm

__all__ = ["calm", "payment", "promises", "storm"]
