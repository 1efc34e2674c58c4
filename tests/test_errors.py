"""Every error teaches: a code of its own, what was wrong, a remedy, and the same after a trip between processes."""

from __future__ import annotations

import pickle
import re
import string
from collections import Counter
from collections.abc import Iterator

import pytest

import studio.errors
from studio.errors import StudioError, Where, in_words, nearest


def kinds(kind: type[StudioError] = StudioError) -> Iterator[type[StudioError]]:
    for each in kind.__subclasses__():
        if each.__module__.startswith("studio.errors."):
            yield each
        yield from kinds(each)


KINDS = sorted(set(kinds()), key=lambda kind: kind.code)


def fields(kind: type[StudioError]) -> set[str]:
    texts = kind.problem + kind.remedy
    return {re.split(r"[.!\[]", name)[0] for _, name, _, _ in string.Formatter().parse(texts) if name}


def test_codes_are_given_once() -> None:
    assert [code for code, count in Counter(kind.code for kind in KINDS).items() if count > 1] == []


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_error_says_what_was_wrong_and_what_to_do(kind: type[StudioError]) -> None:
    assert re.fullmatch(r"STU\d{3}", kind.code)
    assert kind.__doc__
    error = kind(where=Where("service Shop", 3), **dict.fromkeys(fields(kind), 7))
    first, place, *remedy = str(error).splitlines()
    assert first.startswith(f"{kind.code}: ")
    assert place.strip() == "in service Shop, line 3"
    assert remedy, "no remedy"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_error_survives_a_worker_process(kind: type[StudioError]) -> None:
    error = kind(where=Where("service Shop", 3), **dict.fromkeys(fields(kind), 7))
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert type(again) is kind
    assert str(again) == str(error)
    assert again.where == error.where


def test_code_reads_as_words() -> None:
    assert in_words("STU410") == "call timeout"
    assert in_words("CardDeclined") == "CardDeclined"


def test_nearest_names_what_looks_alike_or_all_of_a_short_list() -> None:
    assert nearest("Paymnt", ["Payment", "Orders"]) == "Payment"
    assert nearest("x", []) == "none are declared yet"
    assert studio.errors.nearest("zzz", ["b", "a"]) == "a, b"
