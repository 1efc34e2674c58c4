"""The controls for faults in a page of the dashboard."""

from __future__ import annotations

from typing import Any, ClassVar

import param
from panel.custom import AnyWidgetComponent

from studio.dashboard.components.esm import FAULTS, module_of

__all__ = ["FaultPane"]


class FaultPane(AnyWidgetComponent):
    """Controls for the faults of a world; what they ask for is answered by a `FaultPanel`."""

    catalogue = param.Dict(default={}, doc="What `catalogue_of` gives; empty where nothing is known of the system.")
    standing = param.Dict(default={}, doc="What is in force, and whether anything can be done.")
    request = param.Dict(default={}, doc="What is asked for, with an id.")
    reply = param.Dict(default={}, doc="The answer, with the id of what was asked.")
    kind = param.String(default="", doc="Kind of fault of which the form is open; empty for the first one.")
    theme = param.String(default="", doc="`light`, `dark`, or empty for that of the surroundings.")

    _esm: ClassVar[Any] = module_of(*FAULTS)
