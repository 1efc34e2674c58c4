"""The system that deletes the old version when the new one goes out."""

from ..shared import calm, payment, promises, storm, warehouse

__all__ = ["calm", "payment", "promises", "storm", "warehouse"]
