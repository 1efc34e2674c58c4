"""DESIGN 3 as a test: which parts the house has, who may import whom, and which part may load which heavy library."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.conftest import SourceFile

# A → B: A may import B and what B may. Errors rest on nothing, and everything of ours raises them.
MAY_IMPORT: Mapping[str, tuple[str, ...]] = {
    "errors": (),
    "address": ("errors",),
    "contract": ("address", "errors"),
    "compatibility": ("contract",),
    "records": ("address", "errors"),
    "ports": ("records",),
    "source": ("address", "errors"),
    "model": ("ports", "contract"),
    "graph": ("model", "source", "compatibility"),
    "observe": ("ports",),
    "store": ("ports",),
    "runtime": ("graph", "observe"),
    "simulation": ("runtime", "store"),
    "serve": ("runtime",),
    "export": ("runtime",),
    "dashboard": ("simulation",),
    "notebook": ("simulation", "serve", "export", "dashboard"),
    "lab": ("notebook",),
}
ENTRANCES = {"cli", "__main__", "demo", "packaged"}  # may import anything, inside functions
LIGHT = {"errors", "__main__", "cli"}  # what an entrance may import on top

# Where a heavy library may be named at all; an entrance may, inside functions.
HOMES: Mapping[str, set[str]] = {
    "IPython": {"notebook", "lab"},
    "anywidget": {"notebook", "dashboard"},
    "bokeh": {"dashboard"},
    "distributed": {"simulation"},
    "duckdb": {"store"},
    "fastapi": {"runtime", "serve"},
    "hypothesis": {"simulation"},
    "ipykernel": {"notebook", "lab"},
    "ipywidgets": {"notebook"},
    "joblib": {"simulation"},
    "panel": {"dashboard"},
    "param": {"dashboard"},
    "polars": {"store", "simulation", "notebook", "dashboard"},
    "prometheus_client": {"observe", "serve"},
    "ray": {"simulation"},
    "sqlalchemy": {"serve"},
    "starlette": {"runtime", "serve"},
    "structlog": {"observe", "serve"},
    "tornado": {"dashboard"},
    "traitlets": {"notebook", "dashboard"},
    "uvicorn": {"serve"},
}
NEVER_ON_IMPORT = (
    "IPython", "aiosqlite", "anywidget", "bokeh", "distributed", "duckdb", "fastapi", "httpx", "hypothesis",
    "ipykernel", "ipywidgets", "jinja2", "joblib", "nats", "panel", "param", "polars", "prometheus_client", "rich",
    "sqlalchemy", "starlette", "structlog", "tornado", "traitlets", "typer", "uvicorn",
)  # fmt: skip


def reachable(part: str) -> set[str]:
    """Follow the table from one part to everything it may import, itself among it."""
    found, pending = {part}, list(MAY_IMPORT[part])
    while pending:
        other = pending.pop()
        if other not in found:
            found.add(other)
            pending.extend(MAY_IMPORT[other])
    return found


def imports(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Yield line, module and name for every import in a tree, also those under TYPE_CHECKING and by `import_module`."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, name.name, "") for name in names)
            case ast.ImportFrom(module=module, names=names, level=0):
                yield from ((node.lineno, module or "", name.name) for name in names)
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                yield node.lineno, module, ""


def imported_part(module: str, name: str, parts: set[str]) -> str | None:
    """Name the part of ours an import reaches: None for other people's modules, "" for the package's public names."""
    top, _, rest = module.partition(".")
    if top != "studio":
        return None
    return rest.split(".")[0] if rest else name if name in parts else ""


def lines_in_functions(tree: ast.Module) -> set[int]:
    """Number the lines that run only when a function is called, or never (under TYPE_CHECKING)."""
    inner: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or (
            isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        ):
            inner.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return inner


def test_the_house_has_only_the_parts_that_the_table_lists(source_files: tuple[SourceFile, ...]) -> None:
    parts = {file.part for file in source_files} - {"__init__"}
    assert parts <= MAY_IMPORT.keys() | ENTRANCES, "a new part needs its row in MAY_IMPORT and in DESIGN 3"


def test_the_table_has_no_circle() -> None:
    circles = [part for part, direct in MAY_IMPORT.items() if any(part in reachable(other) for other in direct)]
    assert circles == []


def test_parts_import_only_what_the_table_allows(source_files: tuple[SourceFile, ...]) -> None:
    parts = MAY_IMPORT.keys() | ENTRANCES
    wrong = [
        f"{file}:{line}: {file.part} may not import {other}"
        for file in source_files
        if file.part in MAY_IMPORT
        for line, module, name in imports(file.tree)
        if (other := imported_part(module, name, parts)) and other not in reachable(file.part)
    ]
    assert wrong == []


def test_no_part_imports_the_public_names(source_files: tuple[SourceFile, ...]) -> None:
    wrong = [
        f"{file}:{line}: import {name or module} from the module that defines it"
        for file in source_files
        if file.part not in {"__init__", *ENTRANCES}
        for line, module, name in imports(file.tree)
        if imported_part(module, name, set(MAY_IMPORT)) == "" and name != "__version__"
    ]
    assert wrong == []


def test_entrances_import_our_parts_inside_functions(source_files: tuple[SourceFile, ...]) -> None:
    wrong = [
        f"{file}:{line}: import {module} inside the function that needs it"
        for file in source_files
        if file.part in ENTRANCES
        for line, module, name in imports(file.tree)
        if (other := imported_part(module, name, set(MAY_IMPORT))) is not None
        and other not in {*LIGHT, file.part}
        and name != "__version__"
        and line not in lines_in_functions(file.tree)
    ]
    assert wrong == []


def test_heavy_libraries_are_named_only_at_home(source_files: tuple[SourceFile, ...]) -> None:
    wrong = [
        f"{file}:{line}: {library} belongs to {', '.join(sorted(HOMES[library]))}"
        for file in source_files
        for line, module, _ in imports(file.tree)
        if (library := module.partition(".")[0]) in HOMES
        and file.part not in HOMES[library]
        and line not in (lines_in_functions(file.tree) if file.part in ENTRANCES else ())
    ]
    assert wrong == []


def test_importing_studio_loads_nothing_heavy() -> None:
    program = "import studio, json, sys; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(NEVER_ON_IMPORT) & set(json.loads(done.stdout)) == set()


def test_a_deeper_import_under_type_checking_counts_too() -> None:
    tree = ast.parse("if TYPE_CHECKING:\n    from studio.serve.http import Server\nimport_module('studio.store')")
    assert {module for _, module, _ in imports(tree)} == {"studio.serve.http", "studio.store"}


def test_no_two_files_have_the_same_name(source_files: tuple[SourceFile, ...]) -> None:
    names = Counter(file.path.name for file in source_files if file.path.name != "__init__.py")
    assert [name for name, count in names.items() if count > 1] == []
