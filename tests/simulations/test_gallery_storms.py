"""The gallery's correct twins in a storm: whatever goes wrong, every promise holds, Studio's own among them."""

from __future__ import annotations

import pytest

import studio
from studio.graph.system import Build

SEEDS = 5
MANY = 500


def test_the_twin_survives_storms(mended: Build) -> None:
    storm = studio.campaign("storm", seeds=SEEDS, system=mended, check_determinism=0, log=studio.Log.memory())
    assert storm.is_fine, str(storm)


@pytest.mark.slow
def test_the_twin_survives_many_storms(mended: Build) -> None:
    many = range(SEEDS, MANY)
    storm = studio.campaign(
        "storm", seeds=many, system=mended, workers=2, check_determinism=150, log=studio.Log.memory()
    )
    assert storm.is_fine, str(storm)
