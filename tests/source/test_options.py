"""Magic lines: read by one table, written back canonically, refused with a remedy."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.address import S
from studio.errors import (
    BadCellName,
    BadOption,
    StudioError,
    UnknownCellKind,
    UnknownOption,
    UnreadableMagicLine,
)
from studio.source.options import (
    KINDS,
    Kind,
    Option,
    Value,
    cell_kind,
    help_text,
    magic_line,
    parse_line,
    suggestions,
    usage,
)

EXAMPLES: dict[str, list[Value]] = {
    "integer": [0, 1, 2, 40],
    "flag": [True],
    "address": [S.Order.created, S.Order],
    "duration": ["10m", "40ms", "1m30s", "0.5s"],
    "text": ["one", "one,two", "with a space"],
    "version": ["0.1.0", "1.2.0-rc.1+build"],
}


def values(option: Option) -> list[Value]:
    found: list[Value] = list(option.choices) or EXAMPLES[option.type]
    return [value for value in found if value != option.default and not (value == 0 and option.minimum)]


@st.composite
def lines(draw: st.DrawFn) -> tuple[Kind, str, tuple[tuple[str, Value], ...]]:
    kind = draw(st.sampled_from(sorted(KINDS)))
    chosen = draw(st.lists(st.sampled_from(KINDS[kind].options or [None]), unique=True))
    options = [option for option in KINDS[kind].options if option in chosen]
    return kind, "Name_1", tuple((option.name, draw(st.sampled_from(values(option)))) for option in options)


@given(lines())
def test_line_written_is_read_as_it_was(line: tuple[Kind, str, tuple[tuple[str, Value], ...]]) -> None:
    kind, name, options = line
    written = magic_line(kind, name, options)
    assert written.split(" ", 1)[0] == kind
    assert parse_line(kind, written.split(" ", 1)[1]) == (name, options)


def test_options_come_out_in_the_order_of_the_table() -> None:
    name, options = parse_line("service", "--replicas=2 Inventory --version 1.2.0  # keeps stock")
    assert magic_line("service", name, options) == "service Inventory --version 1.2.0 --replicas 2"


def test_defaults_are_not_written() -> None:
    assert parse_line("service", "Inventory --replicas 1") == ("Inventory", ())
    assert parse_line("invariant", "one_charge --always") == ("one_charge", ())


@pytest.mark.parametrize("text", ["$.Order.created", "Order.created", '"$.Order.created"'])
def test_addresses_are_read_in_each_notation(text: str) -> None:
    assert parse_line("saga", f"Ordering --on {text}") == ("Ordering", (("on", S.Order.created),))


@pytest.mark.parametrize(
    ("kind", "line", "error", "says"),
    [
        ("service", "", BadCellName, "no name is given"),
        ("service", "Order Payment", BadCellName, "more than one"),
        ("service", "2nd", BadCellName, "no Python name"),
        ("service", "class", BadCellName, "no Python name"),
        ("service", "_hidden", BadCellName, "no Python name"),
        ("service", "Order --replcas 2", UnknownOption, "It has: --version, --kind, --replicas"),
        ("contracts", "orders --version 1.0.0", UnknownOption, "no options"),
        ("service", "Order -v", UnknownOption, "option=-v"),
        ("service", "Order --replicas", BadOption, "has no value"),
        ("service", "Order --replicas --queue 2", BadOption, "--replicas has no value"),
        ("service", "Order --replicas 0", BadOption, "1 or more"),
        ("service", "Order --queue -1", BadOption, "0 or more"),
        ("service", "Order --kind webby", BadOption, "none of api"),
        ("service", "Order --version 1.2", BadOption, "no version"),
        ("service", "Order --queue 1 --queue 2", BadOption, "given twice"),
        ("saga", "Ordering --on $.Order.*", BadOption, "STU103"),
        ("scenario", "outage --duration long", BadOption, "no duration"),
        ("invariant", "one --python=yes", BadOption, "takes no value"),
        ("invariant", "one --always --eventually", BadOption, "given twice"),
        ("service", 'Order "', UnreadableMagicLine, "no closing quotation"),
    ],
)
def test_bad_line_is_refused_with_its_place(kind: Kind, line: str, error: type[StudioError], says: str) -> None:
    with pytest.raises(error) as caught:
        parse_line(kind, line)
    assert says in str(caught.value)
    assert str(caught.value.where) == f"%%{kind} {line}".strip()


def test_unknown_kind_names_those_that_exist() -> None:
    with pytest.raises(UnknownCellKind, match="contracts, module"):
        cell_kind("servce")


def test_unnamed_composition_is_allowed() -> None:
    assert parse_line("compose", "  # wires") == ("", ())
    assert magic_line("compose", "", ()) == "compose"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_help_shows_usage_and_every_option(kind: Kind) -> None:
    text = help_text(kind)
    assert usage(kind) in text
    assert all(f"--{option.name.replace('_', '-')}" in text and option.help in text for option in KINDS[kind].options)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Order --ver", ("--version",)),
        ("Order --version 1.0.0 --", ("--kind", "--replicas", "--concurrency", "--queue")),
        ("Order --kind c", ("command",)),
        ("Order --replicas ", ()),
        ("Ord", ()),
    ],
)
def test_unfinished_line_is_completed(line: str, expected: tuple[str, ...]) -> None:
    assert suggestions("service", line) == expected


def test_both_spellings_of_a_flag_are_suggested() -> None:
    assert suggestions("invariant", "one --") == ("--python", "--always", "--eventually")
