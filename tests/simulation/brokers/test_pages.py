"""The pages of the delivery models say what the code does, and cite where each default is from."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.model.delivery import BUSES
from studio.simulation.brokers import group, jetstream, kafka, rabbitmq

SECOND_NS = 1_000_000_000
STATED = {
    "jetstream": {"2 minutes": jetstream.DUPLICATE_WINDOW_NS / 60, "5 s": jetstream.PUBLISH_WAIT_NS},
    "rabbitmq": {
        "30 minutes": rabbitmq.CONSUMER_TIMEOUT_NS / 60,
        "60 s": rabbitmq.HEARTBEAT_NS,
        "5 s": rabbitmq.PUBLISH_WAIT_NS,
        "20 failed": rabbitmq.DELIVERY_LIMIT * SECOND_NS,
    },
    "kafka": {
        "45 s": group.SESSION_NS,
        "3 s": group.HEARTBEAT_NS,
        "12 partitions": group.PARTITIONS * SECOND_NS,
        "120 s": kafka.DELIVERY_TIMEOUT_NS,
        "30 s": kafka.REQUEST_TIMEOUT_NS,
        "5 minutes": kafka.POLL_NS / 60,
    },
}


@pytest.mark.parametrize("bus", BUSES)
def test_page_states_what_the_code_has(root: Path, bus: str) -> None:
    page = (root / "docs" / "delivery" / f"{bus}.md").read_text()
    for words, value_ns in STATED[bus].items():
        assert words in page
        assert int(words.split()[0]) * SECOND_NS == value_ns


@pytest.mark.parametrize("bus", BUSES)
def test_page_has_its_parts_and_its_sources(root: Path, bus: str) -> None:
    page = (root / "docs" / "delivery" / f"{bus}.md").read_text()
    for part in ("What is promised", "Defaults", "Permitted misbehaviours, and the fault that shows each", "Sources"):
        assert f"\n## {part}\n" in page
    assert page.count("https://") >= 5
