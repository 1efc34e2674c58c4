"""Run an exported package: its command, and what its tests compare.

An entrance like the command line: a package's own files hold no logic, so that a newer Studio mends them all.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from studio.errors import NoPackage

if TYPE_CHECKING:
    from studio.graph.system import System

__all__ = ["Package", "run_command"]

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


class Package:
    """An exported package, as it stands on the disk.

    Args:
        folder: Import package: the folder that holds `services/` and `simulations/expected.json`.

    Example:
        Package(Path("dist/orders/orders")).difference("calm")
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder).resolve()

    @functools.cached_property
    def system(self) -> System:
        """Return what the package's files declare.

        Raises:
            StudioError: A file cannot be read, or does not fit the others.
        """
        from studio.graph.system import System
        from studio.source.directory import read_directory

        if str(self.folder.parent) not in sys.path:
            sys.path.insert(0, str(self.folder.parent))  # for the files that were beside the notebook
        system = System()
        system.define_all(read_directory(self.folder))
        return system

    @functools.cached_property
    def expected(self) -> dict[str, Any]:
        """Return what was kept at export.

        Raises:
            NoPackage: Nothing was, or it cannot be read.
        """
        try:
            content = json.loads(self._kept.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise NoPackage(folder=self.folder, reason=f"{self._kept.name}: {type(error).__name__}") from error
        if not isinstance(content, dict) or not isinstance(content.get("scenarios"), dict):
            raise NoPackage(folder=self.folder, reason=f"{self._kept.name} is not what export writes")
        return content

    @property
    def scenarios(self) -> list[str]:
        """Return the scenarios that were kept, and those declared since, by name."""
        return sorted({*self.expected["scenarios"], *self.system.graph.scenarios})

    @property
    def counterexamples(self) -> list[str]:
        """Return the names of the kept counterexamples, those that were put there since included."""
        return sorted(file.stem for file in self._kept.parent.glob("*.json") if file != self._kept)

    @property
    def modules(self) -> list[str]:
        """Return the dotted names of the package's modules, by name."""
        paths = (path.relative_to(self.folder.parent) for path in self.folder.rglob("*.py"))
        names = {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths}
        return sorted(name for name in names if not name.endswith(".__main__"))

    @property
    def change(self) -> str:
        """Say what changed since the export, so that records need not be equal; empty when nothing did."""
        names = {"sources": "sources were edited", "files": "copied files were edited"}
        here = self._circumstances()
        changed = [name for name, value in here.items() if self.expected.get(name) != value]
        return ", ".join(names.get(name, f"{name} {self.expected.get(name)} became {here[name]}") for name in changed)

    def difference(self, scenario: str) -> str:
        """Replay a scenario and say in what it first differs from what it gave at export; empty when it does not.

        With the sources, the Studio and the minor version of Python of the export, the records must be equal; otherwise
        what is compared are verdicts and outcomes.

        Args:
            scenario: One of `scenarios`.
        """
        from studio.simulation.replay import replay, result_of

        kept = self.expected["scenarios"].get(scenario)
        if scenario not in self.system.graph.scenarios:
            return f"scenario {scenario} is gone"
        if kept is None:
            return ""
        found = result_of(replay(self.system, scenario))
        change = self.change
        outcome = _first_difference(kept, found)
        if outcome:
            return f"scenario {scenario}: {outcome}" + (f" ({change} since the export)" if change else "")
        if change or kept["records"] == found["records"]:
            return ""
        return (
            f"scenario {scenario}: verdicts and outcomes are those of the export, but the records are not: "
            f"{kept['records'][:12]} → {found['records'][:12]}. Something in it is not decided by the seed, or another "
            "version of a library is installed."
        )

    def broken(self, counterexample: str) -> str:
        """Run a kept counterexample and say what is wrong; empty where its promise holds.

        Args:
            counterexample: One of `counterexamples`.
        """
        from studio.simulation.replay import retry_all

        text = (self._kept.parent / f"{counterexample}.json").read_text(encoding="utf-8")
        verdict = retry_all(self.system, {counterexample: text})[counterexample]
        return "" if verdict == "held" else f"counterexample {counterexample}: {verdict}"

    def was_broken(self, counterexample: str) -> bool:
        """Say whether a counterexample's promise did not hold at export either: its cure is still to come."""
        return bool(self.expected.get("counterexamples", {}).get(counterexample, "held") != "held")

    def routes(self, document: Mapping[str, Any] | None = None) -> list[str]:
        """Return the routes of an OpenAPI document, `POST /orders`; by default of what the package serves."""
        paths = (self.openapi() if document is None else document)["paths"]
        return sorted(
            f"{method.upper()} {path}" for path, item in paths.items() for method in item if method in _METHODS
        )

    def openapi(self, *, title: str = "Studio", version: str = "0") -> dict[str, Any]:
        """Return the OpenAPI document of what the package serves."""
        from studio.runtime.application import Application
        from studio.runtime.program import compile_program

        return Application(compile_program(self.system.build())).openapi(title=title, version=version)

    def accept(self) -> None:
        """Take what the scenarios give now for right: write it where the tests look for it."""
        from studio.export.expectation import expectation_text
        from studio.simulation.replay import replay_all, retry_all

        texts = {
            name: (self._kept.parent / f"{name}.json").read_text(encoding="utf-8") for name in self.counterexamples
        }
        text = expectation_text(self._circumstances(), replay_all(self.system), retry_all(self.system, texts))
        self._kept.write_text(text, encoding="utf-8", newline="\n")
        self.__dict__.pop("expected", None)

    @property
    def _kept(self) -> Path:
        from studio.export.expectation import EXPECTED

        return self.folder / EXPECTED

    def _circumstances(self) -> dict[str, Any]:
        import hashlib

        from studio.export.expectation import circumstances

        found = {path: self.folder.parent / path for path in self.expected.get("files", {})}
        files = {path: hashlib.sha256(file.read_bytes()).hexdigest() for path, file in found.items() if file.exists()}
        return circumstances(self.system.build().digest, files)


def run_command(folder: Path, *, name: str, version: str, arguments: list[str] | None = None) -> None:
    """Run an exported package's command, and exit as `studio` does: 0 fine, 1 found something, 2 wrong usage.

    Args:
        folder: Import package.
        name: Of the package.
        version: Of the package.
        arguments: Instead of the process's.
    """
    from studio.cli import run

    run(_app(Package(folder), name, version), arguments)


def _app(package: Package, name: str, version: str) -> typer.Typer:
    app = typer.Typer(name=name, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)

    @app.callback(invoke_without_command=True)
    def serve(
        context: typer.Context,
        host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
        port: Annotated[int, typer.Option(help="Port; 0 chooses a free one and prints it.")] = 8000,
        data: Annotated[Path, typer.Option(help="SQLite file of all durable state.")] = Path(f"{name}.sqlite"),
    ) -> None:
        if context.invoked_subcommand is None:
            from studio.serve.server import ServeSettings
            from studio.serve.server import serve as run_server

            settings = ServeSettings(host=host, port=port, data=data, title=name, version=version)
            run_server(package.system.build(), settings)

    serve.__doc__ = (
        f"Serve {name} {version}: HTTP, durable sagas, jobs, health, metrics.\n\nExample: {name} --port 8000"
    )
    app.registered_callback.help = serve.__doc__  # type: ignore[union-attr]

    @app.command()
    def simulate(*, accept: Annotated[bool, typer.Option(help="Take what they give now for right.")] = False) -> None:
        """Replay every scenario in virtual time; exit code 1 when one differs from what it gave at export."""
        raise typer.Exit(_simulate(package, typer.echo, accept=accept))

    @app.command()
    def openapi() -> None:
        """Print the OpenAPI document of all routes."""
        typer.echo(json.dumps(package.openapi(title=name, version=version), indent=2, ensure_ascii=False))

    return app


def _simulate(package: Package, tell: Callable[[str], Any], *, accept: bool) -> int:
    if accept:
        package.accept()
    found = False
    for scenario in package.scenarios:
        difference = package.difference(scenario)
        found = found or bool(difference)
        kept = package.expected["scenarios"].get(scenario, {})
        verdicts = ", ".join(f"{name} {verdict}" for name, verdict in kept.get("invariants", {}).items())
        tell(difference or f"scenario {scenario}: as at export" + (f" ({verdicts})" if verdicts else ""))
    for name in package.counterexamples:
        broken = package.broken(name)
        found = found or (bool(broken) and not package.was_broken(name))
        tell(f"counterexample {name}: held" if not broken else broken + " as at export" * package.was_broken(name))
    if not package.scenarios:
        tell("no scenario is declared")
    return 1 if found else 0


def _first_difference(kept: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Name the first verdict or outcome that differs."""
    for key in ("seed", "status"):
        if kept.get(key) != found[key]:
            return f"{key} {kept.get(key)} → {found[key]}"
    for group in ("invariants", "sagas"):
        before, after = kept.get(group, {}), found[group]
        for name in sorted({*before, *after}):
            if before.get(name) != after.get(name):
                return f"{name}: {before.get(name, 'none')} → {after.get(name, 'none')}"
    return ""
