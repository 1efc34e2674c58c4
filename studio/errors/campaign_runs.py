"""Errors STU54x: campaigns: many seeds, their workers, what is kept of them, the check of determinism."""

from __future__ import annotations

from studio.errors.studio_error import StudioError

__all__ = [
    "BadCampaign",
    "ClusterUnreachable",
    "ForeignSeeds",
    "NotDeterministic",
    "UnknownCampaign",
    "UnreadableSeeds",
    "WorkerDied",
]


class UnknownCampaign(StudioError):
    """A campaign is asked for that the log does not hold."""

    code = "STU540"
    problem = "campaign={campaign} is not in this log"
    remedy = "The nearest that are: {known}."

    campaign: int
    known: str


class WorkerDied(StudioError):
    """A seed ended the process that ran it, and did so again when it was run alone."""

    code = "STU541"
    problem = "seed={seed} ended its worker process twice, the second time while nothing else ran there"
    remedy = "Run it by itself, where its output is seen: `{replay}`. Often memory ran out, or a library crashed."

    seed: int
    replay: str


class ClusterUnreachable(StudioError):
    """The cluster that is to run a campaign does not answer."""

    code = "STU542"
    problem = "backend={backend} address={address!r}: {reason}"
    remedy = "Start the cluster and name its scheduler's address, or leave `backend` out to use this machine."

    backend: str
    address: str
    reason: str


class ForeignSeeds(StudioError):
    """Seeds that were kept of one system are to be run on another."""

    code = "STU543"
    problem = "file={file} holds seeds of sources={found}, and these are sources={here}"
    remedy = "Run them on the sources they came from, or say that the edit is meant (`--edited`, `edited=True`)."

    file: str
    found: str
    here: str


class UnreadableSeeds(StudioError):
    """A file of seeds cannot be read."""

    code = "STU544"
    problem = "file={file}: {reason}"
    remedy = "Name a file that `studio simulate --seeds-to FILE` or `campaign.save(FILE)` wrote."

    file: str
    reason: str


class NotDeterministic(StudioError):
    """A case was run twice, in different processes, and gave different records."""

    code = "STU545"
    problem = "seed={seed} of scenario={scenario}: two runs differ from record {record} on: {what}"
    remedy = "Likely cause: {cause}. {advice}"

    seed: int
    scenario: str
    record: int
    what: str
    cause: str
    advice: str


class BadCampaign(StudioError):
    """What is asked of a campaign makes no sense."""

    code = "STU546"
    problem = "{name}={value!r}: {reason}"
    remedy = "{advice}"

    name: str
    value: object
    reason: str
    advice: str
