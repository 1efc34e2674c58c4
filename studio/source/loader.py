"""Execute a source as a module of its own, and find an author's line in what was raised.

A source is compiled once; every execution makes a fresh module from the same code. Each compiled definition has a file
name of its own, so that tracebacks through an old definition still show its text after the cell was run again.
"""

from __future__ import annotations

import builtins
import itertools
import linecache
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any, Final, TypeVar

from studio.errors import StudioError, UndefinedName, Where
from studio.source.cell import Source, where_label
from studio.source.names import undefined
from studio.source.parsing import compile_source

__all__ = [
    "DEFINITIONS_MAX",
    "author_frames",
    "execute",
    "outermost",
    "place",
    "recorded_place",
    "trim_traceback",
    "where",
]

DEFINITIONS_MAX: Final = 4096
"""Definitions kept, with their code and text; the least recently executed go first."""

ImportFunction = Callable[..., ModuleType]
Raised = TypeVar("Raised", bound=BaseException)

_OURS = frozenset({"studio", "studio_cells"})


@dataclass(frozen=True, slots=True)
class _Definition:
    source: Source
    filename: str
    code: CodeType


_counter = itertools.count(2)
_lock = threading.Lock()
_compiled: OrderedDict[tuple[Source, str, int], _Definition] = OrderedDict()
_by_filename: dict[str, _Definition] = {}


def execute(
    source: Source,
    *,
    module_name: str,
    namespace: Mapping[str, Any],
    import_function: ImportFunction | None = None,
) -> ModuleType:
    """Execute a source as a fresh module and return it.

    The module stands in `sys.modules` under its name from before its first line (pydantic and dataclasses look there
    for annotations) until another takes its place; when the body raises, what stood there before does so again.

    Args:
        source: Python; its code is compiled at the first execution and kept.
        module_name: Name of the module, and `__module__` of its classes and functions.
        namespace: Names given to the body. `__builtins__` among them is used as it is.
        import_function: What `import` means in the body; by default Python's own.

    Raises:
        InvalidSyntax: The body is not Python.
        TopLevelAwait: It awaits outside a function.
        UndefinedName: While executing, a line of the body used a name that is not defined.
        Exception: Whatever else the body raises, as it is.
    """
    definition = _definition(source)
    module = ModuleType(module_name)
    module.__file__ = definition.filename
    # What a handler's place is read from when it is declared, before any error is there to ask.
    module.__dict__.update(namespace, __studio_cell__=source.label, __studio_offset__=source.first_line - 1)
    if import_function is not None:
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": import_function}
    before = sys.modules.get(module_name)
    sys.modules[module_name] = module
    try:
        exec(definition.code, module.__dict__)  # noqa: S102  (this is what a studio cell is)
    except BaseException as error:
        _restore(module_name, before)
        unknown = _undefined(error, definition, module)
        if unknown is not None:
            raise unknown from error
        raise
    return module


def where(error: BaseException) -> Where | None:
    """Return the innermost place in a studio source that an error came through, as tracebacks show it.

    Returns:
        Origin and line, counted in a cell's body or in the file; None when it came through none. An error of ours that
        came through none answers with the place it names itself.
    """
    found = _innermost(error)
    if found is not None:
        definition, line = found
        return Where(definition.source.origin, line)
    return error.where if isinstance(error, StudioError) else None


def recorded_place(error: BaseException) -> Where | None:
    """Return the innermost place as records name it: declaration and line in its body, alike in cell and file."""
    found = _innermost(error)
    if found is None:
        return None
    definition, line = found
    return where_label(definition.source, line - definition.source.first_line + 1)


def place(frame: FrameType) -> Where | None:
    """Return the place of a frame, or of the nearest frame around it, in a studio source; None when there is none."""
    current: FrameType | None = frame
    while current is not None:
        definition = _by_filename.get(current.f_code.co_filename)
        if definition is not None:
            return Where(definition.source.origin, current.f_lineno)
        current = current.f_back
    return None


def outermost(frame: FrameType) -> str:
    """Return the name of the outermost function of a studio source that a frame runs under; empty for none."""
    found = ""
    current: FrameType | None = frame
    while current is not None:
        if current.f_code.co_filename in _by_filename:
            found = current.f_code.co_qualname
        current = current.f_back
    return found


