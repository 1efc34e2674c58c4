"""The system that knows what it has added before."""

from ..shared import calm, promises, storm

__all__ = ["calm", "promises", "storm"]
