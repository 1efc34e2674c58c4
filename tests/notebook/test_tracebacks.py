"""What an author sees of errors: ours in lines with the place, others without our frames, every line number true."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.notebook.conftest import SHOP

if TYPE_CHECKING:
    from tests.notebook.conftest import Notebook


def test_error_of_ours_is_three_lines_and_the_line_it_is_about(notebook: Notebook) -> None:
    assert notebook.fail("%%module tools\na = 1\nb = Retri\nc = 2\n") == (
        "STU212: name=Retri is not defined\n"
        "  in module tools, line 2\n"
        "  Import it, or declare it in a %%contracts or %%module cell. Nearest: Retry, setting, network.\n"
        "\n"
        "    1 | a = 1\n"
        "→   2 | b = Retri\n"
        "    3 | c = 2\n"
    )


def test_syntax_error_shows_its_line_once(notebook: Notebook) -> None:
    shown = notebook.fail("%%module tools\na = 1\ndef f(:\n")
    assert shown.startswith("STU210: invalid syntax\n    def f(:\n          ^\n  in module tools, line 2\n")
    assert shown.count("def f(:") == 1


def test_authors_own_error_keeps_its_frames_and_loses_ours(notebook: Notebook) -> None:
    shown = notebook.fail("%%module tools\ndef half(n):\n    return n / 0\nhalf(1)\n")
    assert "<module tools>:3" in shown
    assert "<module tools>:2" in shown
    assert "ZeroDivisionError: division by zero" in shown
    assert "run_cell_magic" not in shown
    assert "studio/" not in shown


def test_error_group_of_an_author_is_shown_as_an_error(notebook: Notebook) -> None:
    shown = notebook.fail("%%module tools\nraise ExceptionGroup('two', [ValueError('a'), KeyError('b')])\n")
    assert "ExceptionGroup: two (2 sub-exceptions)" in shown
    assert "studio/" not in shown


def test_error_of_ours_in_an_ordinary_cell_shows_the_line(notebook: Notebook) -> None:
    notebook.run(SHOP)
    notebook.run("%%service Idle\nx = 1")
    assert notebook.fail("a = 1\nIdle.nothing").endswith("    1 | a = 1\n→   2 | Idle.nothing\n")


def test_ordinary_error_is_shown_as_ever(notebook: Notebook) -> None:
    shown = notebook.fail("1 / 0")
    assert "Traceback (most recent call last)" in shown
    assert "----> 1 1 / 0" in shown
