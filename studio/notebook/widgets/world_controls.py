"""Controls of a world in a cell: pace, faults, a form for each message, what the world does now.

What the front end asks for is done at once, or in a thread where it may take its time. What stands is looked at by one
task on the kernel's loop: it tells the front end only what has changed, waits while nobody listens, and ends with the
world or the widget.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import anywidget
import traitlets

from studio.dashboard.components.esm import FAULTS, module_of
from studio.dashboard.fault_panel import FaultPanel, catalogue_of
from studio.errors import StudioError
from studio.notebook.widgets.message_form import MessageForm, addresses_of
from studio.observe.axis import instant
from studio.store.windows.log_view import LogView
from studio.store.windows.strikes_window import struck_faults

if TYPE_CHECKING:
    from studio.simulation.world import World

__all__ = ["WorldControls"]

INTERVAL_S: Final = 0.25
"""How often a running world is looked at; one that rests, four times less often."""
UNHEARD_MAX: Final = 8
"""So many changes are told before one has been heard; while nobody listens, nothing is."""
_SLOW: Final = frozenset({"send", "step"})


class WorldControls(anywidget.AnyWidget):
    """Controls of a world; what is shown is in `status` and `standing`.

    Args:
        world: Which.

    Attributes:
        pump: The task that looks at the world; None where no loop runs.
    """

    _esm = module_of(
        *FAULTS,
        ("studio.notebook.widgets", "message_form.js"),
        ("studio.notebook.widgets", "world_controls.js"),
    )

    status = traitlets.Dict().tag(sync=True)
    standing = traitlets.Dict().tag(sync=True)
    catalogue = traitlets.Dict().tag(sync=True)
    addresses: Any = traitlets.List().tag(sync=True)
    heard = traitlets.Int(0).tag(sync=True)
    theme = traitlets.Unicode("").tag(sync=True)

    def __init__(self, world: World) -> None:
        self._world, self._told, self._is_over = world, 0, False
        self._view = LogView.of(world.recorded_in).run(world.number)
        self._panel, self._form = FaultPanel(world, self._strikes), MessageForm(world)
        self.pump: asyncio.Task[None] | None = None
        graph = world.build.graph
        super().__init__(
            catalogue={**catalogue_of(graph), "compact": True},
            addresses=addresses_of(graph),
            status=self._status(),
            standing=self._standing(),
        )
        self.on_msg(self._asked)
        self._begin()

    def __repr__(self) -> str:
        return f"Controls of a world, seed {self._world.seed}"

    def close(self) -> None:
        """End the widget; the world goes on."""
        self._is_over = True
        super().close()

    def look(self) -> None:
        """Tell the front end what has changed; nothing where nothing has."""
        self._tell(self._status(), self._standing())

    # -- what the front end asks for --------------------------------------------------------------------------------

    def _asked(self, _: Any, request: Mapping[str, Any], __: Any) -> None:
        loop = _running_loop()
        if loop is None or request.get("do") not in _SLOW:
            self._answered(request, self._answer(request))
            return
        asked = loop.run_in_executor(None, self._answer, request)
        asked.add_done_callback(lambda done: self._answered(request, done.result()))

    def _answered(self, request: Mapping[str, Any], reply: Mapping[str, Any]) -> None:
        if request.get("do") not in ("check", "edit", "check-message", "example"):
            self.look()
        if self.comm is not None:
            self.send({**reply, "id": request.get("id")})

    def _answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do what is asked, by whatever thread; say what was done, or what is wrong."""
        act = _ACTS.get(str(request.get("do")))
        try:
            if act is not None:
                act(self._world, request)
                return {"done": ""}
            message = _MESSAGES.get(str(request.get("do")))
            return self._panel.answer(request) if message is None else message(self._form, request)
        except StudioError as error:
            return {"error": str(error)}
        except (KeyError, TypeError, ValueError) as error:  # a page that is older than this process
            return {"error": f"{request.get('do')} cannot be read: {error!r}"}

    # -- what stands ------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        loop = _running_loop()
        if loop is not None:
            self.pump = loop.create_task(self._watch())

    async def _watch(self) -> None:
        """Tell what changes until the world or the widget ends; the log is asked in a thread of its own."""
        loop = asyncio.get_running_loop()
        while not self._is_over and self.comm is not None:
            status = self._status()
            is_last = status["state"] in ("closed", "died")
            if self._told - self.heard < UNHEARD_MAX or is_last:
                standing = await loop.run_in_executor(None, self._standing)
                self._tell(status, standing)
            if is_last:
                return
            await asyncio.sleep(INTERVAL_S if status["state"] == "running" else 4 * INTERVAL_S)

    def _tell(self, status: Mapping[str, Any], standing: Mapping[str, Any]) -> None:
        if self._is_over or self.comm is None:
            return
        shown = {name: value for name, value in self.status.items() if name != "told"}
        if dict(status) != shown:
            self._told += 1
            self.status = {**status, "told": self._told}
        if standing != self.standing:
            self.standing = dict(standing)

    def _standing(self) -> dict[str, Any]:
        """Return the faults that stand, without the time, which the status says."""
        return {name: value for name, value in self._panel.standing().items() if name != "now"}

    def _status(self) -> dict[str, Any]:
        world = self._world
        failure = world.failure
        return {
            "state": world.state,
            "now": instant(world.now_ns),
            "seed": world.seed,
            "run": world.number,
            "speed": world.speed or 0,
            "pace": round(world.pace, 2),
            "behind": world.is_behind,
            "failure": "" if failure is None else str(failure),
        }

    def _strikes(self) -> Mapping[int, int]:
        return {row["fault"]: row["strikes"] for row in struck_faults(self._view).to_dicts()}


def _set_speed(world: World, request: Mapping[str, Any]) -> None:
    world.speed = _speed(request)


def _speed(request: Mapping[str, Any]) -> float | None:
    """Return the speed that is asked for; None, as fast as it can, for 0."""
    return float(request["speed"]) or None


_ACTS: Final[Mapping[str, Callable[[World, Mapping[str, Any]], object]]] = {
    "start": lambda world, request: world.start(_speed(request)),
    "pace": _set_speed,
    "pause": lambda world, _: world.pause(),
    "resume": lambda world, _: world.resume(),
    "step": lambda world, request: world.step(request.get("duration") or None),
    "stop": lambda world, _: world.stop(),
}
_MESSAGES: Final[Mapping[str, Callable[[MessageForm, Mapping[str, Any]], dict[str, Any]]]] = {
    "example": lambda form, request: form.example(str(request["address"])),
    "check-message": lambda form, request: form.check(str(request["address"]), str(request["text"])),
    "send": lambda form, request: form.send(str(request["address"]), str(request["text"])),
}


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
