"""The kernel's side over a real comm: told at once and after each cell that changed something, quiet where it fails."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from queue import Empty
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from studio.lab.kernel_side import TARGET
from tests.notebook.conftest import INVENTORY, SHOP

WAIT_S = 60


@dataclass
class Browser:
    """What a browser does with a kernel: open a comm, send, run cells, and keep what comes back."""

    client: BlockingKernelClient
    comm: str = field(default_factory=lambda: uuid.uuid4().hex)
    told: list[dict[str, Any]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    streams: list[str] = field(default_factory=list)

    def open(self) -> None:
        self.comm = uuid.uuid4().hex
        self._send("comm_open", {"comm_id": self.comm, "target_name": TARGET, "data": {"version": 1}})

    def ask(self, what: str, **more: object) -> None:
        self._send("comm_msg", {"comm_id": self.comm, "data": {"ask": what, **more}})

    def run(self, cell: str) -> dict[str, Any]:
        """Run a cell and return its reply."""
        sent = self.client.execute(cell)
        return self._reply(sent)

    def until(self, reached: Callable[[], object]) -> None:
        """Take in what the kernel publishes until something holds."""
        deadline = time.monotonic() + WAIT_S
        while not reached():
            assert time.monotonic() < deadline, f"the kernel told only {self.told}, {self.streams}"
            try:
                self._take(self.client.get_iopub_msg(timeout=1))
            except Empty:
                continue

    def inventories(self) -> list[dict[str, Any]]:
        return [each["inventory"] for each in self.told if each["kind"] == "inventory"]

    def _send(self, kind: str, content: dict[str, Any]) -> None:
        self.client.shell_channel.send(self.client.session.msg(kind, content))

    def _reply(self, sent: str) -> dict[str, Any]:
        while True:
            reply: dict[str, Any] = self.client.get_shell_msg(timeout=WAIT_S)
            if reply["parent_header"].get("msg_id") == sent:
                content: dict[str, Any] = reply["content"]
                return content

    def _take(self, message: dict[str, Any]) -> None:
        content = message["content"]
        if message["msg_type"] == "comm_msg" and content["comm_id"] == self.comm:
            self.told.append(content["data"])
        elif message["msg_type"] == "comm_close":
            self.closed.append(content["comm_id"])
        elif message["msg_type"] == "stream":
            self.streams.append(content["text"])


@pytest.fixture(scope="module")
def kernel() -> Iterator[BlockingKernelClient]:
    """A Studio kernel."""
    manager = KernelManager(kernel_name="studio")
    manager.start_kernel()
    client: BlockingKernelClient = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=WAIT_S)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture
def browser(kernel: BlockingKernelClient) -> Browser:
    """A browser with an open comm to a kernel in which nothing is declared."""
    browser = Browser(kernel)
    browser.run("%load_ext studio")
    browser.run("%studio reset")
    browser.open()
    browser.until(browser.inventories)
    return browser


def test_a_new_comm_is_told_the_inventory_at_once(browser: Browser) -> None:
    assert browser.inventories()[0]["services"] == []


def test_a_cell_that_declares_is_told_and_one_that_changes_nothing_is_not(browser: Browser) -> None:
    for cell in (SHOP, "1 + 1", INVENTORY):
        assert browser.run(cell)["status"] == "ok"
    browser.until(lambda: any(each["services"] for each in browser.inventories()))
    assert [len(each["contracts"]) for each in browser.inventories()] == [0, 1, 1]


def test_it_answers_what_is_asked_and_passes_by_what_it_does_not_know(browser: Browser) -> None:
    browser.told.clear()
    browser.ask("the weather")
    browser.ask("inventory")
    browser.until(lambda: browser.told)
    assert [each["kind"] for each in browser.told] == ["inventory"]
    assert browser.streams == []


def test_what_goes_wrong_is_told_and_not_logged(browser: Browser) -> None:
    browser.run("import studio.lab.kernel_side as side")
    browser.run("kept = side.dashboard_url; side.dashboard_url = lambda **_: 1 / 0")
    browser.told.clear()
    browser.ask("dashboard", theme="dark")
    browser.until(lambda: browser.told)
    browser.run("side.dashboard_url = kept")
    assert browser.told == [{"kind": "problem", "ask": "dashboard", "text": "division by zero"}]
    assert browser.streams == []


def test_the_dashboard_has_an_address_in_the_wanted_colours(browser: Browser) -> None:
    browser.told.clear()
    browser.ask("dashboard", theme="dark", host="localhost", origin="http://localhost:8888")
    browser.until(lambda: browser.told)
    url = browser.told[0].get("url", browser.told[0])
    assert url.startswith("http://localhost:")
    assert "theme=dark" in url
    assert "token=" in url


def test_unloading_lets_browsers_go_and_loading_takes_them_on_again(browser: Browser) -> None:
    browser.run("%unload_ext studio")
    browser.until(lambda: browser.comm in browser.closed)
    browser.run("%load_ext studio")
    browser.told.clear()
    browser.open()
    browser.until(browser.inventories)
