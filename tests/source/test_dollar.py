"""The `$` notation: where it is translated, and where it is left."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from studio.errors import BadDollar
from studio.source.dollar import check, translate, translate_cell_lines

marks = ["$", "$.", "$.Order.created", "S", ".", "(", ")", "{", "}", "#", "!", "%", "=", "1", "x", "é", "if x:\n"]
pieces = st.lists(
    st.sampled_from([*marks, "'", '"', '"""', "'''", "f'", 'rb"', "\\", "\n", "\r\n", "\x0c", "\0", "\t", " ", "    "]),
    max_size=24,
).map("".join)


@given(pieces)
def test_lengths_of_lines_stay(text: str) -> None:
    assert [len(line) for line in translate(text).split("\n")] == [len(line) for line in text.split("\n")]


@given(pieces)
def test_only_dollars_before_a_dot_change(text: str) -> None:
    changed = [
        (a, b, text[i + 1 : i + 2]) for i, (a, b) in enumerate(zip(text, translate(text), strict=True)) if a != b
    ]
    assert set(changed) <= {("$", "S", ".")}


@given(pieces)
@example("'$.a")
@example("$.$.a")
def test_translating_twice_changes_nothing_more(text: str) -> None:
    assert translate(translate(text)) == translate(text)


@given(pieces)
def test_cell_lines_keep_their_cut(text: str) -> None:
    lines = text.splitlines(keepends=True)
    assert [len(line) for line in translate_cell_lines(lines)] == [len(line) for line in lines]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on($.Order.created)", "on(S.Order.created)"),
        ("x = $.A.b if $.C else[$.D]", "x = S.A.b if S.C else[S.D]"),
        ("é = $.Order.created", "é = S.Order.created"),
        ("x = (\n    $.A,\n    $.B)", "x = (\n    S.A,\n    S.B)"),
        ("'a' '''$.b\n''' + $.c", "'a' '''$.b\n''' + S.c"),
    ],
)
def test_code_is_translated(text: str, expected: str) -> None:
    assert translate(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "'$.A'",
        '"""\n$.A\n"""',
        "# $.A",
        "f'{$.A} $.B'",
        'f"""{x:{$.A}}\n$.B"""',
        r"'\'$.A'",
        "price = $5",
        "x$.A",
        "x.$.A",
        "'$.A\n",
        "x = '''$.A\n",
        '"$.A\\\n$.B"',
    ],
)
def test_what_is_no_code_is_left(text: str) -> None:
    assert translate(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("call($.Order.", "call(S.Order."),
        ("call($.", "call(S."),
        ("if x:\n    y\n  z = $.A  # $.B", "if x:\n    y\n  z = S.A  # $.B"),
        ("a = 'open $.A\nb = $.B '$.C'", "a = 'open $.A\nb = S.B '$.C'"),
        ("call($.A, '''$.B", "call(S.A, '''$.B"),
        ("x = f'{$.A\ny = $.B", "x = f'{$.A\ny = S.B"),
    ],
)
def test_unfinished_code_is_translated_too(text: str, expected: str) -> None:
    assert translate(text) == expected


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("!echo don't $.A\nx = $.B\n", "!echo don't $.A\nx = S.B\n"),
        ("%timeit $.A\n  %time '\n$.B", "%timeit $.A\n  %time '\nS.B"),
        ("!ls \\\n$.A\n$.B", "!ls \\\n$.A\nS.B"),
        ("files = !ls '$.A\n$.B", "files = !ls '$.A\nS.B"),
        ("x = '''\n% ''' + str($.A)", "x = '''\n% ''' + str(S.A)"),
        ("world.send($.A)?", "world.send(S.A)?"),
    ],
)
def test_lines_for_magics_and_shell_are_left(cell: str, expected: str) -> None:
    assert "".join(translate_cell_lines(cell.splitlines(keepends=True))) == expected


@pytest.mark.parametrize("magic", ["%%service Inventory", "%%bash", "\n%%html"])
def test_cells_with_a_cell_magic_are_left_to_it(magic: str) -> None:
    lines = [magic + "\n", "$.A\n"]
    assert translate_cell_lines(lines) == lines


@pytest.mark.parametrize("written", ["$Order", "$.", "$.1", "$", "x$.A"])
def test_a_dollar_that_is_no_address_names_line_and_remedy(written: str) -> None:
    with pytest.raises(BadDollar) as caught:
        check(f"'$'\n# $\ny = {written}\n", cell="service Inventory")
    assert str(caught.value.where) == "service Inventory, line 3"
    assert "$.Order.created" in str(caught.value)


def test_addresses_strings_and_comments_pass_the_check() -> None:
    check("x = $.A, '$', f'{$}'  # $\n", cell="service Inventory")
