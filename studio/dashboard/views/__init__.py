"""Name the tabs, in the order in which they are shown; a tab's code is loaded when it is first opened."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.dashboard.view import View

__all__ = ["TABS", "Tab"]


@dataclass(frozen=True, slots=True)
class Tab:
    """Where a tab's view is found.

    Attributes:
        name: In the URL.
        title: On the tab.
        module: Below this package.
        view: Name of the class in it.
    """

    name: str
    title: str
    module: str
    view: str

    def load(self) -> type[View]:
        """Import the tab's code and return its class."""
        found: type[View] = getattr(import_module(f"{__name__}.{self.module}"), self.view)
        return found


TABS = (
    Tab("system", "System", "system_view", "SystemView"),
    Tab("traces", "Traces", "traces_view", "TracesView"),
    Tab("sagas", "Sagas", "sagas_view", "SagasView"),
    Tab("metrics", "Metrics", "metrics_view", "MetricsView"),
    Tab("messages", "Messages", "messages_view", "MessagesView"),
    Tab("campaign", "Campaign", "campaign_view", "CampaignView"),
    Tab("faults", "Faults", "faults_view", "FaultsView"),
    Tab("compare", "Compare", "compare_view", "CompareView"),
)
"""All tabs, from left to right."""
