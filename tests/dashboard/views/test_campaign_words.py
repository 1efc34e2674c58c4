"""The words of the tab Campaign."""

from __future__ import annotations

import pytest

from studio.dashboard.views.campaign_words import headline
from studio.store.windows.campaign_window import CampaignFacts


@pytest.mark.parametrize(
    ("held", "failed", "errors", "said"),
    [
        (40, 0, 0, "✓ every promise held under 40 seeds"),
        (38, 2, 0, "✕ 2 of 40 seeds broke a promise"),
        (39, 0, 1, "✕ 1 of 40 seeds did not tell"),
        (37, 2, 1, "✕ 2 of 40 seeds broke a promise and 1 did not tell"),
        (0, 0, 0, "? no seed was done"),
    ],
)
def test_the_verdict_is_a_sentence(held: int, failed: int, errors: int, said: str) -> None:
    facts = CampaignFacts(1, "rough", "finished", 40, held, failed, errors, 14, 900, 2, 0, 0)
    assert f">{said}</b>" in headline(facts)
