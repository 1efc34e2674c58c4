"""The Studio kernel itself: magics without loading anything, errors as errors, cells known by their ids."""

from __future__ import annotations

from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from tests.notebook.conftest import INVENTORY, SHOP


def executed(*cells: str) -> NotebookNode:
    """Run a notebook in the Studio kernel, past errors, and return it with its outputs."""
    make: Any = nbformat.v4  # untyped
    notebook = make.new_notebook(cells=[make.new_code_cell(cell) for cell in cells])
    client = NotebookClient(notebook, kernel_name="studio", allow_errors=True, timeout=120)
    result: NotebookNode = client.execute()
    return result


@pytest.fixture(scope="module")
def outputs() -> list[Any]:
    """The outputs of each cell of one small notebook."""
    cells = (
        SHOP,
        INVENTORY,
        "%%service Inventory --bogus\nx = 1",
        "%%servce Other\nx = 1",
        "%%service Broken\ndef half(n):\n    return n / 0\nhalf(1)",
        "repr($.Order.created)",
    )
    return [cell.outputs for cell in executed(*cells).cells]


def test_cells_answer_with_html_and_text_and_nothing_else(outputs: list[Any]) -> None:
    for shown in outputs[:2]:
        (output,) = shown
        assert output.output_type == "execute_result"
        assert set(output.data) == {"text/html", "text/plain"}


@pytest.mark.parametrize(("cell", "name"), [(2, "UnknownOption"), (3, "UnknownMagic"), (4, "ZeroDivisionError")])
def test_errors_are_error_outputs(outputs: list[Any], cell: int, name: str) -> None:
    (output,) = outputs[cell]
    assert (output.output_type, output.ename) == ("error", name)


def test_traceback_of_an_author_has_true_lines_and_no_frame_of_ours(outputs: list[Any]) -> None:
    text = "\n".join(outputs[4][0].traceback)
    assert "<service Broken>:2" in text
    assert "studio/" not in text


def test_dollar_is_translated(outputs: list[Any]) -> None:
    assert outputs[5][0].data["text/plain"] == "'S.Order.created'"
