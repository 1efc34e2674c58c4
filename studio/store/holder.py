"""Say which process writes a run, and whether it still lives: a run whose process died stays `running` in the log.

The file is open only while a batch goes in, so that its lock does not tell.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.store.shelf import RunRow

__all__ = ["is_abandoned", "is_gone", "this_process"]


def this_process() -> str:
    """Return this process in words that `is_gone` reads: its machine, its number, when it began."""
    return json.dumps([platform.node(), os.getpid(), _began(os.getpid())])


def is_abandoned(row: RunRow) -> bool:
    """Tell whether a run is not closed and never will be, since the process that wrote it is gone."""
    return row.status == "running" and is_gone(row.holder)


def is_gone(holder: str) -> bool:
    """Tell whether a process has surely ended; one on another machine, or in memory, may live.

    Args:
        holder: What `this_process` gave there.
    """
    if not holder or sys.platform == "win32":  # where a signal of 0 is not a question
        return False
    machine, process, began = json.loads(holder)
    if machine != platform.node():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return bool(began) and began != _began(process)  # the number was given to another


def _began(process: int) -> str:
    """Return when a process began, in the kernel's ticks since it started; empty where there is no `/proc`."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]  # the name before it may hold anything
