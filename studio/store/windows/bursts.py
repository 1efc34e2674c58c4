"""Let a function that asks several questions of a run open its file once."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from studio.store.windows.run_view import RunView

__all__ = ["one_burst"]

_Rest = ParamSpec("_Rest")
_Answer = TypeVar("_Answer")


def one_burst(
    question: Callable[Concatenate[RunView, _Rest], _Answer],
) -> Callable[Concatenate[RunView, _Rest], _Answer]:
    """Decorate a function of a view, so that all it asks is one burst: each opening of the file costs milliseconds.

    Looking up the names of a filter is a question, too.
    """

    @wraps(question)
    def asked(view: RunView, /, *rest: _Rest.args, **named: _Rest.kwargs) -> _Answer:
        with view.burst():
            return question(view, *rest, **named)

    return asked
