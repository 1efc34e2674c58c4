"""The system that writes, and then publishes."""

from ..shared import calm, promises, shipping, storm

__all__ = ["calm", "promises", "shipping", "storm"]
