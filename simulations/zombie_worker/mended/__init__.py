"""The system whose storage checks who writes."""

from ..shared import calm, leasing, promises, risk, storm

__all__ = ["calm", "leasing", "promises", "risk", "storm"]
