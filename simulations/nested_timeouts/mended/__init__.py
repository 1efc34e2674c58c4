"""The system that leaves time for the stand-in."""

from ..shared import calm, checkout, promises, steady, storm, swift

__all__ = ["calm", "checkout", "promises", "steady", "storm", "swift"]
