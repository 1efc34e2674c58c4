"""`studio dashboard`: serves a log read-only until it is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from studio.store import Log, RunInfo

if TYPE_CHECKING:
    from tests.conftest import Command

# A shell's background jobs are started deaf to the interrupt, and so would be what they start.
PROGRAM = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from studio.cli import main; main()"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "studio.duckdb"
    Log.open(made).record(RunInfo("calm", 7, "abc", "0", "3.11", datetime(2026, 1, 1, tzinfo=UTC))).finish(
        "finished", end_ns=1
    )
    return made


def test_a_log_is_served_until_it_is_interrupted_and_stays_as_it_was(file: Path) -> None:
    before = file.read_bytes()
    command = [sys.executable, "-W", "error::ResourceWarning", "-c", PROGRAM, "dashboard", str(file), "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        url = served.stdout.readline().split()[-1]
        with build_opener(HTTPCookieProcessor()).open(url, timeout=120) as answer:
            assert b"studio-panel" in answer.read()
        os.kill(served.pid, signal.SIGINT)
        try:
            _, complaints = served.communicate(timeout=60)
        finally:
            served.kill()
    assert (served.returncode, complaints) == (0, "")
    assert file.read_bytes() == before


def test_without_a_file_the_projects_log_is_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.studio]\nlog = "runs/kept.duckdb"\n')
    monkeypatch.chdir(tmp_path)
    code, _, complaints = command("dashboard", "--no-browser")
    assert code == 2
    assert "kept.duckdb does not exist" in complaints


def test_a_file_that_is_no_log_is_refused(tmp_path: Path, command: Command) -> None:
    (tmp_path / "notes.txt").write_text("nothing to see")
    code, _, complaints = command("dashboard", str(tmp_path / "notes.txt"), "--no-browser")
    assert (code, "STU603" in complaints) == (2, True)


def test_a_port_that_is_taken_is_told(file: Path, command: Command) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, _, complaints = command("dashboard", str(file), "--no-browser", "--port", str(taken.getsockname()[1]))
    assert (code, "STU810" in complaints) == (2, True)
