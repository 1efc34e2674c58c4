"""The system with a breaker that lets a probe through."""

from ..shared import calm, payment, promises, storm

__all__ = ["calm", "payment", "promises", "storm"]
