"""Progress is a bar where a front end shows widgets, and a line of text everywhere else."""

from __future__ import annotations

from typing import Any

import pytest

from studio.notebook.progress import ProgressLine, has_front_end, progress_of
from studio.notebook.widgets.progress_bar import ProgressBar
from tests.notebook.conftest import Notebook


class Shown:
    """What is displayed in one place."""

    def __init__(self) -> None:
        self.bundles: list[dict[str, Any]] = []

    def display(self, data: dict[str, Any], **_: Any) -> Shown:
        self.bundles.append(data)
        return self

    def update(self, data: dict[str, Any], **_: Any) -> None:
        self.bundles.append(data)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    shown = Shown()
    monkeypatch.setattr("IPython.display.display", shown.display)
    monkeypatch.setattr("studio.notebook.progress.QUIET_S", 0.0)
    monkeypatch.setattr("studio.notebook.progress.INTERVAL_S", 0.0)
    return shown


def test_without_a_kernel_or_a_server_it_is_a_line(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    assert not has_front_end()
    assert type(progress_of("calm")) is ProgressLine


def test_a_kernel_that_a_notebook_server_started_shows_a_bar(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "shop.ipynb")
    assert type(progress_of("calm")) is ProgressLine, "without a kernel nothing shows widgets"
    monkeypatch.setattr(notebook.shell, "kernel", object(), raising=False)
    assert type(progress_of("calm")) is ProgressBar


def test_the_bar_is_shown_once_told_on_and_taken_away(shown: Shown) -> None:
    bar = ProgressBar("calm")
    bar.show(0.25, "5 of 20 seeds")
    widget = bar.widget
    assert widget is not None
    bar.show(0.5, "10 of 20 seeds, 2 failed")
    assert (widget.share, widget.is_failing) == (0.5, True)
    assert "10 of 20 seeds" in repr(widget)
    bar.close()
    assert widget.is_over
    assert set(shown.bundles[0]) >= {"application/vnd.jupyter.widget-view+json", "text/plain"}
    assert shown.bundles[1:] == [{"text/plain": ""}]


def test_a_bar_of_quick_work_is_never_shown(shown: Shown) -> None:
    bar = ProgressBar("calm")
    bar.close()
    assert shown.bundles == []


def test_time_left_follows_from_the_share(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [100.0]
    monkeypatch.setattr("studio.notebook.progress.time.monotonic", lambda: now_s[0])
    line = ProgressLine("storm")
    now_s[0] = 130.0
    assert (line.left(0.0), line.left(1.0)) == ("", "")
    assert line.left(0.5) == ", 30 s left"
    assert line.left(0.1) == ", 4 min left"
