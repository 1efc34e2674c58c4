"""The system that commits the event with the write."""

from ..shared import calm, promises, shipping, storm

__all__ = ["calm", "promises", "shipping", "storm"]
