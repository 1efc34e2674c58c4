"""Serve a build over HTTP until asked to stop: uvicorn in front, replicas behind, a file for what must last.

Stopping goes from the outside in: no new connections, requests end, streams end, jobs and sagas end, the bus stops, the
storage closes. Whatever does not end within the grace time is cut off, and carried on by the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import uvicorn

from studio.errors import AddressInUse
from studio.graph.system import Build
from studio.model.duration import SECOND_NS, duration_ns
from studio.ports import Outbound, Settings
from studio.serve.assembly import Assembly, Parts
from studio.serve.environment import EnvironmentSettings
from studio.serve.exposition import Exposition
from studio.serve.front import Front
from studio.serve.needs import Needs
from studio.serve.network import NetworkOutbound
from studio.serve.probes import Probes
from studio.serve.sqlite import SqliteStorage
from studio.serve.telemetry import Telemetry
from studio.serve.walltime import WallClock

__all__ = ["ServeSettings", "Server", "serve"]

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@dataclass(frozen=True, slots=True)
class ServeSettings:
    """How to serve.

    Attributes:
        host: Address to listen at; `0.0.0.0` for all.
        port: 0 takes a free one, which the log's line `serving` names.
        data: The SQLite file; made where there is none.
        grace: How long requests and sagas may go on once asked to stop.
        level: Least level that is logged: debug, info, warning or error.
        title: And `version`: of the description at `/openapi.json`.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    data: Path = Path("studio-data.sqlite")
    grace: str = "10s"
    level: str = "info"
    title: str = "Studio"
    version: str = "0"


def serve(build: Build, settings: ServeSettings | None = None) -> None:
    """Serve until SIGTERM or SIGINT; returns once everything has ended. A second signal does not wait.

    Args:
        build: What runs.
        settings: How.

    Raises:
        AddressInUse: Somebody listens there already.
        DatabaseInUse: Another process serves from the file.
        StudioError: Any other that the storage raises when it is opened.

    Example:
        serve(system.build(), ServeSettings(port=0, data=Path("orders.sqlite")))
    """
    asyncio.run(Server(build, settings or ServeSettings()).run(signals=True))


class Server:
    """One process's server.

    Args:
        build: What runs.
        settings: How.
        environment: Settings and secrets of the services; by default the process's environment.
        outbound: Reaches third parties; by default the network.
        stream: Where log lines go; by default standard output.
    """

    def __init__(
        self,
        build: Build,
        settings: ServeSettings,
        *,
        environment: Settings | None = None,
        outbound: Outbound | None = None,
        stream: TextIO | None = None,
    ) -> None:
        self._build, self._settings, self._stream = build, settings, stream
        self._environment = environment or EnvironmentSettings()
        self._outbound = outbound
        self._grace_ns = duration_ns(settings.grace)
        self._clock = WallClock()
        self._ending = asyncio.Event()
        self._http: _Uvicorn | None = None
        self.url = ""
        self.ready = asyncio.Event()

    def stop(self) -> None:
        """Ask it to end; `run` returns when it has. Asked again, it does not wait for requests any more."""
        if self._ending.is_set():
            self._grace_ns = 0
            if self._http is not None:
                self._http.force_exit = True
        self._ending.set()

    async def run(self, *, signals: bool = False) -> None:
        """Serve until `stop`.

        Args:
            signals: Whether SIGTERM and SIGINT stop it too.
        """
        listener = _listen(self._settings.host, self._settings.port)
        exposition = Exposition()
        telemetry = Telemetry(exposition, stream=self._stream, level=self._settings.level)
        try:
            with listener, _foreign_lines(telemetry, self._clock), self._signals(on=signals):
                async with SqliteStorage(self._settings.data) as storage, NetworkOutbound() as network:
                    outbound = self._outbound or network
                    parts = Parts(storage, self._clock, outbound, self._environment, telemetry)
                    await self._serve(Assembly(self._build, parts), exposition, telemetry, listener)
            telemetry.line(self._clock.now_ns(), "info", "stopped")
        finally:
            telemetry.close()

    async def _serve(
        self, assembly: Assembly, exposition: Exposition, telemetry: Telemetry, listener: socket.socket
    ) -> None:
        for service in self._build.graph.services.values():
            exposition.declare(service.metrics.values())
        needs = Needs(self._build.graph, self._environment)
        probes = Probes(assembly, exposition, needs)
        front = Front(assembly, probes, title=self._settings.title, version=self._settings.version)
        http = self._http = _Uvicorn(front, self._grace_ns)
        await assembly.start()
        for name, remedy in needs.missing().items():
            telemetry.line(self._clock.now_ns(), "error", f"{name} is not set", remedy=remedy)
        serving = asyncio.create_task(http.serve(sockets=[listener]))
        try:
            begun = asyncio.create_task(http.begun.wait())
            await asyncio.wait({serving, begun}, return_when=asyncio.FIRST_COMPLETED)
            self.url = _url(listener)
            telemetry.line(self._clock.now_ns(), "info", "serving", url=self.url, pid=os.getpid())
            self.ready.set()
            await self._ending.wait()
        finally:
            probes.is_draining = True
            telemetry.line(self._clock.now_ns(), "info", "draining", grace=self._settings.grace)
            end_ns = self._clock.now_ns() + self._grace_ns
            assembly.bus.end_streams()
            http.should_exit = True
            await serving
            await assembly.stop(max(0, min(self._grace_ns, end_ns - self._clock.now_ns())))

    @contextlib.contextmanager
    def _signals(self, *, on: bool) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for each in _SIGNALS if on else ():
            loop.add_signal_handler(each, self.stop)
        try:
            yield
        finally:
            for each in _SIGNALS if on else ():
                loop.remove_signal_handler(each)


class _Uvicorn(uvicorn.Server):
    """Uvicorn without signals of its own, which would end the process by them, and with an event when it listens."""

    def __init__(self, front: Front, grace_ns: int) -> None:
        super().__init__(
            uvicorn.Config(
                front,
                lifespan="off",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=max(1, math.ceil(grace_ns / SECOND_NS)),
            )
        )
        self.begun = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to who serves."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, and say so."""
        await super().startup(sockets)
        self.begun.set()


class _Lines(logging.Handler):
    """Write what uvicorn and asyncio log as our lines."""

    def __init__(self, telemetry: Telemetry, clock: WallClock) -> None:
        super().__init__(logging.WARNING)
        self._telemetry, self._clock = telemetry, clock

    def emit(self, record: logging.LogRecord) -> None:
        level = "error" if record.levelno >= logging.ERROR else "warning"
        error = "" if record.exc_info is None else repr(record.exc_info[1])
        text = record.getMessage()
        self._telemetry.line(self._clock.now_ns(), level, text, logger=record.name, error_text=error)


@contextlib.contextmanager
def _foreign_lines(telemetry: Telemetry, clock: WallClock) -> Iterator[None]:
    handler = _Lines(telemetry, clock)
    loggers = [logging.getLogger(name) for name in ("uvicorn", "asyncio")]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


def _listen(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        with contextlib.ExitStack() as undo:
            listener = undo.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            undo.pop_all()
    except OSError as error:
        raise AddressInUse(host=host, port=port, reason=error.strerror or str(error)) from error
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    shown = "127.0.0.1" if host == "0.0.0.0" else "[::1]" if host == "::" else f"[{host}]" if ":" in host else host  # noqa: S104
    return f"http://{shown}:{port}"
