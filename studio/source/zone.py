"""Make UTC the process's local time zone while a world runs.

`datetime.now()` in a world is naive UTC, but methods of such values (`timestamp()`, `astimezone()` without a zone) are
the real type's and ask the process for its zone. Whoever drives a world enters `utc_zone`, so that they agree, on every
machine.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["utc_zone"]

_VARIABLE = "TZ"


@contextmanager
def utc_zone() -> Iterator[None]:
    """Make UTC the local zone of this process, and restore the former one at the end; may be nested.

    A platform without `time.tzset` (Windows) keeps its zone. The zone is the process's: local times that other threads
    show meanwhile are UTC too.
    """
    before = os.environ.get(_VARIABLE)
    if before == "UTC" or not hasattr(time, "tzset"):
        yield
        return
    os.environ[_VARIABLE] = "UTC"
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ[_VARIABLE]
        else:
            os.environ[_VARIABLE] = before
        time.tzset()
