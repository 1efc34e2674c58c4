"""Put pieces of JavaScript together into one module, since a widget's module can import none of its neighbours."""

from __future__ import annotations

from importlib import resources

__all__ = ["FAULTS", "GRAPH", "WATERFALL", "component_module", "module_of"]

_HERE = "studio.dashboard.components"
GRAPH = ("graph_camera.js", "graph_marks.js", "graph_taken.js", "graph.js")
WATERFALL = ("waterfall.js",)
FAULTS = tuple((_HERE, each) for each in ("fault_fields.js", "fault_form.js", "fault_panel.js"))
"""Pieces of the controls for faults, which stand by themselves."""


def component_module(*names: str, package: str = _HERE) -> str:
    """Return the module of a component: its own scripts, after what all of them share.

    Args:
        names: Of its files; the last says what is exported.
        package: That holds them.
    """
    return module_of((_HERE, "shared.js"), *((package, name) for name in names))


def module_of(*pieces: tuple[str, str]) -> str:
    """Return one module of several; the last says what is exported.

    Args:
        pieces: Package and name of each file; those before the last are taken up to their `export default`.
    """
    texts = [resources.files(package).joinpath(name).read_text(encoding="utf-8") for package, name in pieces]
    return "\n".join([*(text.partition("\nexport default")[0] for text in texts[:-1]), texts[-1]])
