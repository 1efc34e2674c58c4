"""The stop button in a real kernel: what is under way ends, what was recorded stays, a world goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

CELLS = (
    '%%contracts things\nclass Thing(Contract):\n    id: str\n\nevent($.Thing.made, Thing, key="id")\n',
    """%%service Shop
import asyncio

@service.operation($.Shop.rest)
async def rest(thing: Thing) -> Thing:
    await asyncio.sleep(100)
    return thing

@service.on($.Thing.made)
async def made(thing: Thing) -> None:
    await asyncio.sleep(0.001)
""",
    "%%scenario long --duration 100000h\nworkload($.Thing.made, rate_per_s=50, like=Thing)\n",
    "world = studio.world(seed=1).start(0.01)",
)
WAIT_S = 120


@dataclass
class Kernel:
    """A kernel, and who speaks to it."""

    manager: KernelManager
    client: BlockingKernelClient

    def run(self, cell: str, *, is_stopped: bool = False) -> tuple[str, str]:
        """Run a cell, if so wished press the stop button in its midst, and return its error and all that it said."""
        sent, told, name = self.client.execute(cell), "", ""
        while True:
            message = self.client.get_iopub_msg(timeout=WAIT_S)
            if message["parent_header"].get("msg_id") != sent:
                continue
            kind, content = message["msg_type"], message["content"]
            if kind == "execute_input" and is_stopped:
                time.sleep(1)  # it ends by the button alone, however far it is by then
                self.manager.interrupt_kernel()
            if kind == "status" and content["execution_state"] == "idle":
                return name, told
            name = content["ename"] if kind == "error" else name
            told += content.get("text", "") + content.get("evalue", "") + "\n".join(content.get("traceback", []))


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A Studio kernel in which a world runs slowly."""
    manager, client = start_new_kernel(kernel_name="studio", cwd=str(tmp_path_factory.mktemp("notebook")))
    kernel = Kernel(manager, client)
    try:
        assert [kernel.run(cell)[0] for cell in CELLS] == [""] * len(CELLS)
        yield kernel
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.parametrize(
    ("cell", "error", "remedy"),
    [
        ('world.call($.Shop.rest, Thing(id="a"))', "KeyboardInterrupt", "Interrupted"),
        ("%simulate long", "RunInterrupted", "Look at it with `run = studio.latest()`"),
    ],
)
def test_stop_button_ends_what_is_under_way_and_not_the_world(
    kernel: Kernel, cell: str, error: str, remedy: str
) -> None:
    name, told = kernel.run(cell, is_stopped=True)
    assert name == error
    assert remedy in told
    assert "site-packages" not in told
    assert kernel.run("print(world.state)") == ("", "running\n")


def test_interrupted_run_holds_what_happened_until_then(kernel: Kernel) -> None:
    kernel.run("%simulate long", is_stopped=True)
    name, told = kernel.run("run = studio.latest(); print(run.status, len(run.messages) > 0)")
    assert (name, told) == ("", "interrupted True\n")


def test_what_waited_for_an_answer_is_in_the_log_of_the_world(kernel: Kernel) -> None:
    kernel.run('world.call($.Shop.rest, Thing(id="kept"))', is_stopped=True)
    name, told = kernel.run('print("Shop.rest" in world.as_cell(), world.run.messages["address"].to_list()[-1])')
    assert (name, told) == ("", "True Shop.rest\n")
