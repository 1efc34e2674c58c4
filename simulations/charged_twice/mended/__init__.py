"""The system with the key that tells a second attempt from a second charge."""

from ..shared import calm, cards, promises, storm

__all__ = ["calm", "cards", "promises", "storm"]
