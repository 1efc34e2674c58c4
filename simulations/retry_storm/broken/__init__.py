"""The system whose callers try as often as they like."""

from ..shared import calm, promises, shop, storm

__all__ = ["calm", "promises", "shop", "storm"]
