"""Test that UTC can be made the process's local zone."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest

from studio.source.zone import utc_zone


@pytest.fixture
def _away() -> Iterator[None]:
    """Put the process into a zone that is not UTC, and back afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_away")
def test_local_time_is_utc_inside_and_restored_outside() -> None:
    assert time.localtime(0).tm_hour == 19
    with utc_zone():
        assert time.localtime(0).tm_hour == 0
        with utc_zone():
            assert time.localtime(0).tm_hour == 0
        assert time.localtime(0).tm_hour == 0
    assert time.localtime(0).tm_hour == 19


def test_a_zone_that_was_not_set_is_unset_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TZ", raising=False)
    with utc_zone():
        assert os.environ["TZ"] == "UTC"
    assert "TZ" not in os.environ


@pytest.mark.usefixtures("_away")
def test_the_zone_is_restored_after_an_error() -> None:
    with pytest.raises(RuntimeError), utc_zone():
        raise RuntimeError
    assert os.environ["TZ"] == "America/New_York"
