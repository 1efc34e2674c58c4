"""The system as it is written in a hurry."""

from ..shared import calm, cards, promises

__all__ = ["calm", "cards", "promises"]
