"""What is read from the environment, and what should be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.source.cell import Source
from studio.source.confidential import suspicions
from studio.source.variables import variable, variables


def asked(body: str) -> list[tuple[str, bool, str | None]]:
    return [(each.name, each.is_secret, each.default) for each in variables([Source("service", "A", body)])]


def places(body: str) -> list[int | None]:
    return [place.line for place in suspicions([Source("service", "A", body)])]


def test_settings_and_secrets_are_found_by_name() -> None:
    body = 'a = setting("COUNTRY", "GB")\nb = setting("limit")\nc = Secret("mail.key")\nd = setting(a)\n'
    assert asked(body) == [("COUNTRY", False, "GB"), ("LIMIT", False, None), ("MAIL_KEY", True, None)]


def test_one_variable_is_listed_once_with_all_who_read_it() -> None:
    sources = [Source("service", name, 'x = setting("A", default="1")\n') for name in ("Two", "One")]
    (found,) = variables(sources)
    assert (found.name, found.default, found.used_by) == ("A", "1", "service One, service Two")


@given(st.text(min_size=1))
def test_variables_are_those_that_the_real_engine_reads(name: str) -> None:
    assert asked(f"x = Secret({name!r})\n") == [(variable(name), True, None)]


@pytest.mark.parametrize(
    "line",
    [
        'key = "sk_live_' + "a" * 20 + '"',
        "# AKIA" + "A" * 16,
        'url = "postgres://shop:hunter2@db/shop"',
        'API_KEY = "0123456789"',
        'connect(password="correct horse")',
        'headers = {"token": "abcdefgh"}',
        'x = "-----BEGIN PRIVATE KEY-----"',
    ],
)
def test_texts_that_look_like_secrets_are_named_by_line(line: str) -> None:
    assert places(f"\n{line}\n") == [2]


@pytest.mark.parametrize(
    "line",
    ['auth = Secret("CARDS_KEY")', 'token = ""', 'base_url = "https://cards.example"', 'key = "order_id"', "a = 1"],
)
def test_ordinary_texts_are_left_alone(line: str) -> None:
    assert places(f"{line}\n") == []
