"""The system that remembers what was cancelled before it came."""

from ..shared import calm, promises, storm

__all__ = ["calm", "promises", "storm"]
