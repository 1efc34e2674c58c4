"""Errors STU560 to STU569: what a fault plan lets happen, where no error of a real part says it."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = ["InjectedFailure"]


class InjectedFailure(StudioError):
    """A handler failed because the fault plan says so: as by a bug, at its first line."""

    code = "STU560"
    problem = "fault={fault} let {target} fail"
    remedy = "Nothing to mend here: see what the callers make of it, and the plan in `run.plan`."

    fault: str
    target: str
