"""Apply deploys: replace replicas one after another, let each end what it has, and say who runs which version."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from studio.model.duration import SECOND_NS
from studio.model.faults.deploy_faults import Deploy
from studio.records import Life
from studio.runtime.saga.orchestrator import SagaReplica
from studio.simulation.cluster.complaints import raise_error
from studio.simulation.harming.applier import Applier, Standing
from studio.simulation.harming.process_harm import Process
from studio.simulation.virtual.awaiting import sleep_ns
from studio.simulation.virtual.task import HandlerTask

if TYPE_CHECKING:
    from studio.simulation.cluster.cluster import Cluster
    from studio.simulation.cluster.node import Node

__all__ = ["DeployHarm"]

LAST_BREATH_NS = 1_000_000
"""What an orchestrator has, after its drain, to let go of its instances."""


class DeployHarm(Applier):
    """Deploys.

    Args:
        cluster: Whose replicas are replaced.
    """

    kinds = (Deploy,)

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._renewed: set[tuple[int, str, int]] = set()
        super().__init__(cluster.harm)

    def take(self, standing: Standing) -> None:
        """Apply one more deploy, at its instant; what starts until then runs the older version, where it names one."""
        super().take(standing)
        fault, loop = standing.fault, self._cluster.loop
        assert isinstance(fault, Deploy)
        if fault.before:
            self.harm.note(standing, 0, f"version {fault.before} until it is deployed")
        loop.at(max(fault.from_ns, loop.now_ns), 0, self._begin, standing)

    def until(self, node: Node) -> str:
        """Return the latest version that what starts at a node may run; empty for any."""
        for standing in self.standing:
            fault = standing.fault
            assert isinstance(fault, Deploy)
            is_renewed = (standing.number, node.owner, node.number) in self._renewed
            if fault.before and standing.names(node.owner) and not is_renewed:
                return fault.before
        return ""

    def _begin(self, standing: Standing) -> None:
        if self.harm.strikes(standing, 0):
            self.harm.note(standing, 0, "begins")
            self._cluster.spawn(None, self._roll(standing), raise_error)

    async def _roll(self, standing: Standing) -> None:
        """Replace one replica after another."""
        fault = standing.fault
        assert isinstance(fault, Deploy)
        for owner in fault.targets:
            for node in self._cluster.fleets[owner].nodes:
                process = self._retire(node)
                if process is not None:
                    await self._drain(process, fault.drain_ns)
                    self._stop(process)
                self._renewed.add((standing.number, owner, node.number))
                if process is not None:
                    if fault.start_ns:
                        await sleep_ns(fault.start_ns)
                    self._cluster.renew(node)

    def _retire(self, node: Node) -> Process | None:
        """Let a replica take no more work; None where none runs, which then starts anew by itself."""
        if node.incarnation is None:
            return None
        process = Process(node, node.incarnation, node.life, node.replica)
        self._cluster.processes.zombies.append(process)
        node.incarnation = None  # its context stays, for what it ends
        return process

    async def _drain(self, process: Process, drain_ns: int) -> None:
        """Wait for what a process has under way."""
        frames: list[Any] = list(process.incarnation.frames.values())
        tasks: list[Any] = [each for each in frames if type(each) is HandlerTask and each.on_done is not None]
        if isinstance(process.replica, SagaReplica):
            context = process.node.context
            assert context is not None
            work, loop = process.replica.stop(grace_ns=drain_ns), self._cluster.loop
            last = HandlerTask(work, loop, context.copy(), process.incarnation, raise_error)
            last.start_soon()
            tasks.append(last)
            drain_ns += LAST_BREATH_NS
        if tasks and drain_ns:
            await asyncio.wait(tasks, timeout=drain_ns / SECOND_NS)
            await sleep_ns(2 * self._cluster.latency.quantile_ns(0.999))  # what it has answered is under way

    def _stop(self, process: Process) -> None:
        """End a process; what it has not ended dies with it."""
        node, recorder = process.node, self._cluster.recorder
        if process.incarnation.alive:
            process.incarnation.crash()
            process.replica.spans.abandon("crashed")
            if recorder is not None:
                recorder.write(Life(self.harm.now_ns, node.owner, node.number, process.life, "stopped", "deployed"))
        self._cluster.processes.zombies.remove(process)
        self._cluster.broker.left(node)
