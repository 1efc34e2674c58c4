"""Errors STU7xx: export."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = [
    "BadPackageName",
    "DemoFailed",
    "ExportUnwritable",
    "FolderNotEmpty",
    "NoPackage",
    "NotOurFolder",
    "NotPackaged",
    "NothingToExport",
    "RuntimeUnknown",
    "UnknownTemplate",
    "UnsettledCell",
]


class NotOurFolder(StudioError):
    """The target of an export holds something that export did not write."""

    code = "STU701"
    problem = "folder={folder} {reason}"
    remedy = "Name a new or an empty folder, or one that `studio export` wrote before; nothing was changed."

    folder: str
    reason: str


class NothingToExport(StudioError):
    """A system without services is to become a package."""

    code = "STU702"
    problem = "{what} declares no service, so there is nothing to ship"
    remedy = "Declare one in a cell that begins with `%%service NAME`, run it, then export."

    what: str


class BadPackageName(StudioError):
    """A package cannot have the name that was given, or that follows from its folder's."""

    code = "STU703"
    problem = "package={name} {reason}"
    remedy = "Name it otherwise: `--name shop`."

    name: str
    reason: str


class UnsettledCell(StudioError):
    """A cell failed when it was run last, and an older declaration stands."""

    code = "STU704"
    problem = "cell={cell} failed when it was run last; what stands is older than what the notebook shows"
    remedy = "Mend and run the cell (or run it again as it was), then export."

    cell: str


class NotPackaged(StudioError):
    """A file imports another by a path that it does not have in the package."""

    code = "STU705"
    problem = "file={file} imports {module}, which has no such path in a package"
    remedy = "Write `from .{module} import …`, or make the folder a package: put an `__init__.py` beside the files."

    file: str
    module: str


class RuntimeUnknown(StudioError):
    """Studio was not installed, so that the runtime cannot be packed."""

    code = "STU706"
    problem = "distribution={distribution} is not installed here ({reason}), so the runtime cannot travel along"
    remedy = "Install it, `pip install {distribution}` or `pip install -e .` in a checkout, then export."

    distribution: str
    reason: str


class ExportUnwritable(StudioError):
    """A file of a package or project cannot be written."""

    code = "STU707"
    problem = "file={file} cannot be written or read ({reason})"
    remedy = "Make it writable or make room, then export again; what was written so far is recognised."

    file: str
    reason: str


class FolderNotEmpty(StudioError):
    """A new project is to be made where something is already."""

    code = "STU708"
    problem = "folder={folder} {reason}"
    remedy = "Name a new or an empty folder: `studio new shop`; nothing was changed."

    folder: str
    reason: str


class UnknownTemplate(StudioError):
    """There is no template of that name."""

    code = "STU709"
    problem = "template={template} does not exist"
    remedy = "Use one of: {known}."

    template: str
    known: str


class NoPackage(StudioError):
    """A folder is used as an exported package, and is not one."""

    code = "STU710"
    problem = "folder={folder} is no exported package ({reason})"
    remedy = "Export again: `studio export NOTEBOOK -o FOLDER`."

    folder: str
    reason: str


class DemoFailed(StudioError):
    """The demonstration did not go as it tells."""

    code = "STU711"
    problem = "demo: {step} did not go as told: {reason}"
    remedy = "Run `studio demo` again; if it stays so, report it with this text."

    step: str
    reason: str