def author_frames(error: BaseException) -> Iterator[tuple[Source, str, int]]:
    """Yield source, function and line of each frame in a studio source, outermost first."""
    for step in _steps(error.__traceback__):
        definition = _definition_of(step)
        if definition is not None:
            yield definition.source, step.tb_frame.f_code.co_qualname, step.tb_lineno


def trim_traceback(error: Raised, *, namespace: Mapping[str, Any] | None = None) -> Raised:
    """Take our own frames out of an error's traceback, and out of those of its causes; return the error.

    A traceback that came through no author's line is left whole. So is its end when an error that is not ours was
    raised inside Studio after the author's last line: that is our bug, and the frames are needed.

    Args:
        error: Changed in place.
        namespace: Globals of code that is an author's too, though in no studio source: a notebook's ordinary cells.
    """
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        current = pending.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        current.__traceback__ = _trimmed(current, namespace)
        pending += [current.__cause__, current.__context__]
        if isinstance(current, BaseExceptionGroup):
            pending += current.exceptions
    return error


def _trimmed(error: BaseException, namespace: Mapping[str, Any] | None) -> TracebackType | None:
    steps = list(_steps(error.__traceback__))
    authored = [index for index, step in enumerate(steps) if _is_authored(step, namespace)]
    if not authored:
        return error.__traceback__
    is_meant = _package(type(error).__module__) in _OURS or not isinstance(error, Exception)
    result: TracebackType | None = None
    for index, step in reversed(list(enumerate(steps))):
        is_ours = _package(step.tb_frame.f_globals.get("__name__", "")) == "studio"
        is_hidden = is_ours or step.tb_frame.f_locals.get("__tracebackhide__", False)
        is_needed = is_ours and index > authored[-1] and not is_meant
        if index in authored or not is_hidden or is_needed:
            result = TracebackType(result, step.tb_frame, step.tb_lasti, step.tb_lineno)
    return result


def _is_authored(step: TracebackType, namespace: Mapping[str, Any] | None) -> bool:
    return _definition_of(step) is not None or (namespace is not None and step.tb_frame.f_globals is namespace)


def _package(module: object) -> str:
    return str(module).partition(".")[0]


def _definition(source: Source) -> _Definition:
    key = (source, source.origin, source.first_line)
    with _lock:
        found = _compiled.get(key)
        if found is not None:
            _compiled.move_to_end(key)
            return found
        filename = _free_filename(source)
        found = _Definition(source, filename, compile_source(source, filename))
        _keep(key, found)
        return found


def _free_filename(source: Source) -> str:
    """Return a name that no kept definition has: the origin itself if it can be."""
    form = "<{}>" if source.implicit and source.origin == source.label else "{}"
    filename = form.format(source.origin)
    while filename in _by_filename:
        filename = form.format(f"{source.origin} #{next(_counter)}")
    return filename


def _keep(key: tuple[Source, str, int], definition: _Definition) -> None:
    source, filename = definition.source, definition.filename
    text = "\n" * (source.first_line - 1) + source.body
    # No modification time: linecache then never asks the disk, where another text or none may be.
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    _compiled[key] = _by_filename[filename] = definition
    if len(_compiled) > DEFINITIONS_MAX:
        _, oldest = _compiled.popitem(last=False)
        del _by_filename[oldest.filename]
        linecache.cache.pop(oldest.filename, None)


def _restore(name: str, before: ModuleType | None) -> None:
    if before is None:
        sys.modules.pop(name, None)
    else:
        sys.modules[name] = before


def _undefined(error: BaseException, definition: _Definition, module: ModuleType) -> UndefinedName | None:
    """Return our error for a name that a line of this very definition found undefined; None for any other error."""
    if not isinstance(error, NameError) or isinstance(error, UnboundLocalError) or not error.name:
        return None
    steps = list(_steps(error.__traceback__))
    if steps[-1].tb_frame.f_code.co_filename != definition.filename:
        return None
    return undefined(definition.source, error.name, module.__dict__, line=steps[-1].tb_lineno)


def _innermost(error: BaseException) -> tuple[_Definition, int] | None:
    found = None
    for step in _steps(error.__traceback__):
        definition = _definition_of(step)
        if definition is not None:
            found = definition, step.tb_lineno
    return found


def _definition_of(step: TracebackType) -> _Definition | None:
    return _by_filename.get(step.tb_frame.f_code.co_filename)


def _steps(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next
