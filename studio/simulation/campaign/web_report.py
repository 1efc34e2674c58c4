"""Write a campaign as one HTML file that needs no network, for light and dark screens."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from studio import __version__
from studio.simulation.files import write_file

if TYPE_CHECKING:
    import jinja2

    from studio.simulation.campaign.campaign import Campaign

__all__ = ["report_html", "write_report"]

_TEMPLATE = Path(__file__).parent / "templates" / "campaign.html"
_DOTS_MAX = 2000
"""Seeds that are drawn, one square each; of more seeds stretches are drawn."""


def write_report(campaign: Campaign, file: Path) -> Path:
    """Write a report.

    Raises:
        FileUnwritable: The machine refuses the file.
    """
    return write_file(file, report_html(campaign))


def report_html(campaign: Campaign) -> str:
    """Return a report as a whole page."""
    head = campaign.frames["campaigns"].row(0, named=True)
    return _template().render(
        outline=campaign.outline(),
        head=head,
        campaign=campaign,
        version=__version__,
        stretches=_stretches(campaign),
    )


@cache
def _template() -> jinja2.Template:
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))


def _stretches(campaign: Campaign) -> list[dict[str, Any]]:
    """Return the seeds in order, in stretches that a page can show: what each came to, the worst of a stretch first."""
    rows = list(campaign.seeds.select("seed", "verdict").iter_rows())
    size = max(-(-len(rows) // _DOTS_MAX), 1)
    found = []
    for at in range(0, len(rows), size):
        part = rows[at : at + size]
        verdicts = [verdict for _, verdict in part]
        verdict = next(each for each in ("failed", "error", "held") if each in verdicts)
        seeds = str(part[0][0]) if size == 1 else f"{part[0][0]} to {part[-1][0]}"
        found.append({"seeds": seeds, "verdict": verdict})
    return found
