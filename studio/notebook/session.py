"""Hold what one kernel's notebook declares, and what running, renaming and forgetting its cells does to it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from studio.errors import StudioError, Where
from studio.graph.definition import Definition
from studio.graph.system import System
from studio.model.prelude import FOREIGN, PRELUDE
from studio.model.scenario import Scenario
from studio.notebook.cards.answer import card_of
from studio.notebook.cards.card import Card, Cell, Table, code, muted, words
from studio.notebook.cards.wording import count, listed
from studio.notebook.namespace import NotebookNames
from studio.notebook.revisiting import Revisits
from studio.simulation.counterexample.kept import forget_remembered
from studio.simulation.current import set_latest
from studio.simulation.targets import check_scenario
from studio.source.cell import Source, source_from_cell
from studio.source.options import Kind

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["Session"]

_ATTEMPTS_MAX = 256


class Session:
    """One notebook: its system, its cells, and the names that its ordinary cells see.

    Args:
        shell: Whose namespace the names are given to.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.system = System()
        self._shell = shell
        prelude = {name: value for name, (_, value) in FOREIGN.items()} | PRELUDE
        self.names = NotebookNames(shell.user_ns, shell.user_ns_hidden, {**prelude, "studio": sys.modules["studio"]})
        self._cell_id: str | None = None
        self._number = 0
        self._cells: dict[str, str] = {}  # definition to the id of its cell
        self._counts: dict[str, str] = {}  # definition to how its cell is shown
        self._attempted: dict[str, str] = {}  # how a source is shown to the body that was tried last
        self._written: dict[str, str] = {}  # the same, as the author wrote it
        self.cell_text = ""  # of the running cell, as the author wrote it
        self.answered: list[Any] = []  # what line magics of the cell that ran last have returned
        self.revisits = Revisits(self.system)

    # -- cells ------------------------------------------------------------------------------------------------------

    def begin_cell(self, info: Any) -> None:
        """Note which cell runs; an IPython callback.

        The front end's id is what tells a renamed declaration from a new one. Where it gives none, as in a terminal, a
        renamed declaration is a new one.
        """
        self._cell_id = getattr(info, "cell_id", None)
        self.answered = []
        self.cell_text = str(getattr(info, "raw_cell", None) or "")
        counted = bool(getattr(info, "store_history", False))  # IPython has counted such a cell by now
        self._number = self._shell.execution_count - counted

    def end_cell(self, result: Any) -> None:
        """Note what an ordinary cell has defined; an IPython callback."""
        info = getattr(result, "info", None)
        text = str(getattr(info, "transformed_cell", None) or getattr(info, "raw_cell", None) or "")
        if text and not getattr(info, "silent", False):
            self.names.record(self.cell_label, text)
        self._cell_id = None

    @property
    def cell_label(self) -> str:
        """Return how the running cell is shown: `In[3]`."""
        return f"In[{self._number}]"

    def cell_of(self, name: str) -> str:
        """Return the id of the cell that made a declaration; empty where that is not known."""
        return self._cells.get(name, "")

    def define(self, kind: Kind, line: str, body: str) -> Card:
        """Define what a studio cell declares, and return its card.

        Args:
            kind: The magic's name.
            line: Rest of the magic line.
            body: What stands below it.

        Raises:
            StudioError: The last good declaration stands, and a note on the error says so.
            Exception: Whatever the body raises; likewise.
        """
        before = self.system.definitions
        stands = self._standing(before)
        try:
            source = source_from_cell(kind, line, body)
            stands = source.name if source.name in before else stands
            self._attempt(source, body)
            digest = self.revisits.changing() if source.name in before else ""
            definition = self.system.define(source, self._cell_id, elsewhere=self.names.elsewhere())
        except Exception as error:
            if stands:
                error.add_note(f"The last good declaration of {before[stands].source.label} stands.")
            raise
        if digest:
            self.revisits.changed(digest)
        notes = (*self._notes(definition, before), *self._obstacles(definition))
        self._keep_places(definition.name)
        self._give_names()
        return card_of(definition, self.system.graph, notes=notes, now_ns=time.time_ns())

    def text_of(self, place: Where) -> str:
        """Return the source that a place is in, as written: as it was tried last, else as it stands; or empty."""
        standing = {source.origin: source.body for source in self.system.sources}
        return self._written.get(place.cell) or standing.get(place.cell, "")

    def unsettled(self) -> list[str]:
        """Return the declarations whose cell failed when it was run last, so that an older one stands."""
        standing = [each.source for each in self.system.definitions.values() if not each.kept_version]
        return [each.origin for each in standing if self._attempted.get(each.origin, each.body) != each.body]

    # -- the whole --------------------------------------------------------------------------------------------------

    def forget(self, name: str) -> Card:
        """Forget a declaration and return a card that says what depended on it.

        Raises:
            UnknownDefinition: There is none of that name.
        """
        known = self.system.definitions.get(name)
        stale = self.system.forget(name)
        self._keep_places()
        self._give_names()
        label = known.source.label if known is not None else f"the cell of {name}, which failed"
        notes = [f"Forgot {label}.", *self._stale_notes(stale)]
        return Card("studio", "", words(count(len(self.system.definitions), "declaration")), notes=tuple(notes))

    def reset(self) -> Card:
        """Forget everything, as if no studio cell had run."""
        number = len(self.system.definitions)
        self.system.reset()
        self._keep_places()
        self._attempted.clear()
        self._written.clear()
        set_latest(None)
        forget_remembered(self.system)
        self._give_names()
        return Card("studio", "", notes=(f"Forgot {count(number, 'declaration')}. Ordinary cells keep their names.",))

    def status(self) -> Card:
        """Return a card of everything declared: kind, name, cell, what it uses, whether it stands."""
        definitions = self.system.definitions
        rows = tuple(
            (
                words(each.source.kind),
                code(each.name),
                words(self._counts.get(each.name, "")),
                words(listed(list(each.uses))),
                words(f"stale: {each.stale}", "warning") if each.stale else muted("stands"),
            )
            for each in definitions.values()
        )
        rows += tuple(self._broken_rows())
        table = Table("", ("Kind", "Name", "Cell", "Uses", "State"), rows)
        hint = () if rows else ("Nothing is declared yet. Begin with a cell `%%contracts NAME` or `%%service NAME`.",)
        return Card("studio", "", words(count(len(definitions), "declaration")), sections=(table,), notes=hint)

    def _broken_rows(self) -> Iterator[tuple[Cell, Cell, Cell, Cell, Cell]]:
        """Yield a row for each cell that failed when it was run last, and so declares nothing new."""
        for name, broken in self.system.graph.broken.items():
            kind = broken.where.cell.partition(" ")[0]
            yield words(kind), code(name), (), (), words(f"failed: {broken.reason}", "error")

    def close(self) -> None:
        """Take back every name that was given."""
        self.names.withdraw()

    # -- helpers ----------------------------------------------------------------------------------------------------

    def _standing(self, before: Mapping[str, Definition]) -> str:
        """Return the declaration that the running cell made before; empty when it made none."""
        made = (name for name, cell in self._cells.items() if cell == self._cell_id and name in before)
        return "" if self._cell_id is None else next(made, "")

    def _attempt(self, source: Source, written: str) -> None:
        for kept, text in ((self._attempted, source.body), (self._written, written)):
            kept.pop(source.origin, None)
            kept[source.origin] = text
            if len(kept) > _ATTEMPTS_MAX:
                del kept[next(iter(kept))]

    def _keep_places(self, defined: str = "") -> None:
        if defined:
            self._counts[defined] = self.cell_label
            self._cells.pop(defined, None)
            if self._cell_id is not None:
                self._cells[defined] = self._cell_id
        for places in (self._cells, self._counts):
            for name in [name for name in places if name not in self.system.definitions]:
                del places[name]

    def _give_names(self) -> None:
        always = {*FOREIGN, *PRELUDE}
        self.names.give({name: each for name, each in self.system.visible().items() if name not in always})

    def _notes(self, definition: Definition, before: Mapping[str, Definition]) -> Iterator[str]:
        """Yield what a definition did to the others."""
        after = self.system.definitions
        name = definition.name
        for gone in before.keys() - after.keys():
            yield f"Forgot {before[gone].source.label}, which this cell declared before."
        if name in before and None not in (self._cell_id, self._cells.get(name)) and self._cells[name] != self._cell_id:
            yield f"Replaces what another cell declared ({self._counts.get(name, 'not in this notebook')})."
        for kept in [each for each in after if each not in before and "@" in each]:
            yield f"{kept} is kept for the instances that it started; `%studio forget {kept}` drops it."
        changed = [each for each in after if each in before and after[each] is not before[each] and each != name]
        fresh = [each for each in changed if not after[each].stale]
        if fresh:
            yield f"Executed again, since they use it: {listed(fresh)}."
        yield from self._stale_notes(tuple(each for each in changed if after[each].stale))

    def _obstacles(self, definition: Definition) -> Iterator[str]:
        """Yield what keeps a scenario from being run yet: a name in it may be declared further down."""
        for scenario in definition.declarations.of(Scenario):
            try:
                check_scenario(self.system.build(), scenario, scenario.faults)
            except StudioError as error:
                what, *rest = str(error).splitlines()
                line = f" (line {error.where.line})" if error.where and error.where.line else ""
                yield f"It cannot be run yet: {what}{line}. {rest[-1].strip() if rest else ''}"

    def _stale_notes(self, names: tuple[str, ...]) -> list[str]:
        definitions = self.system.definitions
        return [f"{name} does not fit any more: {definitions[name].stale}" for name in names]
