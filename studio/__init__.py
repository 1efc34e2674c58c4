"""Design services, break them in a deterministic simulation, ship the code that survived."""

from __future__ import annotations

__version__ = "0.1.0"

__all__ = ["__version__"]
