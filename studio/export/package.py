"""Export a system as a package: its sources as files, the texts around them, the runtime, and what its runs gave."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from studio import __version__
from studio.errors import NothingToExport
from studio.export.code import code_files, read_back
from studio.export.companions import Companions, companions_of, requirement
from studio.export.expectation import EXPECTED, SIMULATIONS, circumstances, expectation_text, python_minor
from studio.export.placement import distribution_name, import_name, paths_of
from studio.export.report import Report
from studio.export.texts import PACKAGE_TEMPLATES, filled
from studio.export.wheel import DISTRIBUTION, runtime_wheel
from studio.export.writing import demand_ours, write_files
from studio.graph.build import Graph
from studio.graph.definition import Definition
from studio.graph.system import System
from studio.model.invariant import Invariant
from studio.model.saga import Saga
from studio.model.scenario import Scenario
from studio.model.service import Service
from studio.runtime.application import Application
from studio.runtime.program import compile_program
from studio.source.cell import Source
from studio.source.confidential import suspicions
from studio.source.parsing import parse_source
from studio.source.variables import Variable, variables

__all__ = ["Replays", "Retries", "export_package", "openapi_text"]

Replays = Callable[[System], Mapping[str, Any]]
"""Run every scenario of a system and return, by its name, what a later run is compared with; plain JSON."""

Retries = Callable[[System, Mapping[str, str]], Mapping[str, str]]
"""Run kept counterexamples, JSON by name, and return of each `held`, `violated`, or why that is not known."""

VERSION = "0.1.0"


def export_package(
    system: System,
    output: Path | str,
    *,
    replays: Replays,
    retries: Retries | None = None,
    kept: Mapping[str, str] | None = None,
    name: str = "",
    force: bool = False,
) -> Report:
    """Write a system as a package that runs, tests itself and installs where Studio is not published.

    The same system gives the same bytes. A file edited by hand since the last export is kept and named. Nothing is
    written before the system is known to be fit and its scenarios have run.

    Args:
        system: Every declaration must stand.
        output: Folder; new, empty, or written by an earlier export.
        replays: Gives the records that the package's tests are to find again.
        retries: Says what becomes of the promises of `kept`.
        kept: Counterexamples that travel with the package and are held by its tests, as JSON by name.
        name: Under which it is installed; the folder's by default.
        force: Whether hand edits are overwritten.

    Raises:
        NothingToExport: No service is declared.
        StaleDefinition: A declaration does not stand any more.
        BadPackageName: The name cannot be a package's.
        NotOurFolder: The folder holds something else.
        NotPackaged: A file written by hand imports what has no such path in a package.
        RuntimeUnknown: Studio's own metadata is not installed.
        ExportUnwritable: The disk is full, or a file may not be written.
    """
    folder = Path(output)
    if not system.build().graph.services:
        raise NothingToExport(what="the system" if system.sources else "the notebook")
    demand_ours(folder)
    plan = _plan(system, distribution_name(name or folder.resolve().name))
    files = {path: text.encode() for path, text in _texts(plan).items()}
    files |= dict(plan.companions.files)
    wheel, content = runtime_wheel()
    files[f"wheels/{wheel}"] = content
    kept = kept if kept and retries else {}
    files |= {f"{plan.package}/{SIMULATIONS}/{each}.json": text.encode() for each, text in kept.items()}
    results, verdicts = replays(plan.system), retries(plan.system, kept) if retries else {}
    given = circumstances(plan.digest, {path: _hash(content) for path, content in plan.companions.files})
    files[f"{plan.package}/{EXPECTED}"] = expectation_text(given, results, verdicts).encode()
    about = {"studio": __version__, "sources": plan.digest, "package": plan.package}
    written = write_files(folder, files, about, force=force)
    return Report(folder, plan.name, written, tuple(sorted(results)), (*_warnings(system, plan), *_broken(verdicts)))


def openapi_text(system: System, *, title: str, version: str) -> str:
    """Return a system's OpenAPI document as JSON text."""
    document = Application(compile_program(system.build())).openapi(title=title, version=version)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is going to be written.

    Attributes:
        system: As a reader of the package finds it.
        code: Files of the import package.
    """

    system: System
    name: str
    package: str
    code: Mapping[str, str]
    companions: Companions
    variables: tuple[Variable, ...]

    @property
    def digest(self) -> str:
        return self.system.build().digest


def _plan(system: System, name: str) -> _Plan:
    definitions = _exported(system)
    sources = tuple(definition.source for definition in definitions.values())
    package = import_name(name, sources)
    paths = paths_of({key: definition.source for key, definition in definitions.items()}, package)
    code = code_files(definitions, paths, package)
    found = System()
    found.define_all(_read_back(code, paths))
    return _Plan(found, name, package, code, companions_of(sources), variables(sources))


def _read_back(code: Mapping[str, str], paths: Mapping[str, PurePosixPath]) -> Iterator[Source]:
    """Read the files as the package will read them, so that the records kept are those of the package."""
    for source in read_back(code, paths.values()):
        if source.body or source.implicit:
            yield source


def _exported(system: System) -> dict[str, Definition]:
    """Return what is exported: all but the kept versions of a saga whose plain file was edited since."""
    return {name: each for name, each in system.definitions.items() if not _is_gone(system, each)}


def _is_gone(system: System, definition: Definition) -> bool:
    """Say whether the plain file of a kept version holds a newer one by now."""
    source = definition.source
    if not definition.kept_version or source.implicit:
        return False
    return any(each.source.origin == source.origin for each in system.definitions.values() if not each.kept_version)


def _texts(plan: _Plan) -> dict[str, str]:
    graph = plan.system.graph
    values = _values(plan, graph)
    texts = dict(plan.code)
    for template, path in PACKAGE_TEMPLATES.items():
        if template != "env.example" or plan.variables:
            texts[path.format(package=plan.package)] = filled(f"package/{template}", values)
    texts["openapi.json"] = openapi_text(plan.system, title=plan.name, version=VERSION)
    return texts


def _values(plan: _Plan, graph: Graph) -> dict[str, Any]:
    names = ", ".join(graph.services)
    return {
        "name": plan.name,
        "package": plan.package,
        "version": VERSION,
        "summary": f"A system of {len(graph.services)} services: {names}." if len(graph.services) > 1 else names,
        "studio_version": __version__,
        "python": python_minor(),
        "requirements": sorted(
            {requirement(DISTRIBUTION).replace(">=", "[serve]>=", 1), *plan.companions.requirements}
        ),
        "modules": [plan.package, *plan.companions.modules],
        "variables": plan.variables,
        "services": _described(graph, Service, graph.services),
        "sagas": _described(graph, Saga, graph.sagas),
        "scenarios": _described(graph, Scenario, graph.scenarios),
        "invariants": _described(graph, Invariant, graph.invariants),
    }


def _described(graph: Graph, kind: type[Any], items: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"name": name, "version": str(getattr(item, "version", "")), "doc": _summary(graph, kind, item)}
        for name, item in items.items()
    ]


def _summary(graph: Graph, kind: type[Any], item: Any) -> str:
    """Return the first line of what an item says of itself: its own text, else that of the cell it stands in."""
    text = str(getattr(item, "doc", "") or "").strip()
    if not text:
        declaring = (each for each in graph.definitions.values() if item in each.declarations.of(kind))
        source = next(declaring).source
        text = _comment(source.body) if source.is_sql else ast.get_docstring(parse_source(source)) or ""
    return text.partition("\n")[0].replace("|", "\\|")


def _comment(query: str) -> str:
    first = query.partition("\n")[0]
    return first.removeprefix("--").strip() if first.startswith("--") else ""


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _broken(verdicts: Mapping[str, str]) -> Iterator[str]:
    for name, verdict in verdicts.items():
        if verdict != "held":
            what = "still breaks its promise" if verdict == "violated" else f"cannot be run: {verdict}"
            yield f"the kept counterexample {name} {what}; the package's tests expect it to, and say so"


def _warnings(system: System, plan: _Plan) -> Iterator[str]:
    for place in suspicions(each.source for each in _exported(system).values()):
        yield f"{place} holds a text that looks like a secret: read it with Secret(…), which is not exported"
    for module, importer in plan.companions.missing:
        yield f"{importer} imports {module}, which is neither installed nor beside the notebook"
    for name, definition in system.definitions.items():
        if _is_gone(system, definition):
            yield f"{name} is not exported, since its file is gone: let its instances end before you deploy"
    if not plan.system.graph.scenarios:
        yield "no scenario is declared, so the package's tests replay nothing"
