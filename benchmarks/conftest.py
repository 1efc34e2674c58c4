"""Options of the benchmarks: small by default, large with `--large`; figures are printed, never asserted."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer `--large`."""
    parser.addoption("--large", action="store_true", help="run the benchmarks at full size")


@pytest.fixture
def large(request: pytest.FixtureRequest) -> bool:
    """Whether the full size was asked for."""
    return bool(request.config.getoption("--large"))
