"""The system that gives up after three deliveries, and says so."""

from ..shared import calm, promises, storm

__all__ = ["calm", "promises", "storm"]
