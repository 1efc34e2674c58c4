"""Start a project from a template that travels in the wheel: a notebook, and what stands around it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from studio.errors import ExportUnwritable, FolderNotEmpty, UnknownTemplate, nearest
from studio.export.companions import requirement
from studio.export.expectation import python_minor
from studio.export.placement import distribution_name
from studio.export.texts import TEMPLATES, filled
from studio.export.wheel import DISTRIBUTION

__all__ = ["notebook_template", "start_project", "templates"]

_FILES: Mapping[str, str] = {
    "pyproject.toml": "pyproject.toml",
    "README.md": "README.md",
    "gitignore": ".gitignore",
    "ci.yml": ".github/workflows/simulate.yml",
}


def templates() -> tuple[str, ...]:
    """Return the names of the templates."""
    return tuple(sorted(path.parent.name for path in (TEMPLATES / "project").glob("*/notebook.ipynb")))


def notebook_template(template: str) -> Path:
    """Return the file of a template's notebook.

    Raises:
        UnknownTemplate: There is none of that name.
    """
    if template not in templates():
        raise UnknownTemplate(template=template, known=nearest(template, templates()))
    return TEMPLATES / "project" / template / "notebook.ipynb"


def start_project(folder: Path | str, template: str = "orders") -> list[str]:
    """Make a project.

    Args:
        folder: New, or empty; the project and its notebook are named after it.
        template: `orders`, a whole system to learn from, or `blank`, one service.

    Returns:
        What was made and what to do next, in lines.

    Raises:
        FolderNotEmpty: Something is there already; nothing is written.
        UnknownTemplate: There is none of that name.
        BadPackageName: The folder's name holds neither a letter nor a digit.
        ExportUnwritable: The disk is full, or the folder may not be written.
    """
    folder = Path(folder)
    notebook = notebook_template(template)
    name = distribution_name(folder.resolve().name)
    file = f"{'orders' if template == 'orders' else name}.ipynb"
    values = {"name": name, "notebook": file, "python": python_minor(), "studio": _studio()}
    files = {path: filled(f"project/{each}", values) for each, path in _FILES.items()}
    files[file] = notebook.read_text(encoding="utf-8")
    try:
        _demand_empty(folder)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise ExportUnwritable(file=error.filename or folder, reason=error.strerror or type(error).__name__) from error
    return [
        f"Made {folder}: {', '.join(sorted(files))}",
        f"  look:      studio lab {folder / file}",
        f"  simulate:  studio simulate {folder / file}",
        f"  ship:      studio export {folder / file} -o {folder / 'dist' / name}",
    ]


def _demand_empty(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise FolderNotEmpty(folder=folder, reason="is a file")
    if folder.exists() and any(folder.iterdir()):
        raise FolderNotEmpty(folder=folder, reason="is not empty")


def _studio() -> str:
    return requirement(DISTRIBUTION).replace(">=", "[lab,serve]>=", 1)
