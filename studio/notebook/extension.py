"""Load the extension into IPython: `%load_ext studio`, or at once in the Studio kernel."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.notebook.cards.campaign_card import campaign_card
from studio.notebook.cards.counterexample_card import counterexample_card, story_card
from studio.notebook.cards.hunt_card import hunt_card
from studio.notebook.cards.hypertext import card_html
from studio.notebook.cards.run_card import export_card, run_card, summary_card
from studio.notebook.cards.travel_card import difference_card, moment_card
from studio.notebook.completion import Matcher, matchers
from studio.notebook.dashboard_frame import show_dashboard, stop_dashboards
from studio.notebook.magics import register_magics, unregister_magics
from studio.notebook.session import Session
from studio.notebook.tracebacks import Tracebacks
from studio.notebook.widgets.notebook_faces import register_widgets
from studio.simulation.current import set_current_system, set_home, set_latest
from studio.simulation.faces import forget_faces, register_face
from studio.source.dollar import translate_cell_lines

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

__all__ = ["load", "session_of", "unload"]


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What was put into a shell."""

    session: Session
    tracebacks: Tracebacks
    matchers: list[Matcher]


_ATTRIBUTE = "_studio_loaded"
_CARDS: dict[tuple[str, str], Callable[[Any], str]] = {
    ("studio.simulation.counterexample.counterexample", "Counterexample"): lambda found: card_html(
        counterexample_card(found)
    ),
    ("studio.simulation.counterexample.story", "Story"): lambda story: card_html(story_card(story)),
    ("studio.simulation.travel.diff", "RunDiff"): lambda found: card_html(difference_card(found)),
    ("studio.simulation.travel.moment", "Moment"): lambda moment: card_html(moment_card(moment)),
    ("studio.simulation.run", "Run"): lambda run: card_html(run_card(run)),
    ("studio.simulation.hunting.hunt", "Hunt"): lambda hunt: card_html(hunt_card(hunt)),
    ("studio.simulation.campaign.campaign", "Campaign"): lambda found: card_html(campaign_card(found)),
    ("studio.simulation.summary", "Summary"): lambda summary: card_html(summary_card(summary)),
    ("studio.export.report", "Report"): lambda report: card_html(export_card(report)),
}


def load(shell: InteractiveShell) -> None:
    """Give a shell the studio's magics, notation, completion and errors; nothing happens when it has them."""
    if _loaded(shell) is not None:
        return
    session = Session(shell)
    loaded = _Loaded(session, Tracebacks(shell, session), matchers(session))
    setattr(shell, _ATTRIBUTE, loaded)
    register_magics(shell, session)
    shell.input_transformers_cleanup.append(translate_cell_lines)
    _completer(shell).custom_matchers.extend(loaded.matchers)
    shell.events.register("pre_run_cell", session.begin_cell)
    shell.events.register("post_run_cell", session.end_cell)
    shell.events.register("pre_run_cell", session.revisits.cancel)
    shell.events.register("post_run_cell", session.revisits.begin)
    shell.events.register("pre_run_cell", _allow_loading_again)
    loaded.tracebacks.install()
    register_face("dashboard", show_dashboard)
    register_widgets()
    _show_as_cards(shell)
    set_current_system(session.system)
    set_home(_notebook_file(shell))


def unload(shell: InteractiveShell) -> None:
    """Take everything away again; what is declared is forgotten."""
    loaded = _loaded(shell)
    if loaded is None:
        return
    stop_dashboards()
    forget_faces()
    set_current_system(None)
    set_home(None)
    set_latest(None)
    loaded.tracebacks.remove()
    shell.events.unregister("pre_run_cell", loaded.session.begin_cell)
    shell.events.unregister("post_run_cell", loaded.session.end_cell)
    shell.events.unregister("pre_run_cell", loaded.session.revisits.cancel)
    shell.events.unregister("post_run_cell", loaded.session.revisits.begin)
    shell.events.unregister("pre_run_cell", _allow_loading_again)
    for matcher in loaded.matchers:
        _completer(shell).custom_matchers.remove(matcher)
    shell.input_transformers_cleanup.remove(translate_cell_lines)
    unregister_magics(shell)
    loaded.session.close()
    delattr(shell, _ATTRIBUTE)


def session_of(shell: InteractiveShell) -> Session | None:
    """Return the session of a shell; None where the extension is not loaded."""
    loaded = _loaded(shell)
    return None if loaded is None else loaded.session


def _loaded(shell: InteractiveShell) -> _Loaded | None:
    return getattr(shell, _ATTRIBUTE, None)


def _allow_loading_again(info: Any) -> None:
    """Let `%load_ext studio` be quiet in the Studio kernel, which has loaded it: notebooks say it for every kernel."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    manager = None if shell is None else shell.extension_manager
    if manager is not None and str(info.raw_cell).strip().startswith("%load_ext studio"):
        manager.loaded.discard("studio")


def _notebook_file(shell: InteractiveShell) -> Path | None:
    """Return the notebook that a kernel runs, where its front end says so; kernels run in the notebook's folder."""
    name = shell.user_ns.get("__vsc_ipynb_file__") or os.environ.get("JPY_SESSION_NAME", "")
    file = Path.cwd() / Path(str(name)).name
    return file if name and file.suffix == ".ipynb" and file.is_file() else None


def _show_as_cards(shell: Any) -> None:
    """Let what knows nothing of notebooks, such as a run, be shown as a card too; this stays when we are unloaded."""
    formatter = shell.display_formatter.formatters["text/html"]
    for (module, name), make in _CARDS.items():
        formatter.for_type_by_name(module, name, make)


def _completer(shell: InteractiveShell) -> Any:
    return shell.Completer
