"""Errors STU906 to STU909: controls in a notebook's cell."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = ["NoFrontEnd"]


class NoFrontEnd(StudioError):
    """Something to look at is asked for where nothing is loaded that could show it."""

    code = "STU906"
    problem = "{what} needs a front end, and none is loaded"
    remedy = (
        "In a notebook, run `%load_ext studio` first; where that fails, pip install 'service-studio[lab]'. "
        "Without a notebook, `studio dashboard` shows the log in a browser."
    )

    what: str
