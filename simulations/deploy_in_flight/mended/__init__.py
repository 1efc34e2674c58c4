"""The system that keeps the old version until its last order is done."""

from ..shared import calm, payment, promises, storm, warehouse

__all__ = ["calm", "payment", "promises", "storm", "warehouse"]
