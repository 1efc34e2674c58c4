"""Saga instances as windows list them are those that a plain look at all changes finds."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from studio.simulation.run import Run
from studio.store.windows.buckets import Buckets, curves
from studio.store.windows.run_view import RunView
from studio.store.windows.saga_story import saga_story
from studio.store.windows.sagas_window import (
    STATES,
    SagaFilter,
    all_sagas,
    count_sagas,
    list_sagas,
    saga_counts,
    saga_totals,
)


def listed(view: RunView, **wanted: Any) -> set[str]:
    return set(list_sagas(view, SagaFilter(**wanted), limit=1000)["saga"].to_list())


def test_every_instance_is_listed_with_its_last_state(stormy: Run, stormy_view: RunView) -> None:
    expected = {row["saga"]: (row["state"], row["reason"], row["epoch"]) for row in stormy.sagas.to_dicts()}
    found = list_sagas(stormy_view, SagaFilter(), limit=1000).to_dicts()
    assert {row["saga"]: (row["state"], row["reason"], row["epoch"]) for row in found} == expected


def test_those_that_call_for_attention_stand_on_top(stormy_view: RunView) -> None:
    states = list_sagas(stormy_view, SagaFilter(), limit=1000)["state"].to_list()
    assert states == sorted(states, key=STATES.index)
    assert len(set(states)) > 1


def test_state_is_the_last_one(stormy: Run, stormy_view: RunView) -> None:
    expected = set(stormy.sagas.filter(stormy.sagas["state"] == "compensated")["saga"].to_list())
    assert listed(stormy_view, state="compensated") == expected != set()
    assert not listed(stormy_view, state="no such state")


def test_text_is_found_in_ids_reasons_and_results_of_steps(stormy: Run, stormy_view: RunView) -> None:
    steps, sagas = stormy.steps.to_dicts(), stormy.sagas.to_dicts()
    results = {row["saga"] for row in steps if "held" in row["body"]}
    assert listed(stormy_view, text="HELD") == results
    reason = next(row["reason"] for row in sagas if row["reason"])
    assert listed(stormy_view, text=reason) >= {row["saga"] for row in sagas if row["reason"] == reason}


def test_totals_count_what_is_listed(stormy: Run, stormy_view: RunView) -> None:
    assert saga_totals(stormy_view, SagaFilter()) == dict(Counter(stormy.sagas["state"].to_list()))
    assert count_sagas(stormy_view, SagaFilter()) == len(stormy.sagas)


def test_a_saga_is_found_by_its_name_and_by_its_instance(stormy_view: RunView) -> None:
    assert listed(stormy_view, saga="OrderProcessing/order-3") == {"OrderProcessing/order-3"}
    assert listed(stormy_view, saga="OrderProcessing") == listed(stormy_view)
    assert not listed(stormy_view, saga="Order")


def test_pages_put_together_are_the_whole(stormy_view: RunView) -> None:
    whole = list_sagas(stormy_view, SagaFilter(), limit=1000)["saga"].to_list()
    pages = [list_sagas(stormy_view, SagaFilter(), offset=at, limit=5) for at in range(0, len(whole), 5)]
    assert [saga for page in pages for saga in page["saga"]] == whole
    assert sum(map(len, all_sagas(stormy_view, SagaFilter()))) == len(whole)


@given(st.integers(0, 39), st.integers(1, 40))
def test_counts_at_any_bucket_are_those_of_the_changes_so_far(
    stormy: Run, stormy_view: RunView, first_s: int, length_s: int
) -> None:
    buckets = Buckets.of(first_s * 10**9, (first_s + length_s) * 10**9, most=12)
    found = curves(saga_counts(stormy_view, buckets), buckets, carried=True)
    changes = stormy.sql("select at_ns, saga, state from saga_changes order by seq").rows()
    for place, start in enumerate(buckets.starts):
        end = min(start + buckets.width_ns, 2**63)
        last = {saga: state for at, saga, state in changes if at < end}
        expected = Counter(last.values())
        assert {state: int(values[place] or 0) for state, values in found.items() if values[place]} == dict(expected)


def test_a_story_holds_journal_attempts_and_the_orchestrators_crash(stormy: Run, stormy_view: RunView) -> None:
    story = saga_story(stormy_view, "OrderProcessing/order-1")
    assert story is not None
    steps = stormy.steps
    expected = steps.filter(steps["saga"] == story.saga)["phase"].to_list()
    assert story.journal["phase"].to_list() == expected
    spans = stormy.spans.filter(
        (stormy.spans["saga"] == story.saga) & stormy.spans["kind"].is_in(["step", "compensation"])
    )
    assert sorted(story.attempts["span"].to_list()) == sorted(spans["span"].to_list())
    assert (story.state, story.traces) == ("compensated", [1])
    assert saga_story(stormy_view, "OrderProcessing/nobody") is None
