"""Do what the line magics say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio.errors import BadMagic, NothingDeclared, NothingRun, UnsettledCell
from studio.notebook.arguments import MAGICS, Values, usage
from studio.notebook.cards.card import Card
from studio.notebook.cards.wording import count
from studio.notebook.progress import progress_of
from studio.notebook.session import Session
from studio.notebook.stopping import stopped_between_runs
from studio.observe.axis import duration

if TYPE_CHECKING:
    from studio.graph.lint import Finding
    from studio.simulation.campaign.campaign import Campaign
    from studio.simulation.proving.proof import Proof
    from studio.simulation.run import Run

__all__ = ["dashboard", "export", "graph", "hunt", "lint", "simulate", "studio", "trace"]


def simulate(session: Session, values: Values) -> Any:
    """Run a scenario for one seed, or for several; return the run, or what came of the seeds."""
    name, seed, seeds = str(values["name"]), values["seed"], values["seeds"]
    instead = {each: str(values[each]) for each in ("duration", "bus") if values[each] is not None}
    if seeds is None:
        return _run(session, name, None if seed is None else int(seed), instead)
    first, workers = int(seed or 0), 1 if values["workers"] is None else int(values["workers"])
    return _run_campaign(session, name, range(first, first + int(seeds)), workers, instead)


def hunt(session: Session, values: Values) -> Any:
    """Hunt in a scenario; what was found by then comes back when it is stopped by hand."""
    from studio.simulation.hunting.hunt import hunt as run_hunt
    from studio.simulation.hunting.trials import HuntProgress

    name, runs, seed = str(values["name"]), values["runs"], values["seed"]
    line = progress_of(name)

    def tell(progress: HuntProgress) -> None:
        line.show(progress.share, f"{progress}{line.left(progress.share)}")
        heed()

    try:
        with stopped_between_runs() as heed:
            return run_hunt(
                name, system=session.system, runs=None if runs is None else int(runs),
                duration=None if values["duration"] is None else str(values["duration"]),
                seed=None if seed is None else int(seed), bus=str(values["bus"] or ""), kinds=_names(values["kinds"]),
                invariants=_names(values["invariants"]), every=bool(values["every"]), progress=tell,
            )  # fmt: skip
    finally:
        line.close()


def graph(session: Session, values: Values) -> Any:
    """Draw the system."""
    _demand(session, "a drawing")
    from studio.graph.drawing import Drawing

    return Drawing.of(session.system.graph)


def trace(session: Session, values: Values) -> Any:
    """Return a trace of what was run or played last."""
    from studio.simulation.current import latest

    played = latest()
    if played is None:
        raise NothingRun
    which = values["id"]
    return played.trace(int(which) if isinstance(which, str) and which.isdecimal() else which)


def lint(session: Session, values: Values) -> Card:
    """Return a card of all findings."""
    _demand(session, "findings")
    from studio.notebook.cards.finding_card import findings_card

    return findings_card(session.system.graph, _proofs(session) if values["prove"] else {})


def _proofs(session: Session) -> dict[Finding, Proof]:
    """Prove all findings, with a line of progress."""
    from studio.graph.lint import lint as find
    from studio.simulation.proving.prove import prove

    line = progress_of("lint --prove")
    try:
        return prove(
            find(session.system.graph),
            system=session.system,
            progress=lambda done, count: line.show(done / count, f"finding {done + 1} of {count}"),
        )
    finally:
        line.close()


def export(session: Session, values: Values) -> Any:
    """Write the system as a package."""
    _demand(session, "a package")
    for cell in session.unsettled():
        raise UnsettledCell(cell=cell)
    from studio.export.package import export_package
    from studio.simulation.current import home
    from studio.simulation.replay import kept_texts, replay_all, retry_all

    name, force = str(values["name"] or ""), bool(values["force"])
    kept = kept_texts(home() or Path("notebook.ipynb"), session.system)
    return export_package(
        session.system, Path(str(values["dir"])), replays=replay_all, retries=retry_all, kept=kept, name=name,
        force=force,
    )  # fmt: skip


def dashboard(session: Session, values: Values) -> Any:
    """Show the dashboard, or close it."""
    from studio.notebook.dashboard_frame import show_dashboard, stop_dashboards

    if values["stop"]:
        closed = stop_dashboards()
        return Card("studio", "", notes=(f"Closed {count(closed, 'dashboard')}." if closed else "None is open.",))
    run, height = values["run"], values["height"]
    return show_dashboard(
        tab=str(values["tab"] or ""), run=None if run is None else int(run),
        height=None if height is None else int(height), proxy=bool(values["proxy"]),
    )  # fmt: skip


def studio(session: Session, values: Values) -> Card:
    """Show, forget or reset what is declared; list what Studio promises of every run."""
    verb, name = values["verb"] or "status", values["name"]
    magic = MAGICS["studio"]
    if verb == "forget":
        if name is None:
            raise BadMagic(magic="studio", reason="NAME is missing", usage="%studio forget NAME")
        return session.forget(str(name))
    if name is not None:
        raise BadMagic(magic="studio", reason=f"word={name!r} is one too many", usage=usage(magic))
    if verb == "promises":
        from studio.notebook.cards.promises_card import promises_card

        return promises_card()
    return session.reset() if verb == "reset" else session.status()


def _run_campaign(session: Session, name: str, seeds: range, workers: int, instead: Mapping[str, str]) -> Campaign:
    from studio.simulation.campaign.campaign import CampaignInterrupted
    from studio.simulation.campaign.campaigning import campaign
    from studio.simulation.campaign.pace import CampaignProgress

    line = progress_of(name)

    def tell(progress: CampaignProgress) -> None:
        line.show(progress.done / progress.total, str(progress))
        heed()

    if workers != 1:
        line.begin("other processes are starting")
    try:
        with stopped_between_runs() as heed:
            return campaign(
                name, seeds=seeds, system=session.system, workers=workers, duration=instead.get("duration"),
                bus=instead.get("bus", ""), progress=tell,
            )  # fmt: skip
    except CampaignInterrupted as stop:
        _show(stop.campaign)  # what came of the seeds so far; those under way do not count
        raise
    finally:
        line.close()


def _names(text: object) -> list[str] | None:
    """Return names with commas between them as a list; None where nothing is given."""
    return [name for name in str(text).replace(" ", "").split(",") if name] if text else None


def _show(value: object) -> None:
    from IPython import display

    show: Any = display.display  # IPython leaves it untyped
    show(value)


def _run(session: Session, name: str, seed: int | None, instead: Mapping[str, str]) -> Run:
    from studio.simulation.simulate import Progress
    from studio.simulation.simulate import simulate as run_scenario

    line = progress_of(name)

    def tell(progress: Progress) -> None:
        came = f"{duration(progress.now_ns)} of {duration(progress.end_ns)}, {progress.records:,} records"
        line.show(progress.now_ns / max(progress.end_ns, 1), came)

    try:
        return run_scenario(
            name,
            seed=seed,
            system=session.system,
            duration=instead.get("duration"),
            bus=instead.get("bus"),
            progress=tell,
        )
    finally:
        line.close()


def _demand(session: Session, wanted: str) -> None:
    if not session.system.definitions:
        raise NothingDeclared(wanted=wanted)
