"""The system that adds whatever it is told to."""

from ..shared import calm, promises, storm

__all__ = ["calm", "promises", "storm"]
