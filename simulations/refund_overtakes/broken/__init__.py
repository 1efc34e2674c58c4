"""The system that expects messages in the order in which they were sent."""

from ..shared import calm, promises, storm

__all__ = ["calm", "promises", "storm"]
