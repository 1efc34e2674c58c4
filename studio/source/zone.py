"""Make UTC the process's local time zone while a world runs.

`datetime.now()` in a world is naive UTC, but methods of such values (`timestamp()`, `astimezone()` without a zone) are
the real type's and ask the process for its zone. Whoever drives a world enters `utc_zone`, so that they agree, on every
machine.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["utc_zone"]

_VARIABLE = "TZ"
_LOCK = threading.Lock()
_inside: list[None] = []  # one for each who is inside: worlds run in threads, and the last to leave puts the zone back
_former: list[str | None] = []


@contextmanager
def utc_zone() -> Iterator[None]:
    """Make UTC the local zone of this process, and restore the former one at the end.

    It may be nested, and entered by several threads at once. A platform without `time.tzset` (Windows) keeps its zone.
    The zone is the process's: local times that other threads show meanwhile are UTC too.
    """
    if not hasattr(time, "tzset"):
        yield
        return
    with _LOCK:
        if not _inside:
            _set_zone("UTC", before := os.environ.get(_VARIABLE))
            _former[:] = [before]
        _inside.append(None)
    try:
        yield
    finally:
        with _LOCK:
            _inside.pop()
            if not _inside:
                _set_zone(_former[0], os.environ.get(_VARIABLE))


def _set_zone(name: str | None, now: str | None) -> None:
    if name == now:
        return
    if name is None:
        del os.environ[_VARIABLE]
    else:
        os.environ[_VARIABLE] = name
    time.tzset()
