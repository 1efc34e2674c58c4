"""Show the whole way in a terminal: we charged Ada twice, why, the one-line cure, and the package that ships.

Everything shown is made on the spot: the notebook runs in a kernel of its own, the scenarios run here, and the package
is started as its own process and asked over HTTP.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import DemoFailed, MissingExtra

if TYPE_CHECKING:
    from rich.console import Console

    from studio.graph.system import System
    from studio.simulation.run import Run
    from studio.source.cell import Source

__all__ = ["run_demo"]

SEED = 7
_CELL_TIMEOUT_S = 60
_START_TIMEOUT_S = 20
_STOP_TIMEOUT_S = 15
_WIDTH_MAX = 110
_ORDER = {
    "id": "order-1",
    "customer": {"id": "ada", "name": "Ada", "email": "ada@example.com"},
    "items": [{"sku": "tea", "quantity": 2}],
}


def run_demo() -> int:
    """Run the demonstration; under a minute, without a network.

    Returns:
        0 when everything went as told, else 1: then the last line says what did not.
    """
    from rich.console import Console

    from studio.export.project import notebook_template

    console = Console(highlight=False, soft_wrap=True)
    began = time.monotonic()
    notebook = notebook_template("orders")
    try:
        _title(console, "We charged Ada twice")
        before, after = _systems(notebook)
        names = ", ".join(after.graph.services)
        console.print(f"An order system of {len(after.graph.services)} services ({names}),")
        console.print("and a saga that reserves stock, charges a card, packs a parcel and writes, or undoes it all.\n")
        _run_notebook(console, notebook)
        _show_calm(console, before)
        _show_violation(console, before)
        _show_cure(console, before, after)
        with tempfile.TemporaryDirectory(prefix="studio-demo-") as folder:
            _ship(console, after, Path(folder) / "orders")
    except DemoFailed as error:
        console.print(str(error), style="red", markup=False)
        return 1
    console.print(f"\nThat took {time.monotonic() - began:.0f} s.", style="dim")
    _say_what_next(console)
    return 0


def _run_notebook(console: Console, notebook: Path) -> None:
    """Run the notebook from top to bottom; its own assertions hold what it tells."""
    try:
        import nbformat
        from jupyter_client.kernelspec import NoSuchKernel
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ImportError as error:
        raise MissingExtra(what=f"{error.name}, which runs notebooks,", extra="lab") from error
    content = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]  # it has no types
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="studio-demo-") as folder:
        client = NotebookClient(
            content, timeout=_CELL_TIMEOUT_S, kernel_name="studio", resources={"metadata": {"path": folder}}
        )
        try:
            with console.status("running the notebook …"):
                client.execute(stderr=subprocess.DEVNULL)  # the kernel's own warnings; cells' output is the notebook's
        except NoSuchKernel as error:
            raise DemoFailed(step="the notebook", reason="the Studio kernel is not installed here") from error
        except CellExecutionError as error:
            raise DemoFailed(step="the notebook", reason=str(error)) from error
    count = sum(cell.cell_type == "code" for cell in content.cells)
    _say(console, f"The notebook runs from top to bottom: {count} cells in {time.monotonic() - began:.0f} s.")


def _systems(notebook: Path) -> tuple[System, System]:
    """Return the system as it was before the notebook's last cell of a name replaced the first, and after."""
    from studio.source.notebook import latest, read_notebook

    sources = read_notebook(notebook).sources
    return _system(latest(reversed(sources))), _system(latest(sources))


def _system(sources: Sequence[Source]) -> System:
    from studio.graph.system import System

    system = System()
    system.define_all(sources)
    return system


def _show_calm(console: Console, system: System) -> None:
    _title(console, "When nothing goes wrong")
    run = _simulate(system, "calm")
    states = dict(run.sql("select state, count(*) as n from sagas group by state").iter_rows())
    _demand(set(states) == {"completed"} and run.summary().is_fine, "the calm scenario", str(run.summary()))
    _say(console, f"{states['completed']} orders in half a minute of virtual time, and all of them complete.")
    console.print(f"\n{run.summary()}", markup=False, style="dim")


def _show_violation(console: Console, system: System) -> None:
    _title(console, "When the reply is lost after the charge was made")
    run = _simulate(system, "lost_reply")
    _demand(not run.summary().is_fine, "the lost reply", "no invariant was violated")
    _say(console, "one_charge_per_order is violated.", style="bold red")
    console.print(
        "The provider charged the card, nobody heard of it, and the saga did the right thing: it tried again.\n"
    )
    _show_trace(console, run)
    _show_books(console, run, style="red")


