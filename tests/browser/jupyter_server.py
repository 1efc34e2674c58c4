"""A real JupyterLab: the labextensions and kernels of this environment, everything else in folders of its own."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["LabServer", "lab_server_in"]

# It is told to end when the process that started it does, whatever ended that: Linux's PR_SET_PDEATHSIG.
_LAB = """
import ctypes, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
from jupyterlab.labapp import main
main()
"""
START_S = 120
STOP_S = 30
_SETTINGS = {  # no news, no look for updates, no tour of what is new
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True,
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LabServer:
    """A JupyterLab that runs.

    Attributes:
        base: Its address, without a slash at the end.
        token: What lets one in.
        root: Folder that it shows.
        log: What it has written.
    """

    base: str
    token: str
    root: Path
    log: Path

    def url(self, path: str = "") -> str:
        """Return the address of Lab, or of a file in it, with a workspace of its own and the token."""
        place = f"/tree/{path}" if path else ""
        return f"{self.base}/lab/workspaces/t{secrets.token_hex(4)}{place}?token={self.token}"

    def write(self, name: str, *cells: str, kernel: str = "studio") -> Path:
        """Write a notebook of code cells into the root."""
        shown = {"studio": "Studio (Python 3)", "python3": "Python 3 (ipykernel)"}[kernel]
        notebook = {
            "cells": [_cell(number, text) for number, text in enumerate(cells)],
            "metadata": {"kernelspec": {"name": kernel, "display_name": shown, "language": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        file = self.root / name
        file.write_text(json.dumps(notebook), encoding="utf-8")
        return file

    def ask(self, path: str, method: str = "GET") -> Any:
        """Ask the server's own interface, such as `/api/kernels`."""
        request = urllib.request.Request(  # noqa: S310 - an address of this machine
            f"{self.base}{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=STOP_S) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None


@contextmanager
def lab_server_in(folder: Path) -> Iterator[LabServer]:
    """Run a JupyterLab whose every file is in a folder; it and its kernels end with the block."""
    root, log, runtime = folder / "root", folder / "server.log", folder / "runtime"
    root.mkdir()
    _write_settings(folder / "settings")
    token = secrets.token_hex(16)
    with log.open("wb") as written:
        process = subprocess.Popen(
            _command(root, token), cwd=root, env=_environment(folder), stdin=subprocess.DEVNULL, stdout=written,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            server = LabServer(_address(process, runtime, log), token, root, log)
            _wait_for_answer(server)
            yield server
            _ask_to_end(server)
        finally:
            _end(process)


def _cell(number: int, text: str) -> dict[str, object]:
    return {
        "cell_type": "code", "id": f"cell-{number}", "metadata": {}, "source": text, "outputs": [],
        "execution_count": None,
    }  # fmt: skip


def _write_settings(folder: Path) -> None:
    for name, settings in _SETTINGS.items():
        file = folder / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(settings), encoding="utf-8")


def _command(root: Path, token: str) -> list[str]:
    with socket.socket() as probe:  # where another takes the port meanwhile, the server takes one nearby
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 50,
        "ServerApp.root_dir": root,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "ServerApp.terminals_enabled": False,
        "ServerApp.use_redirect_file": False,
        "IdentityProvider.token": token,
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.news_url": None,
        "LabApp.extension_manager": "readonly",
    }
    return [sys.executable, "-c", _LAB, *(f"--{name}={value}" for name, value in options.items())]


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPY", "PYTEST"))}
    return {
        **kept,
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "IPYTHONDIR": str(folder / "ipython"),
    }


def _address(process: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    """Wait until the server has said where it listens."""
    file = runtime / f"jpserver-{process.pid}.json"
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            return str(json.loads(file.read_text(encoding="utf-8"))["url"]).rstrip("/")
        except (FileNotFoundError, json.JSONDecodeError):
            time.sleep(0.05)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-4000:]}")


def _wait_for_answer(server: LabServer) -> None:
    until = time.monotonic() + START_S
    while True:
        try:
            server.ask("/api/status")
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def _ask_to_end(server: LabServer) -> None:
    for kernel in server.ask("/api/kernels"):
        server.ask(f"/api/kernels/{kernel['id']}", method="DELETE")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
