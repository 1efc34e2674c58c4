"""The system that trusts its lease."""

from ..shared import calm, leasing, promises, risk, storm

__all__ = ["calm", "leasing", "promises", "risk", "storm"]