def _show_cure(console: Console, before: System, after: System) -> None:
    _title(console, "The cure is one argument")
    _show_difference(console, _body(before, "Payment"), _body(after, "Payment"))
    run = _simulate(after, "lost_reply")
    _demand(run.summary().is_fine, "the cure", str(run.summary()))
    _say(console, "\nThe same seed, the same lost reply: Ada is charged once, and gets her tea.", style="bold green")
    console.print()
    _show_trace(console, run)
    _show_books(console, run, style="green")


def _ship(console: Console, system: System, folder: Path) -> None:
    from studio.export.package import export_package
    from studio.simulation.replay import replay_all

    _title(console, "What survived is what ships")
    with console.status("exporting …"):
        report = export_package(system, folder, replays=replay_all)
    count = len(report.written.written)
    _say(
        console,
        f"Exported {count} files: the code, a Dockerfile, openapi.json, the runtime, and tests that replay both.",
    )
    with console.status("starting the package …"), _served(folder, report.name) as url:
        status, reply = _post(f"{url}/orders", _ORDER)
        _demand(status == 201, "the order over HTTP", f"{status} {reply}")
        console.print(f"\n$ {report.name} --port {url.rpartition(':')[2]}", markup=False, style="bold")
        console.print(f"$ curl {url}/orders --json '{json.dumps(_ORDER)}'", markup=False, style="bold")
        console.print(f"{status} {reply}\n", markup=False, style="green")
    _say(console, "Stopped again: requests first, then sagas; what was not done yet is taken up at the next start.")


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines a process has written, read beside it so that it never waits for us."""

    url: list[str]
    lines: list[str]
    told: threading.Event

    def read(self, stream: Any) -> None:
        """Read until the process ends; note the address it serves at."""
        for line in stream:
            self.lines.append(line)
            with contextlib.suppress(ValueError, AttributeError):
                url = json.loads(line).get("url")
                if url:
                    self.url.append(str(url))
                    self.told.set()
        self.told.set()


@contextlib.contextmanager
def _served(folder: Path, name: str) -> Iterator[str]:
    """Start an exported package as its own process at a free port, and stop it as a platform would."""
    command = [sys.executable, "-m", name, "--port", "0", "--data", str(folder / "demo.sqlite")]
    environment = {**os.environ, "CARDS_KEY": "not-a-key", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    found = _Lines([], [], threading.Event())
    reader = threading.Thread(target=found.read, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        found.told.wait(_START_TIMEOUT_S)
        _demand(bool(found.url), "starting the package", "".join(found.lines[-20:]) or "it said nothing")
        yield found.url[0]
    finally:
        process.terminate()
        try:
            process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join()


def _post(url: str, body: object) -> tuple[int, str]:
    import httpx

    try:
        reply = httpx.post(url, json=body, timeout=10, trust_env=False)
    except httpx.HTTPError as error:
        raise DemoFailed(step="the order over HTTP", reason=f"{type(error).__name__}: {error}") from error
    return reply.status_code, reply.text


def _simulate(system: System, scenario: str) -> Run:
    from studio.simulation.simulate import simulate
    from studio.store.writer import Log

    return simulate(scenario, seed=SEED, system=system, log=Log.memory())


def _body(system: System, name: str) -> str:
    return system.definitions[name].source.body


def _show_trace(console: Console, run: Run) -> None:
    for line in run.trace("order-1").text(width=min(console.width, _WIDTH_MAX)).splitlines():
        struck = any(mark in line for mark in ("✗", "⚡", "lost"))
        console.print(line, markup=False, style="red" if struck else None)


def _show_books(console: Console, run: Run, *, style: str) -> None:
    """Show what the third party has done, by its own books."""
    console.print("\nThe card provider's books:")
    for order, charge, amount in run.sql("select order_id, charge_id, amount from external order by at_ns").iter_rows():
        console.print(f"  {order}  {charge}  {amount:.2f}", markup=False, style=style)


def _show_difference(console: Console, before: str, after: str) -> None:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), "Payment 1.0.0", "Payment 1.0.1", n=1, lineterm=""
    )
    styles = {"+": "green", "-": "red", "@": "dim"}
    for line in lines:
        console.print(line, markup=False, style=styles.get(line[0]))


def _title(console: Console, text: str) -> None:
    console.print()
    console.rule(f"[bold]{text}[/bold]", align="left")
    console.print()


def _say(console: Console, text: str, *, style: str | None = "bold") -> None:
    console.print(text, markup=False, style=style)


def _say_what_next(console: Console) -> None:
    console.print(
        "\nWhat to open next:\n"
        "  make lab                                      the lessons, in JupyterLab\n"
        "  studio new shop --template orders             this system, as a project of yours\n"
        "  studio simulate shop/orders.ipynb             its scenarios, in a terminal or in CI",
        markup=False,
    )


def _demand(holds: bool, step: str, reason: str) -> None:  # noqa: FBT001 - reads as an assertion
    if not holds:
        raise DemoFailed(step=step, reason=reason)
