"""A notebook without a kernel: IPython's shell in this process, with the extension loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from studio.notebook.extension import session_of
from studio.notebook.session import Session

SHOP = """%%contracts shop
class Order(Contract):
    id: str
    total: int = Field(0, ge=0)

class Reservation(Contract):
    order_id: str

event($.Order.created, Order, key="id")
"""
INVENTORY = """%%service Inventory --version 1.2.0
@service.operation($.Inventory.reserve, idempotent=True)
async def reserve(order: Order) -> Reservation:
    return Reservation(order_id=order.id)
"""
SAGA = """%%saga Processing --on $.Order.created
@saga.step
async def reserve_stock(order: Order) -> Reservation:
    return await call($.Inventory.reserve, order)
"""


@dataclass
class Notebook:
    """Run cells as a front end does, and see what it would show."""

    shell: Any  # IPython leaves its methods untyped
    session: Session
    shown: pytest.CaptureFixture[str]

    def run(self, text: str, cell_id: str | None = None) -> Any:
        """Run a cell that must work, and return its value."""
        result = self.shell.run_cell(text, store_history=True, cell_id=cell_id)
        result.raise_error()
        return result.result

    def fail(self, text: str, cell_id: str | None = None) -> str:
        """Run a cell that must fail, and return what is shown, without escapes."""
        self.shown.readouterr()
        result = self.shell.run_cell(text, store_history=True, cell_id=cell_id)
        assert not result.success
        out, err = self.shown.readouterr()
        assert err == "", "an error on stderr alone passes notebook checkers"
        return re.sub(r"\x1b\[[0-9;]*m", "", out)

    def completions(self, text: str) -> list[str]:
        """Return the completions at the end of a cell's text."""
        with provisionalcompleter():
            return [each.text for each in self.shell.Completer.completions(text, len(text))]


@pytest.fixture(scope="session")
def bare_shell() -> Any:
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.IPCompleter.use_jedi = False
    return InteractiveShell.instance(config=config)


@pytest.fixture
def notebook(bare_shell: Any, capsys: pytest.CaptureFixture[str]) -> Iterator[Notebook]:
    """An empty notebook with the extension loaded."""
    for name in bare_shell.user_ns.keys() - bare_shell.user_ns_hidden.keys():
        del bare_shell.user_ns[name]
    bare_shell.execution_count = 1
    bare_shell.extension_manager.load_extension("studio")
    session = session_of(bare_shell)
    assert session is not None
    yield Notebook(bare_shell, session, capsys)
    bare_shell.extension_manager.unload_extension("studio")
