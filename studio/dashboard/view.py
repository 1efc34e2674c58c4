"""Say what every tab is: a body that is made when it is first shown, refreshed when it has to be, and can be kept."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from panel.viewable import Viewable

    from studio.dashboard.desk import Desk

__all__ = ["Export", "Form", "View"]

Form = Literal["svg", "png", "csv", "parquet", "json", "txt", "py"]


@dataclass(frozen=True, slots=True)
class Export:
    """What can be taken away from a tab.

    Attributes:
        title: On the button, such as `Traces`.
        form: How it is written; the file's suffix too.
        name: The file's name without its suffix; the shell puts run and seed before it.
        make: Returns the bytes, of what is shown at that moment; of a PNG those of an SVG, which the browser draws.
        told: Says what the file that was made last holds, such as `1,240 rows`.
        is_of_run: Whether it is of the shown run, whose number and seed stand in the file's name then.
        drawn_by: Picture that stands in the page and draws itself into the file, without being asked by `make`.
    """

    title: str
    form: Form
    name: str
    make: Callable[[], bytes]
    told: Callable[[], str] = lambda: ""
    is_of_run: bool = True
    drawn_by: str = ""


class View(ABC):
    """A tab of one browser session.

    The shell makes it when its tab is first shown, puts `body()` into the page, calls `refresh()` then, and again
    whenever something that the view `needs` has changed while it is shown (or when it is shown again after that), and,
    for views that follow, when the run has new records. Whatever it raises is told in the page.

    Args:
        desk: The session's state.
    """

    name: ClassVar[str]
    """In the URL."""
    title: ClassVar[str]
    """On the tab."""
    needs: ClassVar[tuple[str, ...]] = ("run", "service", "address", "source", "saga", "from_ns", "until_ns")
    """Names of the desk's parameters whose change calls for a refresh; a change of `theme` always does."""
    follows: ClassVar[bool] = True
    """Whether new records of the shown run call for a refresh."""
    wants_run: ClassVar[bool] = True
    """Whether the tab is about a run; the shell shows an empty state instead while there is none."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @abstractmethod
    def body(self) -> Viewable:
        """Return what the tab shows; called once, before the first refresh."""

    @abstractmethod
    def refresh(self) -> None:
        """Bring what is shown up to date with the desk and the log."""

    def pinned(self) -> Mapping[str, Any]:
        """Return what a link that is shared has to say beyond the desk, so that it goes on showing the same."""
        return {}

    def exports(self) -> Sequence[Export]:
        """Return what can be taken away now."""
        return ()
