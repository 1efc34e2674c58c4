"""Make what happened visible: a trace as a waterfall, drawn from the records and nothing else."""

from __future__ import annotations

from studio.observe.waterfall import Waterfall

__all__ = ["Waterfall"]
