"""The likely cause is told from the two values that differ, and from the code."""

from __future__ import annotations

from typing import Any

import pytest

from studio.simulation.determinism.culprit import cause_of
from studio.simulation.determinism.suspects import suspects_in
from studio.source.cell import Source


@pytest.mark.parametrize(
    ("one", "other", "cause"),
    [
        ("2026-11-22T14:43:00", "2026-11-22T14:43:01", "clock"),
        (1_790_000_000.25, 1_790_000_001.5, "clock"),
        (1_790_000_000_000_000_000, 1_790_000_001_000_000_000, "clock"),
        ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", "9b2504e0-4f89-41d3-9a0c-0305e82c3302", "randomness"),
        ("<Order at 0x7f3a12bc>", "<Order at 0x7f3a99bc>", "address"),
        (139_872_345_678_901, 140_232_345_678_901, "address"),
        (["tea", "coffee"], ["coffee", "tea"], "order"),
        ("tea, coffee", "coffee, tea", "order"),
        ("", "FileNotFoundError", "file"),
        (1, 2, ""),
        ("tea", "coffee", ""),
    ],
)
def test_cause_is_told_from_values(one: Any, other: Any, cause: str) -> None:
    assert cause_of(one, other) == cause


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        ("for each in {1, 2}:\n    print(each)\n", "order"),
        ("names = set('ab')\nprint(list(names))\n", "order"),
        ("print(id(3))\n", "address"),
        ("import os\nprint(os.environ['HOME'])\n", "environment"),
        ("print(open('x').read())\n", "file"),
    ],
)
def test_suspects_are_found_in_the_code(body: str, cause: str) -> None:
    assert cause in {each.cause for each in suspects_in(Source("module", "m", body))}


@pytest.mark.parametrize("body", ["print(sorted({1, 2}))\n", "print(len(set('ab')))\n", "print('a' in {'a'})\n"])
def test_sets_whose_order_does_not_matter_are_no_suspects(body: str) -> None:
    assert suspects_in(Source("module", "m", body)) == []


def test_suspects_of_the_function_come_first() -> None:
    body = "x = id(1)\n\ndef f():\n    return id(2)\n"
    assert [each.line for each in suspects_in(Source("module", "m", body), around=3)] == [4, 1]
