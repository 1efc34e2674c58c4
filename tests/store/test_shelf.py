"""What a run is called."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from studio.simulation.case import Case
from studio.store.shelf import RunInfo


@pytest.mark.parametrize(
    ("scenario", "case", "name"),
    [
        ("evening", Case("evening").as_json(), "evening"),
        ("", Case("evening").as_json(), "evening (world)"),
        ("", Case("").as_json(), "world"),
        ("", "", "world"),
        ("", "of another version", "world"),
    ],
)
def test_a_run_is_called_by_its_scenario_also_where_a_world_began_from_it(scenario: str, case: str, name: str) -> None:
    assert RunInfo(scenario, 7, "", "0", "3", datetime(2026, 1, 1, tzinfo=UTC), case=case).name == name
