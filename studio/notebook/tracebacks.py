"""Show errors as their author needs them: ours in three lines with the line they are about, others without our frames.

Installed as IPython's custom exception handler, so that errors reach front ends, and checkers such as nbval, as errors;
what IPython only prints to stderr (an unknown magic) becomes one too.
"""

from __future__ import annotations

import linecache
import re
import traceback as tracebacks
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final

from studio.contract import ServiceError
from studio.errors import EmptyCell, StudioError, UnknownMagic, Where, nearest
from studio.source import loader
from studio.source.dollar import as_written, translate

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from studio.notebook.session import Session

__all__ = ["Tracebacks"]

_AROUND = 1
"""Lines shown before and after the one that an error is about."""
_UNKNOWN = re.compile(r"(?P<form>Cell|Line) magic(?: function)? `(?P<magic>%%?\w+)` not found(?P<other> \(But)?")
_EMPTY = re.compile(r"(?P<magic>%%\w+) is a cell magic, but the cell body is empty")
_BOLD, _OFF = "\x1b[1m", "\x1b[0m"  # no colours: front ends show errors on backgrounds of their own
_CALL: Final = "get_ipython().run_"


class Tracebacks:
    """IPython's custom exception handler for one session.

    Args:
        shell: Where it is installed.
        session: Whose cells errors are about.
    """

    def __init__(self, shell: InteractiveShell, session: Session) -> None:
        self._shell: Any = shell  # IPython leaves its handlers untyped
        self._session = session
        self._before = (shell.custom_exceptions, getattr(shell, "CustomTB", None))

    def install(self) -> None:
        """Take over from IPython's handler."""
        self._shell.set_custom_exc((Exception, KeyboardInterrupt), self.show)

    def remove(self) -> None:
        """Give back to the handler that was there before."""
        self._shell.custom_exceptions, self._shell.CustomTB = self._before

    def show(
        self,
        shell: InteractiveShell,
        kind: type[BaseException],
        error: BaseException,
        traceback: TracebackType | None,
        tb_offset: int | None = None,
    ) -> list[str]:
        """Show an error, and return the lines shown; none when IPython shows it as it always does."""
        coded = _coded(shell, error)
        if isinstance(coded, StudioError):
            return self._send(coded, self.report(coded))
        if isinstance(error, KeyboardInterrupt) and _is_through_us(error):
            told = f": {error}" if str(error) else ""
            kept = ["  Look at it with `run = studio.latest()`."] if hasattr(error, "run") else []
            return self._send(error, [f"{_BOLD}Interrupted{_OFF}{told}", *kept, *_notes(error)])
        if any(loader.author_frames(error)) or isinstance(error, ServiceError) or _is_hiding(error):
            return self._send(error, self._trimmed(error))
        shell.showtraceback((kind, error, traceback), tb_offset=tb_offset, running_compiled_code=True)
        return []

    def report(self, error: StudioError) -> list[str]:
        """Return one of our errors in lines: what, where, what to do, notes, and the line it is about."""
        lines = self._as_written(error, str(error).splitlines())
        lines[0] = lines[0].replace(error.code, f"{_BOLD}{error.code}{_OFF}", 1)
        cause = error.__cause__
        if cause is not None and _tells_more(cause, error):
            text = tracebacks.format_exception_only(cause)[-1].strip()
            lines.append(f"  caused by {text}, in {loader.where(cause)}")
        lines += _notes(error)
        excerpt = [] if hasattr(error, "excerpt") else list(self._excerpt(error))
        return [*lines, *([""] if excerpt else []), *excerpt]

    def _as_written(self, error: StudioError, lines: list[str]) -> list[str]:
        """Return an error's lines with the one that it quotes as its author wrote it."""
        text = self._session.text_of(error.where).splitlines() if error.where is not None else []
        number = (error.where.line or 0) if error.where is not None else 0
        if not hasattr(error, "excerpt") or not 0 < number <= len(text):
            return lines
        quoted = text[number - 1].strip()
        return [f"    {quoted}" if line == f"    {translate(quoted)}" else line for line in lines]

    def _excerpt(self, error: StudioError) -> Iterator[str]:
        cause = error.__cause__
        place = error.where or loader.where(error) or (loader.where(cause) if cause is not None else None)
        text = self._session.text_of(place).splitlines() if place is not None else []
        if place is not None and place.line is not None and 0 < place.line <= len(text):
            yield from _numbered(text, place)
        elif place is None:
            yield from self._ordinary_excerpt(error)

    def _ordinary_excerpt(self, error: StudioError) -> Iterator[str]:
        """Yield the line of the ordinary cell that an error of ours came from; none for a magic's own line."""
        found = None
        for frame, line in tracebacks.walk_tb(error.__traceback__):
            if frame.f_globals is self._shell.user_ns:
                found = linecache.getlines(frame.f_code.co_filename), line
        if found is not None and 0 < found[1] <= len(found[0]) and _CALL not in found[0][found[1] - 1]:
            text = as_written("".join(found[0]), self._session.cell_text)
            yield from _numbered(text.splitlines(), Where("", found[1]))

    def _trimmed(self, error: BaseException) -> list[str]:
        """Return the traceback of an author's own error: from the cell's line on, without our frames."""
        loader.trim_traceback(error, namespace=self._shell.user_ns)
        step = error.__traceback__
        while step is not None and step.tb_frame.f_code.co_name != "run_cell_magic":
            step = step.tb_next
        shown = step.tb_next if step is not None and step.tb_next is not None else error.__traceback__
        if _has_group(error):  # IPython's own formatter knows no groups
            text = "".join(tracebacks.format_exception(type(error), error, shown))
            return text.rstrip("\n").split("\n")
        lines = self._shell.InteractiveTB.structured_traceback(type(error), error, shown, tb_offset=0)
        return [*lines, *_notes(error)]

    def _send(self, error: BaseException, lines: list[str]) -> list[str]:
        self._shell._showtraceback(type(error), error, lines)  # noqa: SLF001 - what IPython's own handlers call
        return lines


