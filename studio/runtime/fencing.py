"""Refuse what comes too late on behalf of a saga: from an orchestrator that was replaced, or from before an undoing.

An orchestrator raises its epoch when it takes an instance over and when it turns to undoing. A service that has seen an
epoch of an instance refuses calls of a lower one from then on: the zombie's, and the late action's whose compensation
found nothing to undo. An action that is already inside its handler is not stopped.
"""

from __future__ import annotations

from studio.errors import Fenced, StorageConflict
from studio.ports import Envelope, Storage, Write

__all__ = ["FENCES", "check_fence"]

FENCES = "$fences"


async def check_fence(storage: Storage, service: str, envelope: Envelope) -> None:
    """Let a saga's call pass, and remember its epoch where it is the highest so far.

    Raises:
        Fenced: A higher epoch of the instance was here.
    """
    while True:
        kept = await storage.get(service, FENCES, envelope.saga)
        seen = 1 if kept is None else int(kept.body)
        if envelope.epoch < seen:
            raise Fenced(saga=envelope.saga, epoch=envelope.epoch)
        if envelope.epoch == seen:
            return
        expected = 0 if kept is None else kept.version
        try:
            await storage.commit((Write(service, FENCES, envelope.saga, str(envelope.epoch).encode(), expected),))
        except StorageConflict:
            continue
        return
