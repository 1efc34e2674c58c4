"""The command line: the notebook's jobs for terminals and CI.

Exit codes: 0 fine, 1 found something (a violation, a finding, a difference), 2 wrong usage or input, 130 interrupted.
What a command needs loads when it runs.
"""

from __future__ import annotations

from studio.cli import hunting, inspecting, looking, projects, recorded, simulating  # each adds its commands
from studio.cli.entry import main, run
from studio.cli.terminal import app

__all__ = ["app", "hunting", "inspecting", "looking", "main", "projects", "recorded", "run", "simulating"]
