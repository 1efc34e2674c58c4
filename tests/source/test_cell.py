"""Sources as values, made from cells."""

from __future__ import annotations

import pickle

import pytest

from studio.address import S
from studio.errors import BadDollar, UnknownOption
from studio.source.cell import Source, cell_from_text, normal_body, settings, source_from_cell


def test_cell_gives_its_kind_name_options_and_translated_body() -> None:
    source = cell_from_text("%%service Inventory --replicas 2\n@service.on($.Order.created)\nasync def f(o): ...\n\n")
    assert source == Source(
        kind="service",
        name="Inventory",
        body="@service.on(S.Order.created)\nasync def f(o): ...\n",
        options=(("replicas", 2),),
    )
    assert (source.origin, source.first_line, source.implicit) == ("service Inventory", 1, True)


@pytest.mark.parametrize("text", ["x = 1", "%%bash\nls", "%%servicex A\n", "", "# %%service A", "%service A"])
def test_other_cells_are_none_of_ours(text: str) -> None:
    assert cell_from_text(text) is None


@pytest.mark.parametrize("text", ["%%module pricing", "\n\n%%module pricing\n", "%%module pricing  \n\n  \n"])
def test_empty_body_is_allowed(text: str) -> None:
    source = cell_from_text(text)
    assert source is not None
    assert source.body == ""


def test_leading_blank_lines_of_the_body_stay_so_that_lines_are_true() -> None:
    assert source_from_cell("module", "a", "\n\nx = 1").body == "\n\nx = 1\n"


def test_sql_is_not_translated() -> None:
    source = source_from_cell("invariant", "one_charge", "select '$.a', $.b\n")
    assert source.is_sql
    assert source.body == "select '$.a', $.b\n"


def test_python_invariant_is_translated() -> None:
    source = source_from_cell("invariant", "one_charge --python", "x = $.Order.created")
    assert not source.is_sql
    assert source.body == "x = S.Order.created\n"


@pytest.mark.parametrize(("body", "name"), [("A = 1\nB = 2", "A"), ("print()", "compose"), ("(", "compose")])
def test_unnamed_composition_goes_by_its_first_name(body: str, name: str) -> None:
    assert source_from_cell("compose", "", body).name == name


def test_bad_dollar_names_the_cell_and_line() -> None:
    with pytest.raises(BadDollar) as caught:
        source_from_cell("service", "Inventory", "x = 1\ny = $Order\n")
    assert str(caught.value.where) == "service Inventory, line 2"


def test_bad_option_reaches_the_author() -> None:
    with pytest.raises(UnknownOption):
        cell_from_text("%%service Inventory --nope\n")


def test_place_counts_neither_for_equality_nor_for_the_digest() -> None:
    cell = Source("module", "a", "x = 1\n")
    filed = Source("module", "a", "x = 1\n", origin="shop/a.py", first_line=5)
    assert cell == filed
    assert (cell.digest, cell.label) == (filed.digest, filed.label)


@pytest.mark.parametrize(
    "other",
    [
        Source("contracts", "a", "x = 1\n"),
        Source("module", "b", "x = 1\n"),
        Source("module", "a", "x = 2\n"),
        Source("module", "a", "x = 1\n", (("on", S.Order.created),)),
    ],
)
def test_what_is_declared_counts_for_the_digest(other: Source) -> None:
    assert other.digest != Source("module", "a", "x = 1\n").digest


def test_digest_survives_a_pickle() -> None:
    source = source_from_cell("saga", "Ordering --on $.Order.created", "x = 1")
    again = pickle.loads(pickle.dumps(source))  # noqa: S301
    assert again == source
    assert again.digest == source.digest


def test_settings_fill_in_defaults() -> None:
    found = settings(source_from_cell("service", "A --queue 5", ""))
    assert found == {"version": None, "kind": None, "replicas": 1, "concurrency": None, "queue": 5}


def test_file_written_by_hand_goes_by_its_path() -> None:
    assert Source("service", "A", "", origin="shop/a.py", implicit=False).label == "shop/a.py"


def test_line_ends_become_those_of_unix() -> None:
    assert normal_body("a\r\nb\rc\n\n") == "a\nb\nc\n"
