"""Sources written as files and read back."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.address import S
from studio.errors import StudioError, UnknownCellKind, UnknownOption, UnreadableFile
from studio.source.cell import Source, normal_body, source_from_cell
from studio.source.options import KINDS, Kind, Option, Value
from studio.source.render import binding, is_exported, read_exported, render, suffix

EXAMPLES: dict[str, Value] = {
    "integer": 7,
    "flag": True,
    "address": S.Order.created,
    "duration": "10m",
    "version": "1.2.0",
    "text": "one, two",
}
pieces = ["# ---", "-- ---", "# studio: service A", "x = 1", "  ", "é\x0c", "'''", "\r\n", "\n", "\n\n", "S.a"]
bodies = st.one_of(st.text(max_size=40), st.lists(st.sampled_from(pieces)).map("\n".join)).map(normal_body)


def example(option: Option) -> Value:
    return option.choices[0] if option.choices else EXAMPLES[option.type]


@st.composite
def sources(draw: st.DrawFn) -> Source:
    kind: Kind = draw(st.sampled_from(sorted(KINDS)))
    options = [(option.name, example(option)) for option in KINDS[kind].options if draw(st.booleans())]
    return Source(kind, "Name", draw(bodies), tuple(options))


@given(sources(), st.sampled_from(["", "import a", "from studio import S\n\nfrom a import (\n    b,\n)\n"]))
def test_file_that_is_written_is_read_as_the_same_source(source: Source, imports: str) -> None:
    text = render(source, imports=imports)
    again = read_exported(text, origin="shop/name.py")
    assert again == source
    assert again.digest == source.digest
    assert render(again, imports=imports) == text


@given(sources())
def test_body_stands_at_the_line_that_is_said(source: Source) -> None:
    text = render(source, imports="import a")
    again = read_exported(text, origin="shop/name.py")
    assert "\n".join(text.split("\n")[again.first_line - 1 :]) == source.body


def test_service_has_header_imports_object_and_mark() -> None:
    source = source_from_cell("service", "Inventory --version 1.2.0 --replicas 2", "@service.on($.Order.created)\n...")
    assert render(source, imports="from studio import S, Service\n") == (
        "# studio: service Inventory --version 1.2.0 --replicas 2\n"
        "from studio import S, Service\n"
        "\n"
        'service = Service("Inventory", version="1.2.0", replicas=2)\n'
        "# ---\n"
        "@service.on(S.Order.created)\n"
        "...\n"
    )


def test_sql_invariant_is_a_file_of_sql() -> None:
    source = source_from_cell("invariant", "one_charge --eventually", "select $.a\n")
    assert suffix(source) == ".sql"
    assert render(source) == "-- studio: invariant one_charge --eventually\n-- ---\nselect $.a\n"


@given(sources())
def test_bound_object_is_python(source: Source) -> None:
    ast.parse(binding(source))


def test_addresses_are_bound_as_files_write_them() -> None:
    source = source_from_cell("saga", "Ordering --on $.Order.created", "")
    assert binding(source) == 'saga = Saga("Ordering", on=S.Order.created)'


def test_kinds_without_an_object_bind_none() -> None:
    assert binding(source_from_cell("contracts", "orders", "")) == ""


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("# studio: servce A\n# ---\n", UnknownCellKind, "a.py, line 1"),
        ("# studio: service A --nope\n# ---\n", UnknownOption, "a.py, line 1"),
        ("# studio: service A\nx = 1\n", UnreadableFile, "# ---"),
        ("x = 1\n# ---\n", UnreadableFile, "header"),
    ],
)
def test_damaged_file_is_refused_with_its_place(text: str, error: type[StudioError], says: str) -> None:
    with pytest.raises(error, match=says):
        read_exported(text, origin="a.py")


def test_header_tells_an_exported_file() -> None:
    assert is_exported("# studio: module a\n# ---\n")
    assert not is_exported('"""Doc."""\n# studio: module a\n')
