"""The system as it is written in a hurry."""

from ..shared import calm, cards, promises, storm

__all__ = ["calm", "cards", "promises", "storm"]
