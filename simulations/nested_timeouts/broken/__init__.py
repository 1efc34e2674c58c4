"""The system that is more patient inside than outside."""

from ..shared import calm, checkout, promises, steady, storm, swift

__all__ = ["calm", "checkout", "promises", "steady", "storm", "swift"]
