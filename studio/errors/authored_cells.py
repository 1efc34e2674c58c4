"""Errors STU2xx: cells and files."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = [
    "BadCellName",
    "BadDollar",
    "BadOption",
    "BlockingSleep",
    "FutureImport",
    "InvalidSyntax",
    "MixedFile",
    "NameOfOrdinaryCell",
    "RefusedCall",
    "RefusedImport",
    "SharedMutable",
    "TopLevelAwait",
    "UndefinedName",
    "UnknownCellKind",
    "UnknownOption",
    "UnreadableFile",
    "UnreadableMagicLine",
    "UnreadableNotebook",
]


class RefusedImport(StudioError):
    """A studio module imports what would reach around the ports: a socket, a process, a thread."""

    code = "STU240"
    problem = "import={module} reaches outside the world that a service runs in"
    remedy = "Instead, {instead}."

    module: str
    instead: str


class RefusedCall(StudioError):
    """Code in a world called what would act on the machine, or on a state that no world has."""

    code = "STU241"
    problem = "call={function} is refused in a studio module"
    remedy = "Instead, {instead}."

    function: str
    instead: str


class SharedMutable(StudioError):
    """A contracts or module cell holds something that can change, which all services would share."""

    code = "STU242"
    problem = "name={name} is {kind}, and every replica of every service would share it"
    remedy = "{instead}"

    name: str
    kind: str
    instead: str


class BlockingSleep(StudioError):
    """Async code called `time.sleep`, which would block every other handler."""

    code = "STU243"
    problem = "time.sleep({seconds}) was called in async code"
    remedy = "Write `await asyncio.sleep({seconds})`, or make the function a plain `def`."

    seconds: float


class BadDollar(StudioError):
    """A `$` in code begins no address."""

    code = "STU201"
    problem = "{written} is no address"
    remedy = "Write `$.` and a subject, such as $.Order.created; inside an f-string write S.Order.created."

    written: str


class UnknownCellKind(StudioError):
    """A cell or a file's header is of no kind that exists."""

    code = "STU202"
    problem = "kind={kind!r} does not exist"
    remedy = "Use one of: {known}."

    kind: str
    known: str


class BadCellName(StudioError):
    """A cell has no name, a name that is none, or more than one."""

    code = "STU203"
    problem = "{kind}: {reason}"
    remedy = "Write `{usage}`."

    kind: str
    reason: str
    usage: str


class UnknownOption(StudioError):
    """A cell has an option that its kind does not know."""

    code = "STU204"
    problem = "option={option} is not known to {kind}"
    remedy = "It has: {known}."

    option: str
    kind: str
    known: str


class BadOption(StudioError):
    """An option has no value, a value that does not fit, or is given twice."""

    code = "STU205"
    problem = "{kind}: {option} {reason}"
    remedy = "Write `{usage}`."

    kind: str
    option: str
    reason: str
    usage: str


class UnreadableMagicLine(StudioError):
    """A magic line cannot be split into words."""

    code = "STU206"
    problem = "line={line!r} cannot be read ({reason})"
    remedy = "Close the quotation mark, or leave quotation marks out."

    line: str
    reason: str


class UnreadableFile(StudioError):
    """A file of declarations cannot be read."""

    code = "STU207"
    problem = "file={file} cannot be read ({reason})"
    remedy = "Give a Python file in UTF-8, a folder of such files, or a notebook."

    file: str
    reason: str


class MixedFile(StudioError):
    """One file declares what needs files of its own."""

    code = "STU208"
    problem = "file={file} declares {first} and {second}"
    remedy = "Give each of them a file of its own: each replica executes its service's file afresh."

    file: str
    first: str
    second: str


class UnreadableNotebook(StudioError):
    """A file is no notebook of a form we know."""

    code = "STU209"
    problem = "notebook={file} cannot be read ({reason})"
    remedy = "Open it in JupyterLab and save it again; notebooks of format 4 are read."

    file: str
    reason: str


class InvalidSyntax(StudioError):
    """A cell's body is not Python."""

    code = "STU210"
    problem = "{message}{excerpt}"
    remedy = "Correct the marked line and run the cell again."

    message: str
    excerpt: str


class TopLevelAwait(StudioError):
    """A cell awaits outside a function."""

    code = "STU211"
    problem = "`await` outside a function{excerpt}"
    remedy = (
        "Move it into an `async def` handler; to play with a system use `studio.world(seed=7)` in an ordinary cell."
    )

    excerpt: str


class UndefinedName(StudioError):
    """A cell uses a name that nothing it sees defines."""

    code = "STU212"
    problem = "name={name} is not defined"
    remedy = "Import it, or declare it in a %%contracts or %%module cell. Nearest: {nearest}."

    name: str
    nearest: str


class NameOfOrdinaryCell(StudioError):
    """A studio cell uses a name that only an ordinary cell defines, which export would leave behind."""

    code = "STU213"
    problem = "name={name} is defined only in an ordinary cell ({cell})"
    remedy = "Import it in this cell, or define it in a `%%module` cell, so that it is exported too."

    name: str
    cell: str


class FutureImport(StudioError):
    """A cell imports from `__future__`, which must be first in a file, where the export's own imports are."""

    code = "STU214"
    problem = "`from __future__ import` in the body of a cell"
    remedy = "Delete the line; put annotations that name later classes in quotation marks."
