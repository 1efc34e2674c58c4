"""The system whose callers have a budget for trying again."""

from ..shared import calm, promises, shop, storm

__all__ = ["calm", "promises", "shop", "storm"]
