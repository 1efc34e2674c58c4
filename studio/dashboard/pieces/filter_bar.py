"""Put a tab's filters in a row: each is a control that shows what the desk says, and changes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import panel as pn

if TYPE_CHECKING:
    from studio.dashboard.desk import Desk

from studio.dashboard.pieces.terms import Terms

__all__ = ["Filter", "FilterBar", "chosen", "of_desk", "of_term", "of_text"]


@dataclass(frozen=True, slots=True)
class Filter:
    """One control.

    Attributes:
        title: Above it.
        get: Returns what the desk says.
        put: Returns the desk's changes for what was chosen.
        choices: Returns what can be chosen; None for text that is written.
        hint: In an empty field.
        width: In pixels.
    """

    title: str
    get: Callable[[], str]
    put: Callable[[str], dict[str, Any]]
    choices: Callable[[], Sequence[str]] | None = None
    hint: str = ""
    width: int = 150


def of_desk(desk: Desk, name: str, title: str, **options: Any) -> Filter:
    """Return the control of one of the desk's parameters."""
    return Filter(title, lambda: str(getattr(desk, name) or ""), lambda value: {name: value}, **options)


def of_term(desk: Desk, word: str, title: str, **options: Any) -> Filter:
    """Return the control of a word in the searched text."""
    return Filter(
        title,
        lambda: Terms.of(desk.text).get(word),
        lambda value: {"text": str(Terms.of(desk.text).having(**{word: value}))},
        **options,
    )


def of_text(desk: Desk, title: str, **options: Any) -> Filter:
    """Return the control of the searched text, without the words that have controls of their own."""
    return Filter(
        title,
        lambda: Terms.of(desk.text).text,
        lambda value: {"text": str(Terms.of(desk.text).about(value))},
        **options,
    )


def chosen(value: str, known: Sequence[str]) -> str:
    """Return a choice if it is known; a link made for another tab may say what this one has not."""
    return value if value in known else ""


class FilterBar:
    """Controls in a row that breaks where it must.

    Args:
        desk: That they change.
        filters: From left to right.
    """

    def __init__(self, desk: Desk, filters: Sequence[Filter]) -> None:
        self._desk, self._filters = desk, filters
        self._is_showing = False
        self.controls = [self._control(each) for each in filters]
        self.row = pn.FlexBox(  # type: ignore[no-untyped-call]  # Panel says nothing of it
            *self.controls, gap="4px 10px", align_items="end", margin=(4, 8, 4, 8),
                              sizing_mode="stretch_width")  # fmt: skip

    def show(self) -> None:
        """Show what the desk says now, and what can be chosen now."""
        self._is_showing = True
        try:
            for each, control in zip(self._filters, self.controls, strict=True):
                value = each.get()
                if each.choices is not None:
                    choices = ["", *dict.fromkeys((*each.choices(), *([value] if value else [])))]
                    control.param.update(options={choice or "any": choice for choice in choices}, value=value)
                elif control.value != value:
                    control.value = value
        finally:
            self._is_showing = False

    def _control(self, of: Filter) -> Any:
        made: Any = (
            pn.widgets.TextInput(label=of.title, placeholder=of.hint, width=of.width, margin=0)
            if of.choices is None
            else pn.widgets.Select(  # type: ignore[no-untyped-call]  # likewise
                label=of.title, options={"any": ""}, width=of.width, margin=0
            )
        )
        made.param.watch(lambda event: self._changed(of, event.new), "value")
        return made

    def _changed(self, of: Filter, value: Any) -> None:
        if not self._is_showing and (value or "") != of.get():
            self._desk.go(**of.put(value or ""))
