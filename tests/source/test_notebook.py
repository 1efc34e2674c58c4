"""Notebook files, read as sources."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from studio.errors import UnknownOption, UnreadableNotebook
from studio.source.cell import Source
from studio.source.notebook import latest, parse_notebook, read_notebook


def notebook(*cells: Any) -> str:
    return json.dumps({"nbformat": 4, "cells": cells})


def code(source: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source}


def test_studio_cells_become_sources_and_others_stay_text() -> None:
    text = notebook(
        {"cell_type": "markdown", "source": "%%module no"},
        code(["%%module pricing\n", "x = $.A.b"]),
        code("world.send($.A.b)"),
        code("%%bash\nls"),
    )
    found = parse_notebook(text, file="a.ipynb")
    assert found.sources == (Source("module", "pricing", "x = S.A.b\n"),)
    assert found.ordinary == ((3, "world.send($.A.b)"), (4, "%%bash\nls"))


def test_later_cell_replaces_an_earlier_of_its_name_in_its_place() -> None:
    text = notebook(code("%%module a\nx = 1"), code("%%module b"), code("%%module a\nx = 2"), code("%%service a"))
    sources = latest(parse_notebook(text, file="a.ipynb").sources)
    assert [(source.kind, source.name, source.body) for source in sources] == [
        ("module", "a", "x = 2\n"),
        ("module", "b", ""),
        ("service", "a", ""),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not JSON"),
        ("[]", "list of cells"),
        ('{"worksheets": []}', "list of cells"),
        (notebook(3), "cell 1 is no object"),
        (notebook(code(None)), "cell 1 has no text"),
        (notebook(code([1])), "cell 1 has no text"),
    ],
)
def test_what_is_no_notebook_is_refused(text: str, says: str) -> None:
    with pytest.raises(UnreadableNotebook, match=says):
        parse_notebook(text, file="a.ipynb")


def test_bad_option_of_a_cell_reaches_the_author() -> None:
    with pytest.raises(UnknownOption):
        parse_notebook(notebook(code("%%service A --nope")), file="a.ipynb")


def test_file_is_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(notebook(code("é = 1")), encoding="utf-8")
    assert read_notebook(path).ordinary == ((1, "é = 1"),)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_missing_or_undecodable_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a.ipynb").write_bytes(content)
    with pytest.raises(UnreadableNotebook, match=r"a\.ipynb"):
        read_notebook(tmp_path / "a.ipynb")