def _coded(shell: Any, error: BaseException) -> BaseException:
    """Return our error for one that IPython would only print."""
    from IPython.core.error import UsageError

    if not isinstance(error, UsageError):
        return error
    text = str(error)
    if found := _EMPTY.search(text):
        return EmptyCell(magic=found["magic"])
    if found := _UNKNOWN.search(text):
        return UnknownMagic(magic=found["magic"], advice=_advice(shell, found))
    return error


def _advice(shell: Any, found: re.Match[str]) -> str:
    name = found["magic"].lstrip("%")
    if found["other"]:
        other = f"%{name}" if found["form"] == "Cell" else f"%%{name}"
        return f"Write `{other}`: that form exists."
    mark = "%%" if found["form"] == "Cell" else "%"
    known = shell.magics_manager.magics[found["form"].lower()]
    return f"Nearest: {', '.join(mark + each for each in nearest(name, known).split(', '))}."


def _is_through_us(error: BaseException) -> bool:
    """Tell whether an error came through code of ours: then its way is no news to the author."""
    frames = (frame for frame, _ in tracebacks.walk_tb(error.__traceback__))
    return any(str(frame.f_globals.get("__name__", "")).startswith("studio.") for frame in frames)


def _is_hiding(error: BaseException) -> bool:
    """Tell whether an error was raised in a function that asks not to be shown, as pydantic's constructors do."""
    frames = [frame for frame, _ in tracebacks.walk_tb(error.__traceback__)]
    return bool(frames) and bool(frames[-1].f_locals.get("__tracebackhide__", False))


def _tells_more(cause: BaseException, error: StudioError) -> bool:
    """Tell whether a cause is an author's own error, at a place that our error does not name."""
    place = loader.where(cause) if not isinstance(cause, StudioError) else None
    return place is not None and place != error.where


def _notes(error: BaseException) -> list[str]:
    return [f"  {note}" for note in getattr(error, "__notes__", ())]


def _numbered(lines: list[str], place: Where) -> Iterator[str]:
    """Yield a line with those around it, numbered, an arrow before the one that is meant."""
    assert place.line is not None
    first, last = max(place.line - _AROUND, 1), min(place.line + _AROUND, len(lines))
    for number in range(first, last + 1):
        row = f"{number:>4} | {lines[number - 1]}".rstrip()
        yield f"{_BOLD}→{row}{_OFF}" if number == place.line else f" {row}"


def _has_group(error: BaseException | None) -> bool:
    return error is not None and (isinstance(error, BaseExceptionGroup) or _has_group(error.__context__))
