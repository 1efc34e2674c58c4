"""Times as people read them."""

from __future__ import annotations

import pytest

from studio.observe.axis import instant


@pytest.mark.parametrize(
    ("time_ns", "said"),
    [
        (0, "0 ms"),
        (589_000_000, "589 ms"),
        (37_000_000_000, "37.00 s"),
        (59_994_000_000, "59.99 s"),
        (59_996_000_000, "1 min 00.0 s"),
        (117_180_000_000, "1 min 57.2 s"),
        (3_599_960_000_000, "1 h 00 min 00 s"),
        (7_507_000_000_000, "2 h 05 min 07 s"),
        (-37_000_000_000, "−37.00 s"),
    ],
)
def test_instants_tell_neighbours_apart(time_ns: int, said: str) -> None:
    assert instant(time_ns) == said
