"""The system that tries for ever."""

from ..shared import calm, promises, storm

__all__ = ["calm", "promises", "storm"]
